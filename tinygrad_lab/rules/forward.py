"""Rules of operations whose derivative is known forwards only: they are linear in the tangent, and transposed."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.core.declare import defvjp
from tinygrad_lab.core.modes import enable_grad
from tinygrad_lab.core.registry import Op
from tinygrad_lab.core.transforms import vjp
from tinygrad_lab.typing import Array, Function, Result, Rule


def defjvp(function: Function, *rules: Rule | None, elementwise: bool | None = None) -> Op:
    """Declare the forward-mode rules of a function, one per argument; its gradients are found by transposing them.

    A rule is linear in the tangent `t`: the gradient is its derivative with respect to `t`, applied to `g`. A rule of
    `defvjp` is cheaper, where one is known.

    Arguments:
        function: a NumPy function or ufunc, or any function of arrays.
        rules: `rule(t, y, *inputs, **keywords)`, plain NumPy, the tangent of the result for the tangent `t` of that
            argument; None for an argument that is never differentiated. Of several results `y` is the tuple, and the
            rule returns one tangent for each; what stands in the place of a result of integers does not matter.
        elementwise: whether output elements depend on single input elements; ufuncs do.

    Raises:
        RuleError: before the first gradient, if a rule is not linear in the tangent.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> @tl.primitive()
        ... def smooth(x):
        ...     return (x[1:] + x[:-1]) / 2
        >>> op = tl.defjvp(smooth, lambda t, y, x: (t[1:] + t[:-1]) / 2)
        >>> tl.grad(lambda x: np.sum(smooth(x) ** 2))(np.array([1.0, 2.0, 4.0]))
        array([1.5, 4.5, 3. ])
    """
    refusals.declaring.check_rules("defjvp", function, rules, before=("t", "y"))
    return defvjp(
        function,
        *(rule and _transposed(function.__name__, rule, position) for position, rule in enumerate(rules)),
        elementwise=elementwise,
    )


def _require_linear(name: str, position: int, pushed: Function, x: Any) -> None:
    """Refuse a rule that does not add up on two directions; it is asked once, before its first gradient."""
    rng = np.random.default_rng(0)
    first, second = (np.asarray(rng.uniform(0.5, 1, np.shape(x)) * sign, np.asarray(x).dtype) for sign in (1, -2))
    with np.errstate(all="ignore"):
        parts = zip(pushed(first), pushed(second), pushed(first + second), strict=True)
        for a, b, both in parts:
            size = np.max(np.abs(a), initial=0) + np.max(np.abs(b), initial=0)
            rounding = np.sqrt(np.finfo(np.result_type(both, np.float16)).eps)
            if np.isfinite(size) and np.any(np.abs(a + b - both) > rounding * size):
                raise refusals.rules.not_linear(name, position)


def _transposed(name: str, rule: Rule, position: int) -> Rule:
    known = False

    def pulled(g: Any, y: Any, *inputs: Any, **kwargs: Any) -> Array:
        several = isinstance(y, tuple)
        results, cotangents = (y, g) if several else ((y,), (g,))
        real = [i for i, cotangent in enumerate(cotangents) if cotangent is not None]

        def pushed(t: Any) -> Result:
            tangents = rule(t, y, *inputs, **kwargs)
            if several and (not isinstance(tangents, tuple | list) or len(tangents) != len(results)):
                raise refusals.rules.not_all_tangents(name, len(results), tangents)
            tangents = tangents if several else (tangents,)
            return [np.broadcast_to(tangents[i], np.shape(results[i])) for i in real]

        nonlocal known
        if not known and all(isinstance(x, np.ndarray | np.generic | float | int) for x in (g, *inputs)):
            _require_linear(name, position, pushed, inputs[position])
            known = True
        with enable_grad():
            return vjp(pushed, np.zeros_like(inputs[position]))[1]([cotangents[i] for i in real])[0]

    pulled.__doc__ = (
        f"The transpose of {rule.__name__}." if rule.__name__ != "<lambda>" else "The transpose of its jvp."
    )
    return pulled
