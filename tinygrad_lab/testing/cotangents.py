"""What a rule does with its cotangent: it is linear in it, however it lies in memory, and the same each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing.differences import Array, real_parts
from tinygrad_lab.testing.layouts import fortran, repeated, strided
from tinygrad_lab.testing.mistakes import Mistake, failure
from tinygrad_lab.testing.noise import Error, moved, steady

SLACK = 1e3  # sums may be rounded by so many units in the last place of their terms
FEW = 8  # units by which a sum may differ where its terms are added up in another order


class Rule(NamedTuple):
    """Something that turns a cotangent into a gradient, and what it must leave alone."""

    name: str
    apply: Callable[[Any], Any]  # cotangents -> list of gradients
    anew: Callable[[Any], Any]  # the same, with nothing kept from before
    cotangents: list[Any]
    arguments: list[Any]
    owned: bool  # whether what it returns must not share memory with what it was given
    size: float  # of the largest result: what cancels inside the rule may be as large


def check_cotangents(rule: Rule, first: list[Any], second: list[Any], nondeterminism: float) -> None:
    """Check that a rule is linear in its cotangent, the same each time, and whatever the cotangent's layout.

    Arguments:
        rule: the rule.
        first: what it gave for its cotangents.
        second: what it gave another time.
        nondeterminism: how far two results may be apart.
    """
    for again in (second, rule.anew(rule.cotangents)):
        if not all(_same(a, b, nondeterminism) for a, b in zip(first, again, strict=True)):
            raise failure(
                Mistake.RANDOM,
                f"{rule.name}: gave two results for the same arguments; take randomness as an argument",
            )
    _check_layouts(rule, first, nondeterminism)
    _check_linear(rule, first, nondeterminism)


def _check_layouts(rule: Rule, first: list[Any], nondeterminism: float) -> None:
    if all(c.size < 2 for c in rule.cotangents):
        return
    _compare_layouts(
        rule, [strided(fortran(c)) for c in rule.cotangents], first, "has another memory layout", nondeterminism
    )
    spread_out = [repeated(c) for c in rule.cotangents]  # as the gradient of a sum is
    right = rule.apply([np.array(c, order="C") for c in spread_out])
    _compare_layouts(rule, spread_out, right, "repeats itself with stride 0", nondeterminism)


def _compare_layouts(rule: Rule, cotangents: list[Any], right: list[Any], how: str, nondeterminism: float) -> None:
    def off() -> list[Array]:
        plain_ones = [np.array(c, order="C") for c in cotangents]
        return [np.abs(a - b) for a, b in zip(rule.apply(cotangents), rule.apply(plain_ones), strict=True)]

    for number, (a, b) in enumerate(zip(rule.apply(cotangents), right, strict=True)):
        difference = np.abs(real_parts([np.asarray(a - b)]))
        unit = float(np.finfo(np.asarray(b).dtype).eps)
        if not difference.size or not np.max(difference) > FEW * unit * size_of(b) + nondeterminism:
            continue
        worst = int(np.argmax(difference))

        def later(_: float, number: int = number, worst: int = worst) -> Error:
            return Error(float(real_parts([np.asarray(off()[number])])[worst]), 0.0)

        if steady(Error(float(difference[worst]), 0.0), later, unit, np.inf):
            raise failure(
                Mistake.COTANGENT_LAYOUT,
                f"{rule.name}: gives another gradient when the cotangent {how}, with a difference of "
                f"{float(difference[worst]):.3g}; go by its shape, not its strides",
            )


def _check_linear(rule: Rule, first: list[Any], nondeterminism: float) -> None:
    rng = np.random.default_rng(1)
    others = [random_like(rng, c) for c in rule.cotangents]
    kinds = [np.finfo(np.asarray(array).dtype) for array in (*first, *rule.cotangents)]
    unit, least = (float(max(getattr(kind, part) for kind in kinds)) for part in ("eps", "smallest_normal"))

    def differences(ones: list[Any]) -> list[Any]:
        """Return what the gradient of a combination lacks; powers of two scale exactly, so only the sum is rounded."""
        combined = [b / 2 - 2 * a for a, b in zip(ones, others, strict=True)]
        parts = [first if ones is rule.cotangents else rule.apply(ones), rule.apply(others), rule.apply(combined)]
        return [np.asarray(both - (b / 2 - 2 * a)) for a, b, both in zip(*parts, strict=True)]

    for number, (off, a) in enumerate(zip(differences(rule.cotangents), first, strict=True)):
        numbers = np.abs(real_parts([off]))
        scale = (
            2 * size_of(a) + rule.size * max(map(size_of, rule.cotangents)) + least + nondeterminism / (SLACK * unit)
        )
        if not numbers.size or not np.max(numbers) > SLACK * unit * scale:  # or not a number
            continue
        worst = int(np.argmax(numbers))

        def later(size: float, number: int = number, worst: int = worst) -> Error:
            ones = [moved(rng, c, size) for c in rule.cotangents]
            return Error(float(real_parts([differences(ones)[number]])[worst]), 0.0)

        if steady(Error(float(real_parts([off])[worst]), 0.0), later, unit, SLACK * unit * scale):
            raise failure(
                Mistake.NOT_LINEAR,
                f"{rule.name}: is not linear in the cotangent, with a difference of {float(numbers[worst]):.3g} "
                f"between the gradient of a combination and that of its parts; use g once as a factor in each term",
            )


def _same(a: Any, b: Any, nondeterminism: float) -> bool:
    if not nondeterminism:
        return np.array_equal(a, b, equal_nan=True)
    return np.allclose(a, b, rtol=0, atol=nondeterminism, equal_nan=True)


def size_of(array: Any) -> float:
    """Return the size of the largest number."""
    numbers = np.abs(np.asarray(array))
    return float(np.max(numbers[np.isfinite(numbers)], initial=0))


def random_like(rng: np.random.Generator, like: Any) -> Any:
    """Return random numbers of both signs in the shape and dtype of an array."""
    like = np.asarray(plain(like))
    noise = rng.uniform(0.5, 1.5, like.shape) * rng.choice([-1, 1], like.shape)
    if np.iscomplexobj(like):
        noise = noise + 1j * rng.uniform(0.5, 1.5, like.shape)
    return np.asarray(noise, like.dtype)
