"""What a rule does with its cotangent: it is linear in it, however it lies in memory, and the same each time."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing.differences import Array, real_parts
from tinygrad_lab.testing.layouts import fortran, repeated, reversed_axes, strided
from tinygrad_lab.testing.mistakes import Mistake, failure
from tinygrad_lab.testing.noise import Error, moved, steady
from tinygrad_lab.testing.problem import overflows

SLACK = 1e3  # sums may be rounded by so many units in the last place of their terms
_USUAL = (2.0**40, 2.0**-40)
SCALES = {2: (8.0,), 4: (2.0**10, 2.0**-4), 8: _USUAL, 12: _USUAL, 16: _USUAL}  # for g, by the bytes of its dtype
_LAYOUTS = (lambda c: strided(fortran(c)), fortran, reversed_axes)
FEW = 8  # units by which a sum may differ where its terms are added up in another order


class Rule(NamedTuple):
    """Something that turns a cotangent into a gradient, and what it must leave alone."""

    name: str
    apply: Callable[[Any], Any]  # cotangents -> list of gradients
    anew: Callable[[Any], Any]  # the same, with nothing kept from before
    elsewhere: Callable[[], Any]  # calls the function with other arguments
    cotangents: list[Any]
    arguments: list[Any]
    owned: bool  # whether what it returns must not share memory with what it was given
    size: float  # of the largest result, here or elsewhere: what cancels inside the rule may be as large


def check_cotangents(rule: Rule, first: list[Any], second: list[Any], nondeterminism: float) -> None:
    """Check that a rule is linear in its cotangent, the same each time, and whatever the cotangent's layout.

    Arguments:
        rule: the rule.
        first: what it gave for its cotangents.
        second: what it gave another time, after a call with other arguments.
        nondeterminism: how far two results may be apart.
    """
    anew = rule.anew(rule.cotangents)
    for again in (second, anew):
        if not all(_same(a, b, nondeterminism) for a, b in zip(first, again, strict=True)):
            raise failure(Mistake.RANDOM, f"{rule.name}: {_why_another(rule, first, nondeterminism)}")
    # By the arguments: an example that fails has to fail again.
    rng = np.random.default_rng(zlib.crc32(b"".join(np.ascontiguousarray(x).tobytes() for x in rule.arguments)))
    _check_layouts(rule, first, nondeterminism, rng)
    _check_linear(rule, first, nondeterminism, rng)
    _check_parts(rule, first, nondeterminism, rng)
    _check_scaled(rule, first, nondeterminism)


def _why_another(rule: Rule, first: list[Any], nondeterminism: float) -> str:
    """Say whether a rule that is not the same each time remembers another call, or has no such excuse."""
    undisturbed = (rule.anew(rule.cotangents), rule.anew(rule.cotangents))
    if all(_same(a, b, nondeterminism) for a, b in zip(*undisturbed, strict=True)):
        return (
            "gave another result after a call with other arguments; keep nothing from one call for the next, and "
            "compute what the rule needs from its arguments"
        )
    return "gave two results for the same arguments; take randomness as an argument"


def _check_layouts(rule: Rule, first: list[Any], nondeterminism: float, rng: np.random.Generator) -> None:
    if all(c.size < 2 for c in rule.cotangents):
        return
    layout = _LAYOUTS[rng.integers(len(_LAYOUTS))]
    _compare_layouts(rule, [layout(c) for c in rule.cotangents], first, "has another memory layout", nondeterminism)
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


def _check_linear(rule: Rule, first: list[Any], nondeterminism: float, rng: np.random.Generator) -> None:
    sign = int(rng.choice([-1, 1]))
    others = [np.full_like(c, sign) for c in rule.cotangents]  # as the gradient of a sum is

    def lacks(ones: list[Any]) -> list[Any]:
        """Return what the gradient of a combination lacks; powers of two scale exactly, so only the sum is rounded."""
        combined = [b / 2 - 2 * a for a, b in zip(ones, others, strict=True)]
        parts = [first if ones is rule.cotangents else rule.apply(ones), rule.apply(others), rule.apply(combined)]
        return [np.asarray(both - (b / 2 - 2 * a)) for a, b, both in zip(*parts, strict=True)]

    _require_nothing(rule, first, lacks, nondeterminism, "of a combination and that of its parts")


def _check_parts(rule: Rule, first: list[Any], nondeterminism: float, rng: np.random.Generator) -> None:
    """Check cotangents that are 0 in places: what a loss makes of one result, one row or one element alone."""
    if sum(c.size for c in rule.cotangents) < 2:
        return
    chosen = _chosen(rule.cotangents, rng)

    def lacks(ones: list[Any]) -> list[Any]:
        """Return what the gradients of two parts lack of that of the whole; only the sum is rounded."""
        parts = [[np.where(mask, c, 0) for mask, c in zip(masks, ones, strict=True)] for masks in chosen]
        whole = first if ones is rule.cotangents else rule.apply(ones)
        return [np.asarray(c - (a + b)) for c, a, b in zip(whole, *map(rule.apply, parts), strict=True)]

    between = "of a cotangent and those of its parts, each 0 where the other is not"
    _require_nothing(rule, first, lacks, nondeterminism, between)


def _chosen(cotangents: list[Any], rng: np.random.Generator) -> tuple[list[Array], list[Array]]:
    """Return masks that choose one result, a row of it or an element, and masks that choose all the others."""
    masks = [np.zeros(c.shape, bool) for c in cotangents]
    number = int(rng.choice([n for n, c in enumerate(cotangents) if c.size]))
    one, depth = masks[number], rng.integers(0 if len(masks) > 1 else 1, 3)  # the whole, a row or an element
    place = tuple(int(rng.integers(length)) for length in one.shape)
    one[place if depth > 1 else place[:depth]] = True
    return masks, [~mask for mask in masks]


def _check_scaled(rule: Rule, first: list[Any], nondeterminism: float) -> None:
    """Check the cotangent of nothing, and large and small ones, which a rule may clip or drop."""
    for a, zero in zip(first, rule.apply([np.zeros_like(c) for c in rule.cotangents]), strict=True):
        off = np.isfinite(a) & ~(np.abs(zero) <= nondeterminism)
        if np.any(off):
            raise failure(
                Mistake.NOT_LINEAR,
                f"{rule.name}: is not linear in the cotangent, and gives {np.ravel(zero[off])[0]:.3g} where that is 0; "
                f"use g once as a factor in each term",
            )
    for factor in SCALES[min(np.real(c).dtype.itemsize for c in rule.cotangents)]:

        def lacks(ones: list[Any], factor: float = factor) -> list[Any]:
            """Return what is lost: scaled by a power of two, all is exact that stays in the range of the dtype."""
            parts = first if ones is rule.cotangents else rule.apply(ones)
            with overflows(under=True) as seen:
                scaled = rule.apply([(factor * c).astype(c.dtype) for c in ones])
            off = [np.asarray(b - factor * a) for a, b in zip(parts, scaled, strict=True)]
            return [np.zeros_like(o) if seen else np.where(np.isfinite(o), o, 0) for o in off]

        between = f"for {factor:g} · g and {factor:g} times that for g"
        _require_nothing(rule, first, lacks, factor * nondeterminism, between, factor)


def _require_nothing(
    rule: Rule,
    first: list[Any],
    lacks: Callable[[list[Any]], list[Any]],
    nondeterminism: float,
    between: str,
    factor: float = 1.0,
) -> None:
    """Check that what a gradient lacks is the rounding of what it is made of, whatever the cotangent.

    Arguments:
        rule: the rule.
        first: what it gave for its cotangents.
        lacks: takes cotangents, and gives what should be 0 for each gradient.
        nondeterminism: how far two results may be apart.
        between: what is compared.
        factor: by which results are larger than `first`.
    """
    rng = np.random.default_rng(1)
    kinds = [np.finfo(np.asarray(array).dtype) for array in (*first, *rule.cotangents)]
    unit, least = (float(max(getattr(kind, part) for kind in kinds)) for part in ("eps", "smallest_normal"))
    for number, (off, a) in enumerate(zip(lacks(rule.cotangents), first, strict=True)):
        numbers = np.abs(real_parts([off]))
        scale = factor * (2 * size_of(a) + rule.size * max(map(size_of, rule.cotangents)))
        bound = SLACK * unit * (scale + least) + nondeterminism
        if not numbers.size or not np.any(numbers > bound):  # or not a number
            continue
        worst = int(np.nanargmax(numbers))

        def later(size: float, number: int = number, worst: int = worst) -> Error:
            ones = [moved(rng, c, size) for c in rule.cotangents]
            return Error(float(real_parts([lacks(ones)[number]])[worst]), 0.0)

        if steady(Error(float(real_parts([off])[worst]), 0.0), later, unit, bound):
            raise failure(
                Mistake.NOT_LINEAR,
                f"{rule.name}: is not linear in the cotangent, with a difference of {float(numbers[worst]):.3g} "
                f"between the gradient {between}; use g once as a factor in each term",
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
