"""SciPy's optimizers over nested containers and Modules, with exact gradients and Hessian products."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core.arrays import as_array, plain
from tinygrad_lab.core.transforms import hvp, value_and_grad
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError
from tinygrad_lab.extras import extra
from tinygrad_lab.refusals import arguments
from tinygrad_lab.refusals.nearest import none_of
from tinygrad_lab.typing import Result
from tinygrad_lab.vectors import pack, unpack

METHODS = (
    "Nelder-Mead", "Powell", "CG", "BFGS", "Newton-CG", "L-BFGS-B", "TNC", "COBYLA", "COBYQA", "SLSQP", "trust-constr",
    "dogleg", "trust-ncg", "trust-exact", "trust-krylov",
)  # fmt: skip
_OPTIONS = ("bounds", "constraints", "tol", "callback", "options")
_WITH_PRODUCTS = ("newton-cg", "trust-ncg", "trust-krylov", "trust-constr")  # they take Hessian-vector products
_WITH_HESSIAN = ("dogleg", "trust-exact")  # they take the whole matrix
_WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")


def minimize(
    loss: Callable[..., Any],
    parameters: Any,
    args: tuple[Any, ...] = (),
    method: str = "L-BFGS-B",
    jac: bool = False,
    **options: Any,
) -> Result:
    """Minimize a function of nested arrays by one of the methods of `scipy.optimize.minimize`.

    The gradient is exact, and so are the Hessian, or its products, for the methods that use them.

    Arguments:
        loss: `loss(parameters, *args)`, a scalar.
        parameters: where to start: an array, a nested container of real floating arrays, or a Module. It is not
            changed: a Module is trained by `model.load_state_dict(result.parameters.state_dict())`.
        args: further arguments of the loss.
        method: one of SciPy's names, such as "L-BFGS-B", "BFGS", "CG", "Newton-CG" or "trust-ncg".
        jac: whether `loss` returns a pair, the value and the gradient, as in SciPy: for a loss that is compiled,
            `tl.compile(tl.value_and_grad(loss))`. Not for methods that use second derivatives.
        options: further keywords of `scipy.optimize.minimize`: bounds, constraints, tol, callback and options.

    Returns:
        SciPy's result, and in its attribute `parameters` the minimum, nested like `parameters`.

    Raises:
        ArgumentTypeError: if the loss does not take such arguments.
        ArgumentError: if there is no such method; if a parameter is complex, or there is none; if `jac` is given with a
            method that has no use for a gradient, or needs second derivatives.
        MissingExtraError: without SciPy.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> def loss(p):
        ...     return (1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2
        >>> found = tl.optim.minimize(loss, {"x": -1.0, "y": 2.0}, method="Newton-CG", tol=1e-12)
        >>> print(round(found.parameters["x"], 6), round(found.parameters["y"], 6))
        1.0 1.0

    Source: J. Nocedal, S. Wright, "Numerical optimization", 2006.
    """
    with extra("scipy"):
        import scipy.optimize
    _check_names(method, options)
    _check_arguments(loss, args)
    at = _Vectors(parameters)
    if jac and method.lower() in (*_WITH_PRODUCTS, *_WITH_HESSIAN, *_WITHOUT_GRADIENT):
        raise ArgumentError(
            f"minimize: jac works only with methods that use gradients alone, and {method!r} does not; "
            f"L-BFGS-B is usual, or pass the loss itself"
        )
    both = loss if jac else value_and_grad(loss)

    def value(x: Any) -> float:
        return float(plain(loss(at.unravel(x), *args)))

    def value_and_gradient(x: Any) -> tuple[float, Any]:
        pair = both(at.unravel(x), *args)
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ArgumentTypeError(
                f"minimize: with jac=True the loss must return a pair, value and gradient, got {type(pair).__name__}; "
                f"leave jac out"
            )
        y, gradient = pair
        return float(plain(y)), at.ravel(gradient)

    def product(x: Any, direction: Any) -> Result:
        return at.ravel(hvp(lambda p: loss(p, *args), at.unravel(x), at.unravel(direction)))

    def hessian(x: Any) -> Result:
        return np.stack([product(x, direction) for direction in np.eye(len(x))])

    if method.lower() in _WITHOUT_GRADIENT:
        found = scipy.optimize.minimize(value, at.start, method=method, **options)
    else:
        known = {"hessp": (product, _WITH_PRODUCTS), "hess": (hessian, _WITH_HESSIAN)}
        second: dict[str, Any] = {name: f for name, (f, methods) in known.items() if method.lower() in methods}
        found = scipy.optimize.minimize(value_and_gradient, at.start, jac=True, method=method, **second, **options)
    found.parameters = at.unravel(found.x)
    return found


def _check_names(method: str, options: dict[str, Any]) -> None:
    if method.lower() not in map(str.lower, METHODS):
        raise ArgumentError(f"minimize: method {none_of(METHODS, method, 'L-BFGS-B is usual')}")
    for name in options:
        if name not in _OPTIONS:
            raise arguments.unknown("minimize", name, ("args", "method", "jac", *_OPTIONS))


def _check_arguments(loss: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Refuse closures, which PyTorch's optimizers take."""
    with contextlib.suppress(ValueError):  # a function that does not say what it takes
        try:
            inspect.signature(loss).bind(None, *args)
        except TypeError as error:
            raise ArgumentTypeError(
                f"minimize: loss cannot be called with the parameters and then args, {1 + len(args)} in all "
                f"({error}); write it as loss(parameters, *args)"
            ) from None


class _Vectors:
    """Vectors of float64, as SciPy has parameters, and nested arrays, as the loss has them.

    Attributes:
        start: the vector of the parameters given.
    """

    def __init__(self, parameters: Any) -> None:
        leaves, self._rebuild = tree.flatten(parameters)
        self._arrays = [np.asarray(as_array(plain(leaf))) for leaf in leaves]
        if not leaves or any(array.dtype.kind != "f" for array in self._arrays):
            kinds = ", ".join(str(array.dtype) for array in self._arrays) or "none"
            raise ArgumentError(
                f"minimize: parameters must be real floating arrays, got {kinds}; split complex ones into real and "
                f"imaginary parts"
            )
        self.start = self.ravel(parameters)

    def unravel(self, x: Any) -> Result:
        """Return a vector as parameters."""
        shapes, dtypes = [a.shape for a in self._arrays], [a.dtype for a in self._arrays]
        return self._rebuild(unpack(x, shapes, dtypes))

    def ravel(self, container: Any) -> Result:
        """Return parameters, or their gradient, as a vector."""
        return pack([plain(leaf) for leaf in tree.leaves(container)]).astype(np.float64)
