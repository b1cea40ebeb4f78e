"""What a Value is: its data, its identity, what leaves the graph openly and what is refused."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import weakref

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import GradientLostError, GraphError, TinygradError

FLOATS = [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128, np.clongdouble]
INTEGERS = [np.bool_, np.int8, np.uint8, np.int32, np.int64, np.uint64]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0)])
def test_floating_and_complex_dtypes_are_kept(dtype, shape):
    v = tl.Value(np.ones(shape, dtype))
    assert v.dtype == dtype
    assert v.shape == shape


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("shape", [(), (3,)])
def test_integers_become_float64(dtype, shape):
    v = tl.Value(np.ones(shape, dtype))
    assert v.dtype == np.float64
    assert np.all(v.data == 1)


@pytest.mark.parametrize("data", [2, 2.0, True, np.float64(2), np.array(2.0), np.int64(2)])
def test_a_0d_value_holds_a_numpy_scalar(data):
    v = tl.Value(data)
    assert type(v.data) is np.float64
    assert (v.shape, v.ndim, v.size) == ((), 0, 1)


def test_nested_lists_are_arrays():
    np.testing.assert_array_equal(tl.Value([[1, 2], (3, 4)]).data, [[1.0, 2.0], [3.0, 4.0]])
    assert tl.Value([]).shape == (0,)
    assert tl.Value(1 + 2j).dtype == np.complex128


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("seven", r"got dtype <U5"),
        (None, r"got dtype object"),
        (10**30, r"got dtype object"),
        ({1.0}, r"got dtype object"),
        (object(), r"got dtype object"),
        ([[1, 2], [3]], r"got list; .*inhomogeneous"),
        (tl.Value(1.0), r"got a Value; pass v\.data"),
        ([tl.Value(1.0), 2.0], r"got list; .*tl\.array"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), r"got dtype datetime64"),
        (np.array([1.0, None], dtype=object), r"got dtype object"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), r"got a masked array"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(data, text):
    with pytest.raises(TypeError, match=r"Value: data must be an array of numbers, " + text):
        tl.Value(data)


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_subclass_of_ndarray_becomes_an_ndarray_so_that_operators_mean_what_their_rules_say():
    v = tl.Value(np.matrix([[1.0, 2.0], [3.0, 4.0]]))
    assert type(v.data) is np.ndarray
    np.testing.assert_array_equal((v * v).data, [[1.0, 4.0], [9.0, 16.0]])


def test_arguments_are_keyword_only_and_recorded():
    with pytest.raises(TypeError):
        tl.Value(1.0, False)
    v = tl.Value(1.0, requires_grad=False, name="bias")
    assert (v.requires_grad, v.name, v.grad, v.op, v.parents, v.is_leaf) == (False, "bias", None, None, (), True)


def test_subclasses_are_refused_because_operations_would_take_them_for_constants():
    with pytest.raises(TypeError, match=r"Value: Parameter cannot be a subclass of Value, .*nn\.Module"):
        type("Parameter", (tl.Value,), {})


def test_no_unknown_attribute_can_be_set():
    with pytest.raises(AttributeError):
        tl.Value(1.0).gard = 3


def test_constants_give_values_without_a_graph():
    a, b = tl.Value([1.0, 2.0], requires_grad=False), tl.Value(3.0, requires_grad=False)
    y = np.tanh(a * b) + 1
    assert isinstance(y, tl.Value)
    assert not y.requires_grad
    assert y.is_leaf
    assert (y.parents, y.saved) == ((), ())


def test_detach_shares_the_data_and_drops_the_history():
    x = tl.Value([1.0, 2.0], name="x")
    y = (x * 2).detach()
    assert not y.requires_grad
    assert y.is_leaf
    assert x.detach().data is x.data
    assert x.detach().name == "x"
    (x * y).sum().backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


# -- leaving the graph: openly or not at all -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "leave",
    [
        np.asarray,
        np.array,
        np.float64,
        lambda v: np.array([v, v]),
        lambda v: np.array([v, 1.0], dtype=object),
        lambda v: np.zeros(2).__setitem__(slice(None), v),
        lambda v: np.full((2,), v),
        lambda v: np.random.default_rng(0).normal(v),
        lambda v: np.fromiter([v], float),
    ],
)
def test_becoming_an_array_silently_is_refused(leave):
    with pytest.raises((GradientLostError, ValueError), match=r"v\.data|setting an array element"):
        leave(tl.Value(1.5))


@pytest.mark.parametrize("function", [float, int, complex, math.sin, math.floor, lambda v: [1][v]])
def test_becoming_a_python_number_is_refused_with_what_to_do(function):
    with pytest.raises(GradientLostError, match=r"would become a plain number .*.*v\.item\(\) or v\.data"):
        function(tl.Value(0.0))


def test_without_gradient_numbers_come_out_and_item_always_does():
    v = tl.Value(2.0, requires_grad=False)
    assert (float(v), int(v), complex(v), math.sqrt(v)) == (2.0, 2, 2 + 0j, math.sqrt(2.0))
    assert tl.Value(2.5).item() == 2.5
    assert type(tl.Value(2.5).item()) is float
    assert tl.Value([[1.0, 2.0]]).item(1) == 2.0
    assert tl.Value([[1.0, 2.0]]).tolist() == [[1.0, 2.0]]


def test_writing_in_place_is_refused_and_names_at():
    v = tl.Value([1.0, 2.0])
    with pytest.raises(TypeError, match=r"setitem: v\[i\] = x cannot write into a Value; .*v\.at\[i\]\.set\(x\)"):
        v[0] = 5.0
    with pytest.raises(TypeError, match=r"out= cannot take the result"):
        np.add(v, 1, out=np.zeros(2))
    with pytest.raises(TypeError, match=r"out= cannot take the result"):
        np.sum(v, out=np.zeros(()))
    array = np.zeros(2)
    with pytest.raises(TypeError, match=r"array = array \+ v instead of array \+= v"):
        array += v
    with pytest.raises(TypeError):
        np.add.at(array, [0], v)
    np.testing.assert_array_equal(array, 0)
    np.testing.assert_array_equal(v.data, [1.0, 2.0])


@pytest.mark.parametrize("operator", ["+=", "-=", "*=", "/=", "**=", "@="])
def test_augmented_assignment_rebinds(operator):
    v = x = tl.Value([1.0, 2.0])
    scope = {"v": v, "w": np.array([2.0, 3.0])}
    exec(f"v {operator} w", scope)
    assert scope["v"] is not x
    assert scope["v"].parents[0] is x
    np.testing.assert_array_equal(x.data, [1.0, 2.0])


# -- identity --------------------------------------------------------------------------------------------------------


def test_hash_and_keys_go_by_identity():
    a, b = tl.Value(1.0), tl.Value(1.0)
    assert {a: "a", b: "b"}[a] == "a"
    assert len({a, b, a}) == 2
    assert hash(a) != hash(b)


def test_comparisons_are_plain_arrays_in_both_directions():
    v, w = tl.Value([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    for result, expected in [
        (v < w, [True, False, False]),
        (v <= w, [True, True, False]),
        (v > w, [False, False, True]),
        (v >= w, [False, True, True]),
        (v == w, [False, True, False]),
        (v != w, [True, False, True]),
        (w < v, [False, False, True]),
        (w == v, [False, True, False]),
        (v < tl.Value(2.0), [True, False, False]),
        (np.greater_equal(v, 2), [False, True, True]),
        (np.less(v, w), [True, False, False]),
        (np.isclose(v, w), [False, True, False]),
    ]:
        assert type(result) is np.ndarray
        np.testing.assert_array_equal(result, expected)


def test_truth_length_iteration_and_membership_are_numpys():
    v = tl.Value([1.0, 0.0])
    assert len(v) == 2
    assert [type(x) for x in v] == [tl.Value, tl.Value]
    assert 1.0 in v
    assert 7.0 not in v
    assert bool(tl.Value(2.0)) is True
    assert not tl.Value(0.0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(v)
    for sizeless in (len, iter, list):
        with pytest.raises(TypeError):
            sizeless(tl.Value(1.0))


def test_iterating_keeps_the_graph():
    x = tl.Value([1.0, 2.0, 3.0])
    a, b, c = x
    (a * b * c).backward()
    np.testing.assert_array_equal(x.grad, [6.0, 3.0, 2.0])
    x.grad = None
    sum(x).backward()
    np.testing.assert_array_equal(x.grad, [1.0, 1.0, 1.0])


# -- copies ----------------------------------------------------------------------------------------------------------


def pickled(v):
    return pickle.loads(pickle.dumps(v))


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickled])
def test_leaves_are_copied(duplicate):
    v = tl.Value([1.0, 2.0], name="w")
    np.sum(v * v).backward()
    w = duplicate(v)
    assert w is not v
    np.testing.assert_array_equal(w.data, v.data)
    np.testing.assert_array_equal(w.grad, v.grad)
    assert (w.name, w.requires_grad, w.dtype) == ("w", True, v.dtype)
    np.sum(w).backward()
    np.testing.assert_array_equal(w.grad, [3.0, 5.0])
    np.testing.assert_array_equal(v.grad, [2.0, 4.0])


def test_deepcopy_shares_no_memory():
    v = tl.Value([1.0, 2.0])
    assert not np.shares_memory(copy.deepcopy(v).data, v.data)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickled])
def test_results_are_not_copied(duplicate):
    with pytest.raises(
        GraphError, match=r"copy: only leaves can be copied, and this is the result of multiply; .*v\.detach\(\)"
    ):
        duplicate(tl.Value(2.0) * 3)


# -- text ------------------------------------------------------------------------------------------------------------


def test_repr_shows_the_data_and_what_is_unusual():
    x = tl.Value([1.0, 2.0], name="x")
    assert repr(x) == "Value([1., 2.], name='x')"
    assert repr(x * 2) == "Value([2., 4.], op=multiply)"
    assert repr(tl.Value(np.float32(2))) == "Value(2., dtype=float32)"
    assert repr(x.detach()) == "Value([1., 2.], name='x', requires_grad=False)"
    assert len(repr(tl.Value(np.zeros((1000, 1000))))) < 1000


def test_format_follows_the_number():
    assert f"{tl.Value(2.0):.3f}" == "2.000"
    assert f"{tl.Value(2.0)}" == "Value(2.)"


def test_printing_does_not_compute_a_lazy_array():
    da = pytest.importorskip("dask.array")

    def explode(block):
        raise AssertionError("computed")

    assert "dask" in repr(tl.Value(da.from_array(np.ones(3)).map_blocks(explode, dtype=float)))


# -- memory ----------------------------------------------------------------------------------------------------------


def test_an_intermediate_dies_with_its_result_without_the_garbage_collector():
    gc.disable()
    try:
        x = tl.Value([1.0, 2.0])
        middle = np.tanh(x * 3)
        ghost = weakref.ref(middle)
        result = np.sum(middle * middle)
        del middle
        assert ghost() is not None
        result.backward()
        del result
        assert ghost() is None
    finally:
        gc.enable()


def test_transforms_leave_nothing_behind():
    ghosts = []

    def f(v):
        w = np.sum(np.tanh(v) * v)
        ghosts.append(weakref.ref(w))
        return w

    gc.disable()
    try:
        tl.grad(f)(np.ones(2))
        tl.hvp(f, np.ones(2), np.ones(2))
        tl.jvp(f, (np.ones(2),), (np.ones(2),))
        assert [ghost() for ghost in ghosts] == [None] * len(ghosts)
    finally:
        gc.enable()


def test_no_grad_keeps_nothing_alive():
    x = tl.Value([1.0, 2.0])
    with tl.no_grad():
        y = np.tanh(x)
    assert (y.parents, y.saved, y.op) == ((), (), None)


def test_every_error_is_a_tinygrad_error_and_a_builtin_one():
    assert issubclass(GradientLostError, TinygradError)
    assert issubclass(GradientLostError, TypeError)
    assert issubclass(GraphError, TinygradError)
    assert issubclass(GraphError, RuntimeError)


# -- Values inside Values --------------------------------------------------------------------------------------------


def objects_holding(v):
    array = np.empty(2, object)
    array[0], array[1] = v, 1.0
    return array


@pytest.mark.parametrize(
    "make",
    [lambda v: v, lambda v: [v, v], lambda v: [[v]], objects_holding, lambda v: np.array("x"), lambda v: {"a": v}],
)
def test_a_value_of_values_is_refused(make):
    with pytest.raises(TypeError, match=r"Value: data must be an array of numbers, got .+"):
        tl.Value(make(tl.Value(2.0)))


@pytest.mark.parametrize(
    "call",
    [
        lambda v, objects: v * objects,
        lambda v, objects: objects * v,
        lambda v, objects: np.multiply(objects, v),
        lambda v, objects: objects @ np.stack([v, v]),
        lambda v, objects: np.stack([v, v]) - objects,
    ],
)
def test_an_array_of_objects_that_hold_values_is_refused_where_it_meets_a_value(call):
    v = tl.Value(2.0)
    with pytest.raises(GraphError, match=r"an input holds Values .*; join Values with np.stack"):
        call(v, objects_holding(v))


@pytest.mark.parametrize(
    "use",
    [
        lambda p: p * 2,
        lambda p: np.sum(p),
        lambda p: 1 / p,
        lambda p: p @ np.ones(2),
        lambda p: tl.functional.sigmoid(p),
        lambda p: tl.functional.linear(np.ones((3, 2)), p),
    ],
)
def test_data_that_was_made_a_value_is_refused_at_its_next_use(use):
    p = tl.Value([1.0, 2.0])
    p.data = p - 0.1 * p
    with pytest.raises(
        GraphError, match=r"an input holds Values .* as the data of another Value; .* assign arrays, as in p.data ="
    ):
        use(p)
