"""`@gradient_test` turns a function into a Hypothesis test of its gradient."""

from __future__ import annotations

import functools
import inspect
import keyword
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.errors import GradientError, VacuousTestError
from tinygrad_lab.testing import profiles, strategies
from tinygrad_lab.testing.adjoint import check_transpose
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.checks import check_problem
from tinygrad_lab.testing.contract import check_contract
from tinygrad_lab.testing.domains import REAL, Domain
from tinygrad_lab.testing.extra import SearchStrategy, hypothesis
from tinygrad_lab.testing.problem import Problem
from tinygrad_lab.testing.report import GradientReport

Test = Callable[[], None]


@dataclass
class Tally:
    """What became of the elements in all examples of one test."""

    name: str
    examples: int = 0
    elements: int = 0
    inconclusive: int = 0

    def add(self, report: GradientReport) -> None:
        """Count one example's report."""
        self.examples += 1
        self.elements += sum(findings.status.size for findings in report.findings)
        self.inconclusive += report.count("inconclusive")

    def require_conclusive(self) -> None:
        """Fail if nothing can be concluded from the test.

        Raises:
            VacuousTestError: if it decided about fewer than half of the elements, or there were none.
        """
        if 2 * self.inconclusive >= self.elements:
            raise VacuousTestError(
                f"{self.name}: more than half of the elements must be decided, got {self.inconclusive} of "
                f"{self.elements} undecided in {self.examples} examples; "
                f"say where the function is smooth with domain=Domain(...)"
            )


def check_call(call: Call, order: int = 1) -> GradientReport:
    """Make every check of a call: gradients by differences, the adjoint identity, and what a rule must not do.

    Raises:
        GradientError: if one of them fails.
    """
    problem = Problem(call.adapter, call.args, None)
    report = check_problem(problem, order)  # first, since it says the most
    if report.outcome == "fail":
        raise GradientError(report.text, report)
    if problem.adapter.own:  # of another system, differences have been compared with both modes
        check_transpose(problem)
    check_contract(problem)  # zero-size and 0-d arrays are drawn as well
    return report


def gradient_test(
    function: Callable[..., Any] | None = None,
    *,
    domain: Domain | Sequence[Domain] = REAL,
    args: SearchStrategy[Any] | None = None,
    order: int = 1,
) -> Any:
    """Turn a function of arrays into a test of its gradient, over shapes, broadcasting, layouts, dtypes and values.

    How many examples are drawn is the profile's choice: `pytest --gradient-profile fast|default|thorough`.

    Arguments:
        function: takes arrays, one for each parameter without a default, and returns arrays. Give it as the
            decorated function, or as it is: `test_log = gradient_test(np.log, domain=Domain(low=0))` needs a function
            whose parameters Python knows, or `args`.
        domain: where the elements lie, for all arguments or a sequence with one for each.
        args: a strategy for the tuple of arguments, or for a `Call`, if the arguments are not arrays that broadcast.
        order: 2 checks the gradient's gradient as well.

    Raises:
        GradientError: when the test runs and an example's gradient is wrong; the example is made as small as can be.
        VacuousTestError: when it runs and most elements are inconclusive.

    Example:
        >>> @gradient_test(domain=Domain(0, 1))
        ... def test_entropy(p):
        ...     return -p * np.log(p)
        >>> test_entropy()
    """
    if function is None:
        return functools.partial(gradient_test, domain=domain, args=args, order=order)
    strategy = _broadcast(function, domain) if args is None else args
    bind = functools.partial(_as_call, function)
    name = getattr(function, "__name__", "gradient_test")

    def test() -> None:
        run(name, strategy.map(bind), order)

    test.__name__, test.__qualname__ = name, getattr(function, "__qualname__", name)
    test.__doc__, test.__module__ = function.__doc__, function.__module__
    test.is_gradient_test = True  # type: ignore[attr-defined]  # the plugin marks it
    test.function = function  # type: ignore[attr-defined]  # reports call it
    return test


def run(name: str, calls: SearchStrategy[Call], order: int = 1) -> Tally:
    """Draw calls, as many as the profile says, check them all, and return what was found."""
    tally, profile = Tally(name), profiles.active()
    phases = [hypothesis.Phase.generate, *([hypothesis.Phase.shrink] if profile.shrink else [])]

    def example(call: Call) -> None:
        tally.add(check_call(call, order))

    example.__name__ = name if name.isidentifier() and not keyword.iskeyword(name) else "example"
    settings = hypothesis.settings(
        max_examples=profile.examples,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    test = settings(hypothesis.given(calls)(example))
    if settings.derandomize:  # by the test's name rather than by this function, so that no two tests draw alike
        test = hypothesis.seed(zlib.crc32(name.encode()))(test)
    test()
    tally.require_conclusive()
    return tally


def _broadcast(function: Callable[..., Any], domain: Domain | Sequence[Domain]) -> SearchStrategy[Any]:
    if isinstance(function, np.ufunc):
        arity = function.nin
    else:
        parameters = inspect.signature(function).parameters.values()
        arity = sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    return strategies.broadcastable(arity, domain, strategies.dtypes())


def _as_call(function: Callable[..., Any], drawn: Any) -> Call:
    if isinstance(drawn, Call):
        return drawn
    return Call(function, drawn if isinstance(drawn, tuple) else (drawn,))
