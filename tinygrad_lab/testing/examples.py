"""`@gradient_test` turns a function into a Hypothesis test of its gradient."""

from __future__ import annotations

import functools
import keyword
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentError, GradientError
from tinygrad_lab.testing import profiles, strategies
from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.adjoint import check_transpose
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.checks import check_problem, check_second
from tinygrad_lab.testing.contract import check_contract
from tinygrad_lab.testing.decorated import Decorated, Options, array_parameters
from tinygrad_lab.testing.domains import REAL, Domain
from tinygrad_lab.testing.extra import SearchStrategy, hypothesis
from tinygrad_lab.testing.mistakes import Mistake, failure
from tinygrad_lab.testing.problem import Problem
from tinygrad_lab.testing.report import GradientReport
from tinygrad_lab.testing.verdict import Tolerance

SECOND = 6  # one example in so many is looked at to second order


@dataclass
class Tally:
    """What became of the elements in all examples of one test."""

    name: str
    examples: int = 0
    elements: int = 0
    undecided: int = 0
    reason: str = ""

    def add(self, report: GradientReport) -> None:
        """Count the elements of one example's report."""
        self.elements += sum(findings.status.size for findings in report.findings)
        self.undecided += report.undecided
        self.reason = report.text or self.reason

    def require_conclusive(self) -> None:
        """Fail if nothing can be concluded from the test.

        Raises:
            VacuousTestError: if it decided about fewer than half of the elements, or there were none.
        """
        if 2 * self.undecided >= self.elements:
            raise failure(
                Mistake.UNDECIDED,
                f"{self.name}: nothing is proved, because {self.undecided} of {self.elements} elements stayed "
                f"undecided in {self.examples} examples; say where the function is smooth with domain=Domain(...)"
                + (f"\n  {self.reason}" if self.undecided == self.elements else ""),
            )


def check_call(call: Call, order: int = 1, options: Options | None = None) -> GradientReport:
    """Make every check of a call: gradients by differences, the adjoint identity, and what a rule must not do.

    Raises:
        GradientError: if one of them fails.
        VacuousTestError: if the function returns no floating-point numbers.
    """
    options = options or Options()
    problem = Problem(call.adapter, call.args, None)
    report = check_problem(problem, order, None, options.tolerance)  # first, since it says the most
    if report.outcome == "fail":
        raise report.error()
    if not problem.outputs:
        raise report.error()
    if problem.adapter.own:  # of another system, differences have been compared with both modes
        check_transpose(problem)
    check_contract(problem, None, options.nondeterminism)  # zero-size and 0-d arrays are drawn as well
    # By the arguments, and not by turns: an example that fails has to fail again.
    if options.second and zlib.crc32(problem.x.astype(float).tobytes()) % SECOND == 0:
        second = check_second(problem, options.tolerance)
        if second is not None:
            raise second.error()
    return report


def gradient_test(
    function: Callable[..., Any] | None = None,
    *,
    domain: Domain | Sequence[Domain] = REAL,
    args: SearchStrategy[Any] | None = None,
    order: int | None = None,
    degenerate: bool = True,
    rtol: float = 0.0,
    atol: float = 0.0,
    nondeterminism: float = 0.0,
) -> Any:
    """Turn a function of arrays into a test of its gradient, over shapes, broadcasting, layouts, dtypes and values.

    How many examples are drawn is the profile's choice, `pytest --gradient-profile fast|default|thorough`, or that of
    Hypothesis' `@settings`, written above or below this decorator, as `@seed` and `@example`. Keyword-only parameters
    are pytest's, such as fixtures, and so is what `@pytest.mark.parametrize` gives. A method of a test class works as a
    function does.

    Arguments:
        function: takes arrays, one for each positional parameter without a default, and returns arrays. Give it as the
            decorated function, or as it is: `test_log = gradient_test(np.log, domain=Domain(low=0))` needs a function
            whose parameters Python knows, or `args`.
        domain: where the elements lie, for all arguments or a sequence with one for each.
        args: a strategy for the tuple of arguments, or for a `Call`, if the arguments are not arrays that broadcast.
        order: 2 checks the gradient's gradient as well, 1 does not; unless told, one example in six is checked so,
            where the rule can be differentiated.
        degenerate: whether arrays without elements and 0-d arrays are drawn as well.
        rtol: differences that are no failure, relative to the derivative, for those who must.
        atol: the same, absolute.
        nondeterminism: how far two results for the same arguments may be apart.

    Raises:
        ArgumentTypeError: if the function is a coroutine or a generator.
        GradientError: when the test runs and an example's gradient is wrong; the example is made as small as can be.
        VacuousTestError: when it runs and most elements stay undecided.

    Example:
        >>> @gradient_test(domain=Domain(0, 1))
        ... def test_entropy(p):
        ...     return -p * np.log(p)
        >>> test_entropy()
    """
    if function is None:
        return functools.partial(
            gradient_test,
            domain=domain,
            args=args,
            order=order,
            degenerate=degenerate,
            rtol=rtol,
            atol=atol,
            nondeterminism=nondeterminism,
        )
    decorated = Decorated(function)
    name, tolerance = decorated.name, Tolerance(rtol, atol)

    def test(*owner: Any, **fixtures: Any) -> None:
        options, bound = decorated.options(test, tolerance, nondeterminism), decorated.bound(owner, fixtures)
        options = replace(options, second=order is None)
        if bound is not function:
            options = replace(options, examples=tuple(Call(bound, call.args) for call in options.examples))
        calls = args.map(functools.partial(_as_call, bound)) if args is not None else calls_with_arrays(bound, domain)
        tally = Tally(name)
        try:
            run(name, calls if degenerate else calls.filter(_is_usual), order or 1, options, tally)
        finally:
            test.seen = (tally.examples, tally.elements, tally.undecided)  # type: ignore[attr-defined]

    def fill(names: Collection[str]) -> None:
        test.__signature__ = decorated.signature(names)  # type: ignore[attr-defined]

    test.__name__, test.__qualname__ = name, getattr(function, "__qualname__", name)
    test.__doc__, test.__module__ = function.__doc__, getattr(function, "__module__", __name__)  # ufuncs had none
    test.is_gradient_test = True  # type: ignore[attr-defined]  # the plugin marks it
    test.seen = (0, 0, 0)  # type: ignore[attr-defined]  # and reports what it looked at
    test.fill, test.adopt = fill, functools.partial(decorated.adopt, test)  # type: ignore[attr-defined]  # as it asks
    test.function = function  # type: ignore[attr-defined]  # reports call it
    fill(())
    return test


def _is_usual(call: Call) -> bool:
    """Whether the arrays have axes and elements."""
    return all(np.ndim(x) > 0 and np.size(x) > 0 for x in call.args if isinstance(x, np.ndarray))


def run(
    name: str,
    calls: SearchStrategy[Call],
    order: int = 1,
    options: Options | None = None,
    tally: Tally | None = None,
) -> Tally:
    """Draw calls, as many as the profile says, check them all, and return what was found, in `tally` if given."""
    tally, profile, options = tally or Tally(name), profiles.active(), options or Options()

    def example(call: Call) -> None:
        try:
            _check(call, order, options, tally)
        except Exception as wrong:
            known = GradientError | hypothesis.errors.HypothesisException | AttributeError | NameError
            if not isinstance(wrong, known) and not _is_usual(call):
                wrong.add_note("gradient_test(degenerate=False) leaves out arrays without elements, and 0-d ones")
            if profile.shrink or isinstance(wrong, hypothesis.errors.HypothesisException):  # `assume`, say
                raise
            raise _Stop(wrong) from None

    for call in options.examples:
        _check(call, order, options, tally)

    example.__name__ = name if name.isidentifier() and not keyword.iskeyword(name) else "example"
    settings = _settings(options, profile)
    test = settings(hypothesis.given(calls)(example))
    if options.seed is not None:
        test = hypothesis.seed(options.seed)(test)
    elif settings.derandomize or not profile.shrink:  # by name, not by this function: no two tests draw alike
        test = hypothesis.seed(zlib.crc32(name.encode()))(test)
    try:
        test()
    except _Stop as first:
        raise first.wrong from None
    tally.require_conclusive()
    return tally


def _check(call: Call, order: int, options: Options, tally: Tally) -> None:
    tally.examples += 1
    try:
        tally.add(check_call(call, order, options))
    except GradientError as wrong:
        if isinstance(wrong.report, GradientReport):
            tally.add(wrong.report)
        raise


def _settings(options: Options, profile: profiles.Profile) -> Any:
    """Return Hypothesis' settings of a test: those it was told, with what holds for all."""
    shrink = [hypothesis.Phase.shrink] if profile.shrink else []
    return hypothesis.settings(
        options.settings,
        max_examples=options.settings.max_examples if options.settings else profile.examples,
        deadline=None,
        phases=[hypothesis.Phase.reuse, hypothesis.Phase.generate, *shrink],  # what failed last time comes first
        report_multiple_bugs=False,
        suppress_health_check={
            hypothesis.HealthCheck.too_slow,
            *getattr(options.settings, "suppress_health_check", ()),
        },
    )


class _Stop(BaseException):
    """Ends a test at its first wrong example: Hypothesis would run that three times before it says so."""

    def __init__(self, wrong: Exception) -> None:
        self.wrong = wrong


def calls_with_arrays(function: Any, domain: Domain | Sequence[Domain] = REAL) -> SearchStrategy[Call]:
    """Return a strategy for calls of a function with arrays that broadcast, one for each parameter."""
    inner = function.declared if isinstance(function, Adapter) else function
    arity = inner.nin if isinstance(inner, np.ufunc) else len(array_parameters(inner))
    if not arity:
        name = getattr(function, "__name__", None) or getattr(function, "name", "function")
        raise ArgumentError(
            f"{name} takes no arrays: no positional parameter is without a default; give a strategy as args"
        )
    arrays = strategies.broadcastable(arity, domain, strategies.dtypes())
    return arrays.map(functools.partial(_as_call, function))


def _as_call(function: Callable[..., Any], drawn: Any) -> Call:
    if isinstance(drawn, Call):
        return drawn
    return Call(function, drawn if isinstance(drawn, tuple) else (drawn,))
