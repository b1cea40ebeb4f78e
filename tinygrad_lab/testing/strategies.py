"""Hypothesis strategies for arguments: shapes, broadcasting, layouts, dtypes, axes, indices, and values from a Domain.

Everything is constructed, nothing filtered. An array's elements are one string of bytes, which picks from its domain's
table: drawing and shrinking stay fast, and a failing example shrinks to simple numbers.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.testing.differences import Array
from tinygrad_lab.testing.domains import REAL, Domain
from tinygrad_lab.testing.extra import DrawFn, SearchStrategy, composite, st
from tinygrad_lab.testing.layouts import fortran, plain, read_only, repeated, reversed_axes, second_fastest, strided

Shape = tuple[int, ...]

SHAPES: tuple[Shape, ...] = ((), (1,), (3,), (2, 3), (2,), (3, 2), (1, 3), (2, 1), (2, 1, 3), (2, 3, 2), (0,), (2, 0))

LARGER: tuple[Shape, ...] = (  # what small ones hide: some code works in blocks of 8, 16 or 32
    (3, 3),
    (2, 2),
    (17,),
    (2, 2, 2),
    (2, 2, 2, 2),
    (5, 4),
    (1, 2, 2, 1, 2),
    (70,),
)

_SHAPES = st.sampled_from([*SHAPES, *LARGER])


def shapes() -> SearchStrategy[Shape]:
    """Shapes: three in five are small, with lengths 0 and 1 among them; the others are square, long or of many axes."""
    return _SHAPES


_DTYPES = st.sampled_from([np.dtype(np.float64)] * 9 + [np.dtype(np.float32)] * 5 + [np.dtype(np.float16)] * 2)
_MIXED = (np.dtype(np.float64), np.dtype(np.float32))


def dtypes() -> SearchStrategy[Any]:
    """Floating-point dtypes: mostly float64, then float32, and float16 now and then."""
    return _DTYPES


# -- layouts ---------------------------------------------------------------------------------------------------------


LAYOUTS = (plain, plain, fortran, second_fastest, reversed_axes, strided, read_only)


def layouts() -> SearchStrategy[Callable[[Array], Array]]:
    """Functions that lay an array out in memory otherwise; `repeated` also makes its slices equal."""
    return st.sampled_from((*LAYOUTS, repeated))


# -- arrays ----------------------------------------------------------------------------------------------------------


def tensors(
    shape: Shape | SearchStrategy[Shape] | None = None, domain: Domain = REAL, dtype: Any = None
) -> SearchStrategy[Array]:
    """Arrays of a domain's numbers, laid out in memory in many ways.

    Arguments:
        shape: a shape or a strategy for shapes; any small one unless given.
        domain: where the elements lie.
        dtype: a dtype or a strategy for dtypes, float64 unless given.

    Example:
        >>> from hypothesis import find
        >>> find(tensors((2,), Domain(low=0)), lambda x: x.sum() > 1)
        array([1., 1.])
    """

    @composite
    def draw_tensor(draw: DrawFn) -> Array:
        return _tensor(draw, _drawn(draw, shapes() if shape is None else shape), domain, _drawn(draw, dtype))

    return draw_tensor()


def _tensor(draw: DrawFn, shape: Shape, domain: Domain, dtype: Any) -> Array:
    kind = np.dtype(dtype or np.float64)
    if domain.matrices != "any":
        shape = (*shape[:-2], *(shape[-1:] * 2 or (2, 2)))
    codes = draw(_codes(math.prod(shape) * (2 if kind.kind == "c" else 1)))
    kept = domain.distinct or domain.matrices != "any"
    layout: Callable[[Array], Array] = draw(_LAYOUTS_THAT_KEEP if kept else _LAYOUTS_OF_ANY_KIND)
    return layout(domain.fill(codes if kept else _alike(codes, draw(_LIKENESS), domain), shape, kind))


def _alike(codes: bytes, likeness: str, domain: Domain) -> bytes:
    """Return codes for numbers that have something in common."""
    if likeness in _SIZES:
        return _chosen(codes, domain.codes(*_SIZES[likeness]))
    if likeness == "a zero" and len(codes) > 1:
        place, zero = codes[0] % len(codes), domain.codes(0.0, 0.0)[:1]
        return codes[:place] + (zero or codes[:1]) + codes[place + 1 :]
    if likeness == "equal":
        return codes[:1] * len(codes)
    return bytes(codes[code & 1] for code in codes) if likeness == "two" and len(codes) > 1 else codes


def _chosen(codes: bytes, among: bytes) -> bytes:
    return bytes(among[code % len(among)] for code in codes) if among else codes


# Made once: a strategy costs more to make than to draw from.
_SIZES = {"small": (1e-12, 1e-2), "large": (50.0, np.inf), "zeros": (0.0, 0.0)}
_SHARES = {"any": 8, "small": 2, "large": 3, "equal": 3, "zeros": 2, "a zero": 2, "two": 4}
_LIKENESS = st.sampled_from([likeness for likeness, share in _SHARES.items() for _ in range(share)])
_SPECIAL = st.integers(0, 15)
_LAYOUTS_THAT_KEEP, _LAYOUTS_OF_ANY_KIND = st.sampled_from(LAYOUTS), layouts()
_KINDS_OF_PARTS = st.integers(0, 15)


@functools.cache
def _codes(size: int) -> SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def broadcastable(n: int, domain: Domain | Sequence[Domain] = REAL, dtype: Any = None) -> SearchStrategy[Any]:
    """Tuples of `n` arrays that broadcast against each other: equal shapes, lengths of 1, and missing axes.

    One in 8 holds the same array `n` times; if a strategy for dtypes is given, one in 4 mixes float64 and float32.

    Arguments:
        n: how many.
        domain: of all, or a sequence with one for each.
        dtype: of all; a dtype or a strategy, float64 unless given.

    Raises:
        ArgumentError: if there are more domains, or fewer, than arrays.

    Example:
        >>> from hypothesis import find
        >>> find(broadcastable(2), lambda pair: pair[0].ndim > pair[1].ndim)
        (array([1.]), array(1.))
    """
    domains = [domain] * n if isinstance(domain, Domain) else list(domain)
    if len(domains) != n:
        raise ArgumentError(f"domain has {len(domains)} entries for {n} arrays; give one for each, or one for all")

    @composite
    def draw_tensors(draw: DrawFn) -> tuple[Array, ...]:
        kind, shape = _drawn(draw, dtype), draw(shapes())
        special = draw(_SPECIAL) if n > 1 else 0
        if special >= 14 and all(other == domains[0] for other in domains):
            return (_tensor(draw, shape, domains[0], kind),) * n
        mixed = special in (10, 11, 12, 13) and isinstance(dtype, SearchStrategy)
        kinds = [_MIXED[(i + special) % 2] if mixed else kind for i in range(n)]
        return tuple(_tensor(draw, _part(draw, shape, n), *drawn) for drawn in zip(domains, kinds, strict=True))

    return draw_tensors()


def _drawn(draw: DrawFn, what: Any) -> Any:
    return draw(what) if isinstance(what, SearchStrategy) else what


def _part(draw: DrawFn, shape: Shape, n: int) -> Shape:
    """Draw a shape that broadcasts to `shape`: some leading axes gone, some lengths 1."""
    if n == 1 or not shape:
        return shape
    code = draw(_KINDS_OF_PARTS)  # now and then the shape stays
    if code < 5:
        return shape
    kept = shape[code % (len(shape) + 1) :]
    return tuple(1 if code >> (i % 2) & 2 else size for i, size in enumerate(kept))


# -- arguments of common kinds of functions --------------------------------------------------------------------------


def matmul_shapes() -> tuple[tuple[Shape, Shape], ...]:
    """Return shapes for `a @ b` in all combinations of dimensions, with batch axes that broadcast both ways."""
    batches: tuple[Shape, ...] = ((), (4,), (1,), (2, 1), (2, 4))
    matrices: list[tuple[Shape, Shape]] = [((*a, 2, 3), (*b, 3, 2)) for a in batches for b in batches]
    vectors: list[tuple[Shape, Shape]] = [pair for b in batches for pair in (((3,), (*b, 3, 2)), ((*b, 2, 3), (3,)))]
    thin: list[tuple[Shape, Shape]] = [((2, 3), (3, 1)), ((1, 3), (3, 2)), ((2, 0), (0, 3)), ((3,), (3,)), ((0,), (0,))]
    return (*matrices, *vectors, *thin)


@composite
def matmul_args(draw: DrawFn, domain: Domain = REAL, dtype: Any = None) -> tuple[Array, Array]:
    """Pairs of arrays for `a @ b`: vectors, matrices, and batches of matrices that broadcast."""
    a, b = draw(st.sampled_from(matmul_shapes()))
    dtype = _drawn(draw, dtype)
    return _tensor(draw, a, domain, dtype), _tensor(draw, b, domain, dtype)


def axes(ndim: int) -> list[Any]:
    """Return every `axis` for a reduction over `ndim` axes: None, single ones, negative ones, tuples."""
    single = [axis for i in range(ndim) for axis in (i, i - ndim)]
    pairs = [(i, j) for i in range(ndim) for j in range(ndim) if i != j]
    return [None, *single, *pairs, *([()] if ndim else [])]


@composite
def reduction_args(
    draw: DrawFn, domain: Domain = REAL, dtype: Any = None, empty: bool = True
) -> tuple[Array, dict[str, Any]]:
    """Pairs of an array and the keywords `axis` and `keepdims` for it; `empty`: whether axes may have length 0."""
    x = draw(tensors(st.sampled_from([s for s in (*SHAPES, *LARGER) if empty or 0 not in s]), domain, dtype))
    return x, {"axis": draw(st.sampled_from(axes(x.ndim))), "keepdims": draw(st.booleans())}


@composite
def index_args(draw: DrawFn, domain: Domain = REAL, dtype: Any = None) -> tuple[Array, Any]:
    """Pairs of an array and an index for it: numbers, slices, masks, and lists with repeated and negative positions."""
    shape = draw(st.sampled_from([(3,), (2, 3), (3, 1), (2, 3, 2)]))
    x = draw(tensors(shape, domain, dtype))
    kinds: tuple[Callable[[DrawFn, Shape], Any], ...] = (
        _number,
        _slice,
        _positions,
        _positions,
        _paired,
        _mask,
        _spread,
    )
    return x, draw(st.sampled_from(kinds))(draw, shape)


def _number(draw: DrawFn, shape: Shape) -> Any:
    return draw(st.integers(-shape[0], shape[0] - 1))


def _slice(draw: DrawFn, shape: Shape) -> Any:
    ends = st.none() | st.integers(-shape[0] - 1, shape[0] + 1)
    return slice(draw(ends), draw(ends), draw(st.sampled_from([None, 1, 2, -1, -2])))


def _positions(draw: DrawFn, shape: Shape, axis: int = 0) -> Any:
    positions = st.lists(st.integers(-shape[axis], shape[axis] - 1), min_size=1, max_size=4)
    return np.array(draw(positions))


def _paired(draw: DrawFn, shape: Shape) -> Any:
    """Positions along every axis, which belong together."""
    n = draw(st.integers(1, 4))
    return tuple(np.array(draw(st.lists(st.integers(-m, m - 1), min_size=n, max_size=n))) for m in shape)


def _mask(draw: DrawFn, shape: Shape) -> Any:
    size = math.prod(shape)
    return np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size))).reshape(shape)


def _spread(draw: DrawFn, shape: Shape) -> Any:
    """An ellipsis, then a new axis or positions along the last one."""
    return (..., None) if draw(st.booleans()) else (..., _positions(draw, shape, -1))
