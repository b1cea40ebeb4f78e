"""`check_gradients`: the rule's gradient against differences, by directions first, then element by element."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentError, GradientError
from tinygrad_lab.testing import ways
from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.directions import Search
from tinygrad_lab.testing.dtypes import check_dtypes, value_fault
from tinygrad_lab.testing.elements import judge_kinks
from tinygrad_lab.testing.outcome import Outcome
from tinygrad_lab.testing.problem import Problem
from tinygrad_lab.testing.report import GradientReport
from tinygrad_lab.testing.sample import Sample
from tinygrad_lab.testing.verdict import FAIL, Tolerance

BEYOND = 1e3  # times what differences give: more is no error of a second derivative that was not asked for


def check_gradients(
    fn: Callable[..., Any] | Adapter,
    *args: Any,
    wrt: int | tuple[int, ...] | None = None,
    order: int = 1,
    cotangent: Any = None,
    rtol: float = 0.0,
    atol: float = 0.0,
    raise_exception: bool = True,
) -> GradientReport:
    """Check that the gradient of `fn` at `args` is its derivative, in reverse and, where there is one, forward mode.

    The vector-Jacobian product of random cotangents of both signs is compared with extrapolated differences of `fn`.
    A failure is a difference beyond a multiple of the differences' own error bound, which stays at neighbouring
    points; at a kink the gradient has to lie between the one-sided derivatives, along each element and along all of
    them together.

    Arguments:
        fn: a function of this package, plain NumPy code, or an adapter. It may return any nested container of arrays.
        args: arrays, numbers, Values and nested containers of them, of any floating-point or complex dtype; the rule
            runs in the arguments' dtype, the reference in the widest there is. Integers are left alone.
        wrt: the positions of the arguments to differentiate with respect to; all of them unless told.
        order: 2 checks the gradient's gradient as well.
        cotangent: shaped like the result; random unless given.
        rtol: differences that are no failure, relative to the derivative, for those who must.
        atol: the same, absolute.
        raise_exception: False returns the report of a failure, its `text` with what the error would say.

    Raises:
        GradientError: if an element's gradient is wrong; it says which, by what, and how to see it again.
        VacuousTestError: if nothing could be decided: no results, no elements, or all of them inconclusive.
        ArgumentError: if there is nothing to differentiate.

    Example:
        >>> import numpy as np
        >>> check_gradients(np.multiply, np.array([[1.0], [2.0]]), np.array([3.0, 4.0, 5.0])).ok
        True
    """
    if order not in (1, 2):
        raise ArgumentError(f"check_gradients: order must be 1 or 2, got {order}; check a gradient function for more")
    adapter = fn if isinstance(fn, Adapter) else Adapter(fn)
    try:
        report = check_problem(Problem(adapter, args, wrt), order, cotangent, Tolerance(rtol, atol))
    except GradientError as error:  # what cannot be compared at all, such as a gradient of another shape
        if raise_exception:
            raise
        report = GradientReport(adapter.name, (), "fail", str(error), tuple(adapter.notes))
    if raise_exception and not report.ok:
        raise report.error()
    return report


def check_problem(
    problem: Problem, order: int = 1, cotangent: Any = None, tolerance: Tolerance | None = None
) -> GradientReport:
    """Do what `check_gradients` does, for a function and arguments that are one problem already; raise nothing."""
    with np.errstate(all="ignore"):
        sample = Sample(problem, cotangent)
        report = _report(sample, tolerance or Tolerance())
        if report.outcome != "fail" and problem.outputs:
            text = value_fault(sample)
            text = text or ways.fault(problem, sample.weights[0])
            report = replace(report, outcome="fail", text=text) if text else report
        if order == 2 and report.outcome != "fail":
            report = report.joined(_report(Sample(_derived(sample), None), tolerance or Tolerance()))
    return replace(report, notes=tuple(problem.adapter.notes))


def check_second(problem: Problem, tolerance: Tolerance | None = None) -> GradientReport | None:
    """Return what is wrong with the gradient's gradient, or None: nothing, or it is not made to be differentiated.

    Where a rule gives far more than differences do, as that of sqrt(x² + 1e-12) at 0, the function may bend within
    their steps, and nobody asked to look there.
    """
    try:
        with np.errstate(all="ignore"):
            report = _report(Sample(_derived(Sample(problem, None)), None), tolerance or Tolerance())
    except Exception:  # which each system, and each rule that takes plain arrays alone, says in its own way
        return None
    seen = (part.status[np.abs(part.analytic) <= BEYOND * np.abs(part.numeric)] for part in report.findings)
    return report if any(FAIL in statuses for statuses in seen) else None


def _derived(sample: Sample) -> Problem:
    """Return the gradient, as a function of arguments and cotangents, in place of the function."""
    problem = sample.problem
    leaves = [leaf.array for leaf in problem.leaves]
    cotangents = problem.cotangents(sample.weights[0])
    weights = [c.astype(y.dtype) for c, y in zip(cotangents, problem.results, strict=True)]
    # Gradients are made of cotangents.
    terms = float(max((np.max(np.abs(c), initial=0) for c in weights), default=0))
    derived = Problem(problem.adapter.derived(problem.rebuild), (leaves, weights), None, terms)
    derived.origin = (problem, sample.weights[0])
    return derived


def _report(sample: Sample, tolerance: Tolerance) -> GradientReport:
    search = Search(sample, tolerance)
    judge_kinks(sample, search.found)
    check_dtypes(sample, search.found)
    for found in search.found:
        found.update({i: tolerance.applied(verdict) for i, verdict in found.items() if verdict.status == FAIL})
    _look_around(search)
    outcome = Outcome(sample.problem, sample.weights, list(sample.gradients), search.found, search.slopes)
    return outcome.report(search.forward)


def _look_around(search: Search) -> None:
    """Look at more elements of an array in which one is wrong: the pattern tells what is wrong."""
    for leaf in search.sample.problem.leaves:
        numbers = leaf.numbers
        verdicts = [found[i] for found in search.found for i in numbers if i in found]
        if any(verdict.status == FAIL and not verdict.reason for verdict in verdicts):
            left = [i for i in numbers if i not in search.slopes]
            if len(numbers) > search.enough:
                left = search.sample.rng.permutation(left)[: search.enough // 2].tolist()
            for i in left:
                search.look(i)
