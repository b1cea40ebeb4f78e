"""Calls of operations that cannot be found by trying, because they need other arguments than arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from tinygrad_lab.testing import strategies
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.domains import REAL, Domain

SHAPES = strategies.SHAPES
PAIRS = [((), ()), ((3,), ()), ((), (2, 3)), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((1,), (2, 3)),
         ((2, 1, 3), (4, 1)), ((0,), (1,)), ((2, 0), (2, 1))]  # fmt: skip

CASES: dict[Any, st.SearchStrategy[Call]] = {}  # by the operation's function
LISTED: dict[Any, list[Call]] = {}  # calls written out, with arrays of arbitrary numbers, each of which is tried
DOMAINS: dict[Any, tuple[Domain, ...]] = {}  # of the arguments of elementwise functions that need more than trying
WRITTEN: set[Any] = set()  # functions that have no other calls than those


class Shaped(NamedTuple):
    """A call without its arrays' numbers."""

    function: Any
    shapes: tuple[tuple[int, ...], ...]
    domain: Domain


generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def uniform(rng, shapes, low=-2.0, high=2.0):
    return tuple(rng.uniform(low, high, shape) for shape in shapes)


def case(function, strategy):
    """Declare calls of a function; together with those declared before, if there are any."""
    CASES[function] = CASES[function] | strategy if function in CASES else strategy
    WRITTEN.discard(function)


def drawn(function):
    """Decorate a function of `draw` and a random generator that returns a Call."""

    def declare(build):
        case(function, st.composite(lambda draw: build(draw, draw(generators)))())
        return build

    return declare


def listed(function, *calls, before=(), joined=False, domain=REAL):
    """Declare calls written out; `joined`: the function takes its arrays as one list, `before`: what it takes first."""
    shaped = [Shaped(bound(function, before, joined, args, kwargs), shapes, domain) for shapes, args, kwargs in calls]
    case(function, st.sampled_from(shaped).flatmap(filled))
    rng = np.random.default_rng(0)
    LISTED.setdefault(function, []).extend(
        Call(one.function, tuple(domain.fill(rng.bytes(200), shape) for shape in one.shapes)) for one in shaped
    )


def written(function, *calls):
    """Declare calls of an operation with their arrays, each of which is tried: `(function to call, *arrays)`."""
    made = [Call(call, tuple(arrays)) for call, *arrays in calls]
    alone = function not in CASES or function in WRITTEN
    case(function, st.sampled_from(made))
    if alone:
        WRITTEN.add(function)
    LISTED.setdefault(function, []).extend(made)


def bound(function, before, joined, args, kwargs):
    """Return the function of the arrays alone, under a name that tells the other arguments."""

    def call(*arrays):
        return function(*before, *([list(arrays)] if joined else arrays), *args, **kwargs)

    others = [*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())]
    if before or others:
        call.__name__ = f"{function.__name__}({', '.join([*map(repr, before), '...', *others])})"
    else:
        call.__name__ = function.__name__
    return call


def filled(shaped):
    def fill(dtype):
        return st.tuples(*(strategies.tensors(shape, shaped.domain, dtype) for shape in shaped.shapes))

    return strategies.dtypes().flatmap(fill).map(lambda arrays: Call(shaped.function, arrays))


def call(*shapes, args=(), **kwargs):
    """Describe a call: the arrays' shapes, then the positional and keyword arguments that follow the arrays."""
    return shapes, args, kwargs


def elementwise(function, *domains, dtype=None, **kwargs):
    """Declare an elementwise function of as many arguments as there are domains."""
    if dtype is None and not kwargs:
        DOMAINS.setdefault(function, domains)
    arrays = strategies.broadcastable(len(domains), domains, dtype or strategies.dtypes())
    case(function, arrays.map(lambda arrays: Call(function, arrays, kwargs)))


def reduction(function, *, empty=True, masked=None, **keywords):
    """Declare more keywords of a reduction than axis and keepdims: `masked` go with where=, `keywords` do not."""

    @drawn(function)
    def build(draw, rng):
        x, kwargs = draw(strategies.reduction_args(dtype=strategies.dtypes(), empty=empty))
        if keywords and draw(st.booleans()):
            kwargs.update(keywords)
        if masked is not None and draw(st.booleans()):
            kwargs.update(masked, where=rng.random(x.shape) < 0.7)
        return Call(function, (x,), kwargs)
