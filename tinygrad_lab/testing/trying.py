"""What arguments a function of arrays takes, found by trying: for those who want an answer and no test."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.testing import strategies
from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.calls import Call, shapes_by_trying
from tinygrad_lab.testing.domains import COMMON, REAL, Domain
from tinygrad_lab.testing.extra import DrawFn, SearchStrategy, composite, st
from tinygrad_lab.testing.problem import Problem

Shapes = tuple[tuple[int, ...], ...]
CODES = np.random.default_rng(0).permutation(256).astype(np.uint8)  # positions in a domain's table of numbers
FILLS = (*range(0, 256, 9), None)  # where in them an array starts; None fills it with one number
USUAL = 20.0  # the largest number that is tried: the exponential function overflows on others, and is defined there
MATRICES = (Domain(matrices="invertible"), Domain(matrices="positive definite"))


class Arguments(NamedTuple):
    """What to draw, and in words what that is."""

    calls: SearchStrategy[Call]
    words: str


def arguments(
    adapter: Adapter,
    arity: int,
    shapes: Shapes | None = None,
    domains: Sequence[Domain] | None = None,
    first: tuple[Any, ...] = (),
) -> Arguments:
    """Return calls of a function with arrays that it takes: of any shapes if it takes them, else of some that it takes.

    Arguments:
        adapter: the function.
        arity: how many arrays it takes.
        shapes: of the arrays; found by trying unless given.
        domains: of their elements, one for each; the widest common ones where it is finite unless given.
        first: what else it takes before the arrays, such as a module.

    Raises:
        Exception: what the function raises, if it takes nothing that is tried.

    Example:
        >>> arguments(Adapter(np.log), 1).words, arguments(Adapter(np.linalg.det), 1).words
        ('arrays of all shapes, elements above 0', 'shapes such as (2, 3, 3), elements of any size')
    """
    trial = _Trial(adapter, arity, first)
    chosen = tuple(domains) if domains else trial.domains(shapes)

    def call(arrays: tuple[Any, ...]) -> Call:
        function: Any = adapter
        return Call(function, (*first, *arrays))

    def fixed(found: Sequence[Shapes]) -> SearchStrategy[Call]:
        return _fixed(found, chosen, trial.dtypes(found[0], chosen)).map(call)

    if shapes is not None:
        trial.value(shapes, chosen)  # raises what the caller is to see
        return Arguments(fixed([shapes]), f"shapes {_listed(shapes)}, {_elements(chosen)}")
    if all(trial.runs(found, chosen) for found in _broadcasting(arity)):
        dtypes = trial.dtypes(((3,),) * arity, chosen)
        calls, words = strategies.broadcastable(arity, chosen, dtypes), "arrays of all shapes"
        if not all(trial.runs((shape,) * arity, chosen) for shape in ((), (0,))):
            calls, words = calls.filter(_usual), "arrays of all shapes but empty and 0-d ones"
        return Arguments(calls.map(call), f"{words}, {_elements(chosen)}")
    found = [shapes for shapes in shapes_by_trying(arity) if _drawable(shapes, chosen) and trial.runs(shapes, chosen)]
    if not found:
        trial.value(((3,),) * arity, chosen)
    return Arguments(fixed(found), f"shapes such as {_listed(found[-1])}, {_elements(chosen)}")


class _Trial(NamedTuple):
    """A function that is called with this and that."""

    adapter: Adapter
    arity: int
    first: tuple[Any, ...]

    def value(self, shapes: Shapes, domains: Sequence[Domain], fill: int | None = 0, dtype: Any = None) -> list[Any]:
        arrays = []
        for number, (shape, domain) in enumerate(zip(shapes, domains, strict=True)):
            usual = CODES[np.isin(CODES, np.frombuffer(domain.codes(0.0, USUAL), np.uint8))]
            codes = usual[:1] if fill is None else np.roll(usual, -fill - number)
            arrays.append(domain.fill(np.resize(codes, math.prod(shape)).tobytes(), shape, dtype or np.float64))
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return Problem(self.adapter, (*self.first, *arrays), None).results

    def runs(self, shapes: Shapes, domains: Sequence[Domain], dtype: Any = None) -> bool:
        try:
            self.value(shapes, domains, dtype=dtype)
        except Exception:
            return False
        return True

    def finite(self, shapes: Shapes, domains: Sequence[Domain], fills: Sequence[int | None]) -> bool:
        try:
            return all(bool(np.all(np.isfinite(y))) for fill in fills for y in self.value(shapes, domains, fill))
        except Exception:
            return False

    def domains(self, shapes: Shapes | None) -> tuple[Domain, ...]:
        """Return the widest domains on which the function is finite, or any numbers if there are none."""
        candidates = [tuple(COMMON[i] for i in numbers) for numbers in _candidates(self.arity)]
        candidates += [(domain, *(REAL,) * (self.arity - 1)) for domain in MATRICES]
        candidates += [(domain,) * self.arity for domain in MATRICES]
        tried = [shapes] if shapes else [((3,),) * self.arity, ((3, 3),) * self.arity, *shapes_by_trying(self.arity)]
        if shapes is None:  # those that it takes, if it takes any: what asserts where it is defined may take none
            filled = [found for found in tried if all(map(math.prod, found))]  # of nothing any assertion holds
            tried = [next((found for found in filled if self.runs(found, candidates[0])), tried[0]), tried[1]]
        for fills in (FILLS, FILLS[:-1], FILLS[:1]):
            for domains in candidates:
                if any(_drawable(found, domains) and self.finite(found, domains, fills) for found in tried):
                    return domains
        return candidates[0]

    def dtypes(self, shapes: Shapes, domains: Sequence[Domain]) -> SearchStrategy[Any]:
        """Return the dtypes that the function takes."""
        taken = [dtype for dtype in (np.float32, np.float16) if self.runs(shapes, domains, dtype)]
        return strategies.dtypes().filter(lambda dtype: dtype in (np.float64, *taken))


def _candidates(arity: int) -> list[tuple[int, ...]]:
    if arity > 2:
        return [(i,) * arity for i in range(len(COMMON))]
    return sorted(itertools.product(range(len(COMMON)), repeat=arity), key=lambda chosen: (sum(chosen), chosen))


def _broadcasting(arity: int) -> Iterator[Shapes]:
    """Yield shapes that a function takes which broadcasts."""
    for shape in ((3,), (2, 3), (4,), (1, 3), (2, 1, 3)):
        yield (shape,) * arity
    if arity > 1:
        yield ((2, 3), *((3,),) * (arity - 1))
        yield (*((3,),) * (arity - 1), (2, 1))


def _fixed(shapes: Sequence[Shapes], domains: Sequence[Domain], dtypes: Any) -> SearchStrategy[tuple[Any, ...]]:
    @composite
    def draw_arrays(draw: DrawFn) -> tuple[Any, ...]:
        dtype, chosen = draw(dtypes), draw(st.sampled_from(list(shapes)))
        pairs = zip(chosen, domains, strict=True)
        return tuple(draw(strategies.tensors(shape, domain, dtype)) for shape, domain in pairs)

    return draw_arrays()


def _drawable(shapes: Shapes, domains: Sequence[Domain]) -> bool:
    """Whether the arguments that are to be matrices of a kind are square."""
    pairs = zip(shapes, domains, strict=True)
    return all(domain.matrices == "any" or (len(shape) > 1 and shape[-1] == shape[-2]) for shape, domain in pairs)


def _usual(arrays: tuple[Any, ...]) -> bool:
    return all(np.ndim(x) > 0 and np.size(x) > 0 for x in arrays)


def _listed(shapes: Shapes) -> str:
    return " and ".join(map(str, shapes))


def _elements(domains: Sequence[Domain]) -> str:
    words = [_words(domain) for domain in domains]
    return f"elements {words[0] if len(set(words)) == 1 else ', '.join(words)}"


def _words(domain: Domain) -> str:
    """Say where elements lie.

    Example:
        >>> _words(Domain(low=0)), _words(Domain(-1, 1)), _words(Domain(without=(0.0,)))
        ('above 0', 'between -1 and 1', 'of any size but 0')
    """
    if domain.matrices != "any":
        return f"of {domain.matrices} matrices"
    if math.isfinite(domain.low) and math.isfinite(domain.high):
        return f"between {domain.low:g} and {domain.high:g}"
    if math.isfinite(domain.low) or math.isfinite(domain.high):
        return f"above {domain.low:g}" if math.isfinite(domain.low) else f"below {domain.high:g}"
    return "of any size" + "".join(f" but {number:g}" for number in domain.without)
