"""What stands around a test function: its parameters, and what the decorators of Hypothesis and pytest say of it."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from tinygrad_lab.errors import ArgumentTypeError
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.verdict import Tolerance

_EXAMPLES, _SETTINGS, _SEED = (
    "hypothesis_explicit_examples",
    "_hypothesis_internal_use_settings",
    "_hypothesis_internal_use_seed",
)
_MARKS = (_EXAMPLES, _SETTINGS, _SEED, "_hypothesis_internal_settings_applied")


@dataclass(frozen=True)
class Options:
    """What people may ask of a test besides its arguments.

    Attributes:
        settings: Hypothesis' settings, in whose place those of the profile stand.
        seed: of the draws; unless given, Hypothesis chooses.
        examples: calls that are tried before any are drawn.
        tolerance: differences that are no failure.
        nondeterminism: how far two results for the same arguments may be apart.
        second: whether the second derivative is looked at now and then, where there is one.
    """

    settings: Any = None
    seed: int | None = None
    examples: tuple[Call, ...] = ()
    tolerance: Tolerance | None = None
    nondeterminism: float = 0.0
    second: bool = False


class Decorated:
    """A function that is to be a test, of arrays and of what pytest fills in.

    Attributes:
        function: the function.
        name: what the test is called.
        said: what Hypothesis' decorators said of the test, those above `@gradient_test`.

    Raises:
        ArgumentTypeError: if the function is a coroutine or a generator.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.name = function, getattr(function, "__name__", "gradient_test")
        self.said: dict[str, Any] = {}
        if kind := unfit(function):
            raise ArgumentTypeError(f"{self.name} is a {kind}; write it as a plain function of arrays")
        try:
            self._parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            self._parameters = []
        self._filled = {p.name for p in self._parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty}

    def signature(self, filled: Collection[str] = ()) -> inspect.Signature:
        """Return what pytest sees: `self` of a method that is being defined, and the parameters that it fills.

        Arguments:
            filled: names of others that it fills, such as `@pytest.mark.parametrize` has.
        """
        self._filled |= set(filled) & {p.name for p in self._parameters}
        first = self._parameters[0].name if self._parameters else ""
        outer = ["<locals>", *str(getattr(self.function, "__qualname__", "f")).split(".")][-2]
        method = self._parameters[:1] if first == "self" and outer != "<locals>" else []
        given = [p.replace(kind=p.KEYWORD_ONLY) for p in self._parameters if p.name in self._filled]
        return inspect.Signature(method + given)

    def bound(self, owner: tuple[Any, ...], fixtures: dict[str, Any]) -> Callable[..., Any]:
        """Return the function of arrays alone."""
        if not owner and not fixtures:
            return self.function
        names = [p.name for p in self._parameters[len(owner) :]]
        leading = list(itertools.takewhile(lambda name: name in fixtures, names))
        rest = {name: value for name, value in fixtures.items() if name not in leading}
        found = functools.partial(self.function, *owner, *(fixtures[name] for name in leading), **rest)
        found.__name__ = self.name  # type: ignore[attr-defined]
        return found

    def adopt(self, test: Any) -> None:
        """Take what Hypothesis' decorators have written on the test, of which its plugin for pytest would complain."""
        self.said.update({mark: vars(test).pop(mark) for mark in _MARKS if mark in vars(test)})

    def options(self, test: Any, tolerance: Tolerance, nondeterminism: float) -> Options:
        """Return what Hypothesis' decorators have said, above `@gradient_test` or below it, and what it was told."""
        self.adopt(test)

        def said(mark: str) -> Any:
            return self.said.get(mark, getattr(self.function, mark, None))

        explicit = said(_EXAMPLES) or ()
        names = [p.name for p in array_parameters(self.function) if p.name not in self._filled] if explicit else []
        calls = [Call(self.function, tuple(one.args) or tuple(one.kwargs[n] for n in names)) for one in explicit]
        return Options(said(_SETTINGS), said(_SEED), tuple(calls), tolerance, nondeterminism)


def unfit(function: Any) -> str:
    """Return what a function is that returns no arrays when it is called, or nothing."""
    if inspect.iscoroutinefunction(function):
        return "coroutine"
    return "generator" if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function) else ""


def array_parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters that take arrays."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return [p for p in parameters if p.default is p.empty and p.kind in kinds]
