"""Planting wrong rules in the registry: `assert_kills_mutants` does it with each, and demands that a test fails."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_lab.core import registry
from tinygrad_lab.core.registry import COMPOSED, Op, VariadicRules
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import GradientError
from tinygrad_lab.testing.mutants import Mutant, Rule, mutants
from tinygrad_lab.testing.profiles import Profile, active, running


@contextmanager
def planted(op: Op, mutant: Mutant) -> Iterator[None]:
    """Let the registry have the mutant in the `with` block.

    Example:
        >>> import tinygrad_lab as tl
        >>> op = registry.find(np.tanh)
        >>> with planted(op, mutants(op)[0]):
        ...     print(f"{tl.grad(np.tanh)(0.0):.3f}")
        1.001
    """
    rules, forward = op.rules, op.forward
    if op.kind == COMPOSED:
        op.forward = lambda *args, **kwargs: forward(
            *_falsified(args, mutant),
            **dict(zip(kwargs, _falsified(tuple(kwargs.values()), mutant), strict=True)),
        )
    elif isinstance(rules, VariadicRules):
        op.rules = VariadicRules(_variadic(rules, mutant))
    else:
        op.rules = (*rules[: mutant.argument], mutant.wrong(rules[mutant.argument]), *rules[mutant.argument + 1 :])
    try:
        yield
    finally:
        op.rules, op.forward = rules, forward
        op.unbind()  # a call may have read the wrong one's signature


def _variadic(rules: VariadicRules, mutant: Mutant) -> Rule:
    wrong = functools.cache(lambda position: mutant.wrong(rules[position]))

    def rule(position: int, g: Any, y: Any, *inputs: Any, **kwargs: Any) -> Any:
        return wrong(position)(g, y, *inputs, **kwargs)

    return rule


def _falsified(args: tuple[Any, ...], mutant: Mutant) -> tuple[Any, ...]:
    """Let the gradients of the Values among the arguments pass through a wrong rule."""
    op = registry.Op(_same)
    op.rules = (mutant.wrong(lambda g, y, x: g),)

    def one(x: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return type(x)(map(one, x))
        return x.record(op, (x,), {}) if isinstance(x, Value) else x

    return tuple(map(one, args))


def _same(x: Any) -> Any:
    return x


class Watched:
    """A mutant that remembers whether it ever gave another gradient than the right rule, or wrote into something.

    One that never does is no wrong rule for the arguments that a test draws: the transpose of a vector, say.
    """

    def __init__(self, mutant: Mutant) -> None:
        self.mutant, self.called, self.differed = mutant, False, False

    def wrong(self, rule: Rule) -> Rule:
        """Return the wrong rule."""
        false = self.mutant.wrong(rule)

        def apply(g: Any, *args: Any, **kwargs: Any) -> Any:
            if self.differed or not isinstance(g, (np.ndarray, np.generic)):
                return false(g, *args, **kwargs)
            self.called = True
            before = [np.copy(array) for array in (g, *args)]
            right = np.copy(rule(g, *args, **kwargs))
            given = false(g, *args, **kwargs)
            same = given is not None and _alike(self._summed(given, args), self._summed(right, args))
            left = all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, (g, *args), strict=True))
            self.differed = not (same and left)
            return given

        return apply

    def _summed(self, gradient: Any, args: tuple[Any, ...]) -> Any:
        """Return a gradient's numbers after broadcasting is undone, to compare."""
        c = np.asarray(gradient)
        shape = np.shape(args[1 + self.mutant.argument]) if len(args) > 1 + self.mutant.argument else c.shape
        if c.shape != shape and c.ndim >= len(shape):
            extra = c.ndim - len(shape)
            c = np.sum(c, tuple(i for i, n in enumerate(c.shape) if i < extra or (shape[i - extra] == 1 and n != 1)))
        return np.nan_to_num(c).ravel()


def _alike(a: Any, b: Any) -> bool:
    """Whether two gradients are the same but for rounding: products need not come out alike twice."""
    unit = float(np.finfo(b.dtype).eps) if b.dtype.kind in "fc" else 0.0
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= FEW * unit * np.max(np.abs(b), initial=0)))


FEW = 8  # units by which the same rule may differ from call to call
MORE = 8  # times as many examples decide about a mutant that survives: whether a rare case is drawn is luck


def survivors(op: Op, test: Callable[[], Any]) -> list[Mutant]:
    """Return the mutants of an operation that a test does not notice, though they give wrong gradients.

    A mutant is tried with as many examples as the profile says, and with eight times as many if it survives.
    """
    return [mutant for mutant in mutants(op) if not _noticed(op, mutant, test)]


def _noticed(op: Op, mutant: Mutant, test: Callable[[], Any]) -> bool:
    watched = Watched(mutant)
    with planted(op, mutant._replace(wrong=watched.wrong)):
        for factor in (1, MORE):
            with running(Profile(factor * active().examples, shrink=False)):
                try:
                    test()
                except Exception:
                    return True  # however the test fails, it noticed
    return watched.called and not watched.differed


def assert_kills_mutants(op: Callable[..., Any] | Op, test: Callable[[], Any]) -> None:
    """Check that a test passes on an operation's rules, and fails on each of some twenty wrong ones.

    Arguments:
        op: the operation, or the function that it differentiates.
        test: a test without arguments, such as `gradient_test` makes.

    Raises:
        GradientError: if a mutant survives; the text lists them.

    Example:
        >>> from tinygrad_lab.testing import gradient_test
        >>> assert_kills_mutants(np.tanh, gradient_test(np.tanh))
    """
    entry = op if isinstance(op, Op) else registry.find(op)
    test()
    left = survivors(entry, test)
    if left:
        names = "; ".join(f"argument {mutant.argument}: {mutant.name}" for mutant in left)
        raise GradientError(
            f"{entry.name}: the test did not notice {len(left)} of {len(mutants(entry))} wrong rules "
            f"({names}); draw more kinds of arguments"
        )
