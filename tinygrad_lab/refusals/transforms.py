"""Errors of functions that cannot be differentiated as asked."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentTypeError, GraphError
from tinygrad_lab.typing import Shape


def require_function(name: str, function: Any, argnums: Any = 0) -> None:
    """Refuse grad(y, x), as PyTorch has it, and grad(f, x): here a transform takes a function and gives one."""
    if not callable(function):
        how = f"{name}(f)(x)" if name in ("grad", "jacobian", "hessian") else f"{name}(f, ...)"
        raise ArgumentTypeError(
            f"{name}: takes a function, not a {type(function).__name__}; write {how} with a function f, or "
            f"y.backward() and x.grad for a result y"
        )
    positions = argnums if isinstance(argnums, tuple | list) else [argnums]
    for position in positions:
        if not isinstance(position, int | np.integer):
            raise ArgumentTypeError(
                f"{name}: argnums must be a position or a tuple of positions, got {type(position).__name__}; "
                f"write {name}(f)(x)"
            )


class Containers:
    """Around a call of a function: says what became of an argument that is a list of numbers, if the call fails."""

    __slots__ = ("args", "name", "positions")

    def __init__(self, name: str, args: tuple[Any, ...], positions: tuple[int, ...]) -> None:
        self.name, self.args, self.positions = name, args, positions

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, TypeError | AttributeError):
            for position in self.positions:
                given = self.args[position]
                if type(given) in (list, tuple) and all(type(x) in (int, float, complex, list, tuple) for x in given):
                    raise ArgumentTypeError(
                        f"{self.name}: argument {position} is a {type(given).__name__} of numbers, each differentiated "
                        f"by itself, and the function failed on it ({error}); pass np.array(...) for one array"
                    ) from error


def no_position(name: str, count: int, given: int) -> GraphError:
    """Describe an entry of argnums that names no argument."""
    return GraphError(
        f"{name}: there is no argument {given} among the {count} given by position; "
        f"pass what to differentiate by position, not by keyword"
    )


def position_twice(name: str, argnums: object) -> GraphError:
    """Describe argnums that name an argument twice."""
    return GraphError(f"{name}: argnums {argnums} names an argument twice; drop the repetition")


def nothing(name: str) -> GraphError:
    """Describe a function that returned None."""
    return GraphError(f"{name}: function returned nothing; end it with a return")


def no_pair(name: str, given: object) -> GraphError:
    """Describe a result that is no pair where has_aux promised one."""
    return GraphError(
        f"{name}: with has_aux=True the function must return a pair (result, auxiliary), got {type(given).__name__}; "
        f"return both, or leave has_aux out"
    )


def no_scalar(name: str, shapes: list[Shape]) -> GraphError:
    """Describe a result that is no scalar, or a container of one."""
    got = f"shape {shapes[0]}" if len(shapes) == 1 and shapes != [()] else shapes or "nothing"
    return GraphError(
        f"{name}: function must return a scalar, got {got}; "
        f"reduce it with .sum() or .mean(), return (scalar, rest) with has_aux=True, or use jacobian"
    )


def not_floating(name: str, given: str) -> GraphError:
    """Describe a result that is no number, or an integer."""
    return GraphError(
        f"{name}: function must return floating-point numbers, got {given}; "
        f"integers, bools and texts have no derivative"
    )


def not_real(name: str, given: str) -> GraphError:
    """Describe a complex result without a promise about it."""
    return GraphError(
        f"{name}: function must return real numbers, got {given}; return the .real or .imag part of its result or "
        f"np.abs of it, use vjp or jvp, or, for a holomorphic function of complex numbers, pass holomorphic=True"
    )


def not_complex(name: str, what: str, given: str) -> GraphError:
    """Describe a real argument or result of a function that is promised to be holomorphic."""
    return GraphError(
        f"{name}: with holomorphic=True every {what} must be complex, got {given}; "
        f"leave holomorphic out, or convert the {what} to complex"
    )


def misshapen_tangents(shapes: list[Shape], given: list[Shape]) -> GraphError:
    """Describe directions that are not shaped like the point."""
    return GraphError(
        f"jvp: tangents have the shapes {given}, but the primals have {shapes}; nest and shape them alike"
    )


def modules_in_module(name: str) -> GraphError:
    """Describe the Hessian of a function of a module: there would be a module for each number of a module."""
    return GraphError(
        f"hessian: a {name} cannot hold a matrix of modules; use hvp, or differentiate by a vector: "
        f"x, unravel = tl.tree.ravel(model); tl.hessian(lambda x: loss(unravel(x)))(x.data)"
    )
