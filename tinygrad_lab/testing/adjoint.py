"""`check_adjoint`: is reverse mode the transpose of forward mode? It needs no differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.differences import Array, unit_of
from tinygrad_lab.testing.mistakes import Mistake, failure
from tinygrad_lab.testing.noise import Error, moved, steady
from tinygrad_lab.testing.problem import Problem

SEEN = 8  # times what rounding was seen to do
SLACK = 1e3  # sums may be rounded by so many units in the last place of their terms


def check_adjoint(fn: Callable[..., Any] | Adapter, *args: Any) -> None:
    """Check that reverse mode is the transpose of forward mode: ⟨J u, v⟩ = ⟨u, Jᵀ v⟩ for random u and v, to rounding.

    The dot-product test (J. Claerbout, "Earth Soundings Analysis", 1992). A system without forward mode passes it only
    for functions that are linear, where J u = f(x + u) - f(x).

    Arguments:
        fn: a function of this package, or an adapter.
        args: arrays, numbers, Values and nested containers of them.

    Raises:
        GradientError: if the products differ; the text gives both.

    Example:
        >>> import numpy as np
        >>> check_adjoint(np.matmul, np.ones((2, 3)), np.arange(12.0).reshape(3, 4))
    """
    check_transpose(Problem(fn if isinstance(fn, Adapter) else Adapter(fn), args, None))


def check_transpose(problem: Problem) -> None:
    """Do what `check_adjoint` does, for a problem."""
    rng = np.random.default_rng(0)
    u = rng.uniform(-1, 1, problem.x.size).astype(problem.dtype)
    v = rng.uniform(-1, 1, problem.y.size).astype(problem.dtype)

    def products(x: Array | None) -> tuple[Array, Array, float]:
        gradient, unit = problem.gradient(v, x)
        forward = problem.tangent(u, x)
        if forward is None:
            x = problem.x if x is None else x
            forward = problem.value(x + u) - problem.value(x)
        return forward * v, gradient * u, max(unit, unit_of(forward), unit_of(gradient))

    with np.errstate(all="ignore"):
        ahead, back, unit = products(None)
        error = Error(float(np.sum(back)), float(np.sum(ahead)))
        scale = float(np.sum(np.abs(ahead)) + np.sum(np.abs(back)) + np.sum(np.abs(problem.y * v)))
        least = float(np.finfo(np.float64).eps) ** 2  # what is left of 1 after two cancellations
        if not abs(error.off) > SLACK * unit * scale + least:  # or not a number: there is nothing to compare
            return

        # Rules hold constants, such as 1/n, in float64: how far that carries, their own dtype shows.
        own, own_unit = problem.own_gradient(v)
        seen = np.abs(own - problem.gradient(v)[0]) * min(1, float(np.finfo(np.float64).eps) / own_unit)
        if abs(error.off) <= SEEN * np.sum(np.abs(u) * np.where(np.isfinite(seen), seen, 0)):
            return

        def again(size: float) -> Error:
            ahead, back, _ = products(moved(rng, problem.x, size))
            return Error(float(np.sum(back)), float(np.sum(ahead)))

        if not steady(error, again, unit, SLACK * unit * scale):
            return
    raise failure(
        Mistake.NO_TRANSPOSE,
        f"{problem.adapter.name}: reverse mode is not the transpose of forward mode, "
        f"<J u, v> = {float(np.sum(ahead)):.12g} but <u, Jt v> = {float(np.sum(back)):.12g}; "
        f"check_gradients tells which of them is wrong",
    )
