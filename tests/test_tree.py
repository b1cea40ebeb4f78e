"""Nested containers as flat lists."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_lab import tree
from tinygrad_lab.errors import GraphError

Pair = namedtuple("Pair", ["a", "b"])

trees = st.recursive(
    st.none() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.tuples(inner, inner).map(lambda pair: Pair(*pair))
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.dictionaries(st.integers(), inner, max_size=3).map(OrderedDict)
    ),
    max_leaves=12,
)


@given(trees)
def test_flattening_and_rebuilding_is_the_identity(container):
    leaves, rebuild = tree.flatten(container)
    rebuilt = rebuild(leaves)
    assert rebuilt == container
    assert type(rebuilt) is type(container)
    assert tree.match("it", container, container) == leaves
    assert tree.map(lambda x: x, container) == container


@given(trees)
def test_map_reaches_every_leaf_and_no_other(container):
    seen = []
    tree.map(seen.append, container)
    assert seen == tree.flatten(container)[0]
    assert all(isinstance(leaf, int) for leaf in seen)


@given(trees)
def test_rebuilding_does_not_touch_the_original(container):
    before = repr(container)
    leaves, rebuild = tree.flatten(container)
    rebuild(["other"] * len(leaves))
    assert repr(container) == before


def test_a_defaultdict_stays_one():
    counts = defaultdict(int, a=1)
    assert tree.map(lambda x: x + 1, counts)["missing"] == 0


def test_dicts_correspond_by_key():
    assert tree.map(lambda x, y: (x, y), {"a": 1, "b": 2}, {"b": 20, "a": 10}) == {"a": (1, 10), "b": (2, 20)}


def test_a_leaf_corresponds_to_whatever_is_there():
    assert tree.match("it", [0, 0], [(1, 2), None]) == [(1, 2), None]


@pytest.mark.parametrize(
    ("container", "other", "text"),
    [
        ([1, 2], [1], r"it must be nested like a list of 2, got a list of 1"),
        ([1], 5, r"it must be nested like a list of 1, got a int"),
        ({"a": 1}, {"b": 1}, r"a dict with the keys \['a'\], got a dict with the keys \['b'\]"),
        ({"a": 1}, [1], r"a dict with the keys \['a'\], got a list of 1"),
        ([1], {"a": 1}, r"a list of 1, got a dict with the keys"),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, r"a list of 2, got a list of 3"),
        (None, [1], r"got a list of 1"),
    ],
)
def test_containers_that_differ_are_refused(container, other, text):
    with pytest.raises(GraphError, match=text):
        tree.match("it", container, other)


def test_leaves_and_vectors():
    import numpy as np

    import tinygrad_lab as tl
    from tests.rules.numeric import check_gradients

    assert tree.leaves({"a": [1, None], "b": Pair(2, (3,))}) == [1, 2, 3]
    model = tl.nn.Sequential(tl.nn.Linear(2, 3), tl.nn.Linear(3, 1)).astype("float32")
    vector, unravel = tl.tree.ravel(model)
    assert vector.shape == (13,)
    again = unravel(vector)
    for name, array in again.state_dict().items():
        np.testing.assert_array_equal(array, model.state_dict()[name])
        assert array.dtype == np.float32
    np.sum(vector**2).backward()
    np.testing.assert_array_equal(model[0].weight.grad, 2 * model[0].weight.data)
    _, back = tl.tree.ravel({"a": np.ones((2, 2)), "b": [np.ones(3), 1.0]})
    check_gradients(lambda v: [np.sin(leaf) for leaf in tl.tree.leaves(back(v))], np.arange(8.0))
    with pytest.raises(GraphError, match=r"unravel: vector must have 8 elements, got shape \(7,\)"):
        back(np.ones(7))
    assert tl.tree.ravel([])[0].shape == (0,)
