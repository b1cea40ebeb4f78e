"""How calls of an operation are drawn, for the tests that every operation has to pass."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st


class Call(NamedTuple):
    """`function(*arrays)` is the call; what is not differentiated is inside `function`."""

    function: Any
    arrays: tuple[np.ndarray, ...]


SHAPES = [(), (1,), (3,), (0,), (2, 3), (1, 4), (2, 0), (2, 1, 3), (2, 3, 2)]
PAIRS = [((), ()), ((3,), ()), ((), (2, 3)), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((1,), (2, 3)),
         ((2, 1, 3), (4, 1)), ((0,), (1,)), ((2, 0), (2, 1))]  # fmt: skip
CASES: dict[Any, st.SearchStrategy[list[Call]]] = {}  # each draws calls that are all to be tried

generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def uniform(rng, shapes, low=-2.0, high=2.0):
    return tuple(rng.uniform(low, high, shape) for shape in shapes)


def drawn(function):
    """Decorate a function of `draw` and a random generator that returns a Call."""

    def declare(build):
        CASES[function] = st.composite(lambda draw: [build(draw, draw(generators))])()
        return build

    return declare


def listed(function, *calls, joined=False):
    """Declare calls written out; `joined`: the function takes its arrays as one list."""

    def bind(shapes, args, kwargs):
        arrays = uniform(np.random.default_rng(0), shapes)
        return Call(lambda *arrays: function(*([list(arrays)] if joined else arrays), *args, **kwargs), arrays)

    CASES[function] = st.just([bind(*call) for call in calls])


def call(*shapes, args=(), **kwargs):
    """Describe a call: the arrays' shapes, then the positional and keyword arguments that follow the arrays."""
    return shapes, args, kwargs


def elementwise(function, *domains, complex_too=True, signs=False):
    """Declare an elementwise function of as many arguments as there are domains: intervals, mirrored with `signs`."""

    @drawn(function)
    def build(draw, rng):
        shapes = draw(st.sampled_from(PAIRS)) if len(domains) == 2 else (draw(st.sampled_from(SHAPES)),)
        arrays = [rng.uniform(*domain, shape) for domain, shape in zip(domains, shapes, strict=True)]
        if signs:
            arrays = [array * rng.choice([-1, 1], array.shape) for array in arrays]
        if complex_too and draw(st.booleans()):
            arrays = [array + 1j * rng.uniform(-0.3, 0.3, array.shape) for array in arrays]
        return Call(function, tuple(arrays))


def reduction(function, *, empty=True, masked=None, **keywords):
    """Declare every axis, negative ones and tuples of them, with and without keepdims.

    `masked` are keywords that go with where=, `keywords` ones that are tried besides.
    """

    @drawn(function)
    def build(draw, rng):
        shape = draw(st.sampled_from([shape for shape in SHAPES if empty or 0 not in shape]))
        axis = st.none()
        if shape:
            axis |= st.integers(-len(shape), len(shape) - 1)
            axis |= st.lists(st.integers(0, len(shape) - 1), unique=True).map(tuple)
        kwargs = draw(st.fixed_dictionaries({}, optional={"axis": axis, "keepdims": st.booleans()}))
        if draw(st.booleans()):
            kwargs.update(keywords)
        if masked is not None and draw(st.booleans()):
            kwargs.update(masked, where=rng.random(shape) < 0.7)
        return Call(lambda x: function(x, **kwargs), uniform(rng, [shape]))
