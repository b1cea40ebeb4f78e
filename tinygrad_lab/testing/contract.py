"""`check_rule`: what a sweep through many rules relies on, whatever the numbers: the contract of a rule."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core import graph
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import GradientError, TinygradError
from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.cotangents import Rule, check_cotangents, random_like, size_of
from tinygrad_lab.testing.layouts import laid_out_like
from tinygrad_lab.testing.mistakes import Mistake, failure
from tinygrad_lab.testing.problem import Problem
from tinygrad_lab.testing.shaken import bare, shaken, steadfast


def check_rule(fn: Callable[..., Any] | Adapter, *args: Any) -> None:
    """Check how a gradient behaves, whatever its value: the contract that a sweep through many rules relies on.

    It must have the argument's shape and dtype; be linear in the cotangent, negative ones included; be the same when
    computed again; and neither write into the arguments or the cotangent nor hand out their memory. For functions of
    this package every rule on the way is looked at by itself. All of it holds for 0-d and zero-size arguments as well,
    where the function takes them.

    Arguments:
        fn: a function of this package, or an adapter.
        args: arrays, numbers, Values and nested containers of them.

    Raises:
        GradientError: naming the operation, the argument, and what of the contract is broken.

    Example:
        >>> import numpy as np
        >>> check_rule(np.multiply, np.ones((2, 3)), np.arange(3.0))
    """
    problem = Problem(fn if isinstance(fn, Adapter) else Adapter(fn), args, None)
    check_contract(problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the mean of nothing, and the like
        arrays = [leaf.array for leaf in problem.leaves]
        empty = [a[:0] if a.ndim else a for a in arrays]
        single = [a.reshape(-1)[:1].reshape(()) for a in arrays if a.size]
        if _takes(problem, empty):
            check_contract(problem, empty)
        if _takes(problem, single):
            try:
                check_contract(problem, single)
            except GradientError as error:
                if not isinstance(error.__cause__, ValueError):  # some take a number where it means nothing, as axis=0
                    raise


def check_contract(problem: Problem, arrays: list[Any] | None = None, nondeterminism: float = 0.0) -> None:
    """Do what `check_rule` does, for a problem's arguments alone, or for others in their place.

    Arguments:
        problem: the function and its arguments.
        arrays: in place of the differentiated arguments.
        nondeterminism: how far two results may be apart, for functions that are not the same each time.
    """
    arrays = [leaf.array for leaf in problem.leaves] if arrays is None else arrays
    positions = [leaf.argument for leaf in problem.leaves]
    with np.errstate(all="ignore"):
        _check_untouched(problem, arrays)
        for rule in _rules(problem.adapter, problem, arrays):
            _check(rule, positions, nondeterminism)


def _check_untouched(problem: Problem, arrays: list[Any]) -> None:
    """Run the function on arrays that cannot be written into: a write that changes nothing today will do tomorrow."""
    locked = [_locked(array) for array in arrays]
    try:
        problem.adapter.value(locked, problem.rebuild)
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise failure(
            Mistake.IN_PLACE,
            f"{problem.adapter.name}: the function wrote into one of its arguments; compute a new array",
        ) from error


def _locked(array: Any) -> Any:
    copy = laid_out_like(array, array) if isinstance(array, np.ndarray) else np.array(array)
    copy.flags.writeable = False
    return copy


def _takes(problem: Problem, arrays: list[Any]) -> bool:
    """Whether the function can be called with other arrays, whatever it raises if not."""
    try:
        problem.adapter.value(arrays, problem.rebuild)
    except Exception:
        return False
    return len(arrays) == len(problem.leaves)


def _rules(adapter: Adapter, problem: Problem, arrays: list[Any]) -> Iterator[Rule]:
    rng = np.random.default_rng(0)
    outputs = adapter.value(arrays, problem.rebuild)
    if adapter.own:
        yield from _recorded(adapter, problem, arrays, rng)

    def anew(cotangents: Any) -> Any:
        both = shaken([*arrays, *cotangents])
        return adapter.gradients(both[: len(arrays)], problem.rebuild, both[len(arrays) :])

    smaller = [np.asarray(array * rng.uniform(0.75, 1, np.shape(array)), array.dtype) for array in arrays]

    def elsewhere() -> list[Any]:
        try:
            return adapter.value(smaller, problem.rebuild)
        except Exception:  # it may not be defined there
            return []

    copies = [np.copy(output) for output in outputs]
    others = elsewhere()
    if not all(np.array_equal(*pair, equal_nan=True) for pair in zip(outputs, copies, strict=True)):
        raise failure(
            Mistake.SHARED,
            f"{adapter.name}: the function's result was another one after the next call; return a new array each time",
        )
    here = adapter.linear(arrays, problem.rebuild) if adapter.own else None
    yield Rule(
        adapter.name,
        lambda cotangents: here.pull(cotangents) if here and steadfast() else anew(cotangents),
        anew,
        elsewhere,
        [random_like(rng, output) for output in outputs],
        arrays,
        True,
        max((size_of(output) for output in [*outputs, *others]), default=0.0),
    )


def _recorded(adapter: Adapter, problem: Problem, arrays: list[Any], rng: np.random.Generator) -> Iterator[Rule]:
    """Yield the rules of all operations that the function records, each by itself."""
    results, _ = tree.flatten(adapter.function(*problem.rebuild([Value(array) for array in arrays])))
    for node in graph.ancestors([result for result in results if isinstance(result, Value)]):
        for position, parent in enumerate(node.parents):
            if node.op is None or parent is None or not parent.requires_grad:
                continue
            rule, saved, kwargs = node.op.rules[position], node.saved, node.kwargs

            def apply(cotangents: Any, rule: Any = rule, saved: Any = saved, kwargs: Any = kwargs) -> Any:
                return [bare(rule(*shaken([cotangents[0], *saved]), **kwargs))]

            inputs = [s for s in saved if isinstance(s, np.ndarray)]
            name = f"{node.op.name}, rule of argument {position}"
            yield Rule(name, apply, apply, list, [random_like(rng, saved[0])], inputs, False, size_of(saved[0]))


def _check(rule: Rule, positions: list[int], nondeterminism: float) -> None:
    first, second = _applied(rule)
    given = [*rule.cotangents, *rule.arguments]
    for number, gradient in enumerate(first):
        name = f"{rule.name}, gradient of argument {positions[number]}" if rule.owned else rule.name
        _check_kind(name, gradient, rule.arguments[number] if rule.owned else None)
        if rule.owned:
            _check_memory(name, gradient, given, first[:number])
            if np.may_share_memory(gradient, second[number]):
                raise failure(Mistake.SHARED, f"{name}: lies in the same memory after each call; return a new array")
    if rule.owned:
        rule = rule._replace(apply=_unshared(rule, positions))
    check_cotangents(rule, [np.copy(gradient) for gradient in first], second, nondeterminism)


def _unshared(rule: Rule, positions: list[int]) -> Callable[[Any], Any]:
    """Return what applies a rule and looks each time whether it hands out memory: it may do so for some cotangents."""

    def apply(cotangents: Any) -> Any:
        found = rule.apply(cotangents)
        for number, gradient in enumerate(found if steadfast() else ()):
            name = f"{rule.name}, gradient of argument {positions[number]}"
            _check_memory(name, gradient, [*cotangents, *rule.arguments], found[:number])
        return found

    return apply


def _applied(rule: Rule) -> tuple[list[Any], list[Any]]:
    """Return the gradients, and those of a second run, after a look at whether anything was written into.

    In between, the function is called with other arguments: what a rule needs must come from its own.
    """
    given = [*rule.cotangents, *rule.arguments]
    copies = [np.copy(array) for array in given]
    try:
        first = rule.apply(rule.cotangents)
        locked = [_locked(c) for c in rule.cotangents]
        for number, (array, copy) in enumerate(zip(given, copies, strict=True)):
            if not np.array_equal(array, copy, equal_nan=True):
                what = "cotangent" if number < len(rule.cotangents) else "arguments"
                raise failure(Mistake.IN_PLACE, _WRITTEN.format(rule.name, what))
        rule.elsewhere()
        second = rule.apply(locked)
    except TinygradError as error:
        raise error if isinstance(error, GradientError) else failure(Mistake.SHAPE, f"{rule.name}: {error}") from error
    except ValueError as error:
        if "read-only" in str(error):
            raise failure(Mistake.IN_PLACE, _WRITTEN.format(rule.name, "cotangent")) from error
        raise failure(
            Mistake.EMPTY,
            f"{rule.name}: failed where the function works ({type(error).__name__}: {error}); "
            f"think of arrays of size 0",
        ) from error
    return first, second


_WRITTEN = "{}: wrote into the {}; compute a new array"


def _check_kind(name: str, gradient: Any, argument: Any) -> None:
    if not (isinstance(gradient, (np.ndarray, np.generic)) and gradient.dtype.kind in "fc"):
        raise failure(
            Mistake.NO_ARRAY,
            f"{name}: must be a floating-point array, got {_kind(gradient)}; write the rule as an expression in g",
        )
    if argument is not None and (gradient.shape, gradient.dtype) != (argument.shape, argument.dtype):
        raise failure(
            Mistake.SHAPE,
            f"{name}: has shape {gradient.shape} and dtype {gradient.dtype}, but the argument has {argument.shape} and "
            f"{argument.dtype}; sum over broadcast axes, and convert to the argument's dtype",
        )


def _check_memory(name: str, gradient: Any, given: list[Any], others: list[Any]) -> None:
    for what, arrays in (("what the rule was given", given), ("another gradient", others)):
        if any(np.may_share_memory(gradient, array) for array in arrays if isinstance(array, np.ndarray)):
            raise failure(Mistake.SHARED, f"{name}: shares its memory with {what}; return a copy")


def _kind(x: Any) -> str:
    return f"dtype {x.dtype}" if isinstance(x, (np.ndarray, np.generic)) else type(x).__name__
