"""What other libraries hand to a Value, and what they do when they are handed one: right, or refused by name."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.errors import ArgumentTypeError, GradientLostError, LabError

sparse = pytest.importorskip("scipy.sparse")
pd = pytest.importorskip("pandas")

DENSE = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
FORMATS = ["csr_array", "csc_array", "coo_array", "bsr_array", "csr_matrix", "lil_matrix"]


def matrix(kind):
    return getattr(sparse, kind)(DENSE)


# -- sparse matrices are constants -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda S, v: S @ v, (3,)),
        (lambda S, v: S @ v, (3, 4)),
        (lambda S, v: v @ S, (2,)),
        (lambda S, v: v @ S, (4, 2)),
        (lambda S, v: S.T @ (S @ v) ** 2, (3,)),
    ],
)
def test_products_with_sparse_matrices_have_derivatives_of_two_orders(kind, call, shape):
    v = np.random.default_rng(0).normal(size=shape)
    S = matrix(kind)
    np.testing.assert_allclose(call(S, tl.Value(v)).data, call(DENSE, v))
    check_gradients(lambda v: np.sin(call(S, v)), v)


def test_numpys_products_of_a_value_take_sparse_matrices():
    S, v = matrix("csr_array"), tl.Value([1.0, 2.0, 3.0])
    np.testing.assert_allclose(np.matmul(S, v).data, DENSE @ v.data)
    np.testing.assert_allclose(np.dot(v, S.T).data, DENSE @ v.data)


@pytest.mark.parametrize("call", [lambda S, v: v * S, lambda S, v: v + S, lambda S, v: v - S])
def test_elementwise_operations_take_sparse_arrays_as_dense_ones(call):
    v = np.random.default_rng(0).normal(size=(2, 3))
    np.testing.assert_allclose(call(matrix("csr_array"), tl.Value(v)).data, call(DENSE, v))
    check_gradients(lambda v: call(matrix("csr_array"), v), v)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda v: v * matrix("csr_matrix"),
            r"multiply: needs dense arrays, not a csr_matrix; pass its \.toarray\(\)",
        ),
        (lambda v: matrix("csr_array") * v, r"scipy\.sparse\.multiply: .* use v \* S, with the Value on the left"),
        (lambda v: np.einsum("ij,ij", matrix("csr_array"), v), r"einsum: needs dense arrays, not a csr_array"),
        (lambda v: tl.Value(matrix("csr_array")), r"^Value: .*, got csr_array; needs dense arrays"),
    ],
)
def test_what_sparse_matrices_cannot_do_is_refused_when_it_is_recorded(call, text):
    with pytest.raises(TypeError, match=text):
        call(tl.Value(np.ones((2, 3))))


# -- tables are arrays -----------------------------------------------------------------------------------------------

TABLE = pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4]}, index=[7, 8])


@pytest.mark.parametrize("given", [TABLE["a"], TABLE, TABLE["b"]])
@pytest.mark.parametrize(
    "call",
    [
        lambda t, v: t * v,
        lambda t, v: v * t,
        lambda t, v: t - v,
        lambda t, v: v / t,
        lambda t, v: v**t,
        lambda t, v: v @ t,
        lambda t, v: np.add(t, v),
        lambda t, v: np.maximum(v, t),
        lambda t, v: np.where(t > 1, v, t),
        lambda t, v: np.dot(v, t),
    ],
)
def test_tables_that_meet_a_value_are_arrays(given, call):
    v = np.array([0.5, 2.0])
    array = np.asarray(given).astype(float)
    result = call(given, tl.Value(v))
    assert type(result.data) in (np.ndarray, np.float64)
    np.testing.assert_allclose(result.data, call(array, v))
    assert repr(result).startswith("Value(")


@pytest.mark.parametrize("given", [pd.Index([1.0, 2.0]), TABLE["b"].convert_dtypes(), TABLE.convert_dtypes()])
def test_so_are_an_index_and_columns_of_nullable_types(given):
    v = tl.Value([0.5, 2.0])
    for result in (v * given, given * v, v @ given):
        assert result.data.dtype == np.float64


@pytest.mark.parametrize(
    "make",
    [
        lambda: tl.nn.Linear(2, 3),
        lambda: tl.nn.LayerNorm(2),
        lambda: tl.nn.BatchNorm1D(2),
        lambda: tl.nn.RMSNorm(2),
        lambda: tl.nn.PReLU(),
        lambda: tl.nn.Dropout(0.0, rng=np.random.default_rng(0)),
        lambda: tl.nn.RNNCell(2, 3),
        lambda: tl.nn.Sequential(tl.nn.Linear(2, 2), tl.nn.ReLU(), tl.nn.Linear(2, 1)),
    ],
)
def test_models_take_tables(make):
    model = make()
    found, expected = model(TABLE), model(TABLE.to_numpy())
    np.testing.assert_allclose(tl.nn.Identity()(found * tl.Value(1.0)).data, (expected * tl.Value(1.0)).data)
    assert type(found) in (tl.Value, np.ndarray)


def test_a_forward_of_ones_own_gets_the_table_itself():
    class ByName(tl.nn.Module):
        def __init__(self):
            self.slope = tl.Value(2.0)

        def forward(self, table):
            return self.slope * table["a"]

    np.testing.assert_array_equal(ByName()(TABLE).data, [2, 4])


def test_values_of_tables_and_targets_that_are_tables():
    np.testing.assert_array_equal(tl.Value(TABLE).data, TABLE.to_numpy())
    assert np.isnan(tl.Value(pd.Series([1, None], dtype="Int64")).data[1])
    scores = tl.Value(np.zeros((2, 2)))
    assert tl.functional.cross_entropy(scores, pd.Series([0, 1])).item() == pytest.approx(np.log(2))
    with pytest.raises(ArgumentTypeError, match=r"^Value: .*; this DataFrame has columns without numbers"):
        tl.Value(pd.DataFrame({"a": [1.0], "name": ["x"]}))
    with pytest.raises(ArgumentTypeError, match="select the columns of numbers"):
        tl.Value([1.0]) * pd.Series(["x"])


# -- what leaves, and what would be lost -----------------------------------------------------------------------------


def lost(module, call):
    library = pytest.importorskip(module)
    return lambda: call(library, tl.Value([1.0, 2.0, 4.0]))


@pytest.mark.parametrize(
    ("module", "call", "text"),
    [
        ("scipy.linalg", lambda m, v: m.expm(v[:, None] * v), r"scipy\.linalg\.expm: .* use tl\.functional\.expm"),
        ("scipy.linalg", lambda m, v: m.solve(np.eye(3), v), r"scipy\.linalg\.solve: .* use np\.linalg\.solve"),
        ("scipy.linalg", lambda m, v: m.toeplitz(v), r"scipy\.linalg\.toeplitz: .* tl\.primitive"),
        ("scipy.special", lambda m, v: m.logsumexp(v), r"scipy\.special\.logsumexp: .* tl\.functional\.logsumexp"),
        ("scipy.special", lambda m, v: m.softmax(v), r"scipy\.special\.softmax: .* tl\.functional\.softmax"),
        ("scipy.stats", lambda m, v: m.norm.pdf(v), r"scipy\.stats\.pdf: .* tl\.primitive"),
        ("scipy.stats", lambda m, v: m.zscore(v), r"scipy\.stats\.zscore: "),
        ("scipy.signal", lambda m, v: m.convolve(v, [1, 2]), r"scipy\.signal\.convolve: "),
        ("scipy.signal", lambda m, v: m.savgol_filter(v, 3, 1), r"scipy\.signal\.savgol_filter: "),
        ("scipy.interpolate", lambda m, v: m.CubicSpline(v, v.data), r"scipy\.interpolate\.CubicSpline: "),
        ("scipy.interpolate", lambda m, v: m.interp1d([0, 9], [0, 1])(v), r"scipy\.interpolate\.interp1d: "),
        ("pandas", lambda m, v: m.Series(v), r"pandas\.Series: .*pass v\.data or v\.detach\(\)"),
        ("pandas", lambda m, v: TABLE @ v[:2], r"pandas\.dot: .*use table\.to_numpy\(\) @ v"),
        ("numpy", lambda m, v: m.full(3, v[0]), r"full: .* use np\.broadcast_to\(v, shape\)"),
        ("numpy", lambda m, v: m.full_like(np.ones(3), v[0]), r"np\.broadcast_to\(v, shape\) for np\.full_like"),
        ("numpy", lambda m, v: m.array([[v[0], 1.0]]), r"asarray: .* join Values with tl\.array\(\[v, w\]\)"),
    ],
)
def test_the_error_names_the_function_that_would_lose_the_graph(module, call, text):
    with pytest.raises(GradientLostError, match=text):
        lost(module, call)()


def test_a_value_that_requires_no_gradient_is_an_array_to_everyone():
    v = tl.Value([1.0, 2.0, 4.0])
    for given in (v.detach(), tl.Value([1.0, 2.0, 4.0], requires_grad=False)):
        np.testing.assert_array_equal(np.asarray(given), v.data)
        assert np.asarray(given, dtype=np.float32).dtype == np.float32
        assert pd.Series(given).sum() == 7
        assert pd.DataFrame({"a": given}).shape == (3, 1)
        assert np.array(given) is not v.data
    with tl.no_grad():
        np.testing.assert_array_equal(np.asarray(v * 2), [2, 4, 8])
    assert float(v[0].detach()) == 1
    assert np.asarray(tl.Value(1.0, requires_grad=False)).shape == ()


def test_plots_take_detached_values():
    plt = pytest.importorskip("matplotlib.pyplot")
    v = tl.Value([1.0, 2.0, 4.0])
    figure, axes = plt.subplots()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        d = v.detach()
        assert axes.plot(d, d * d)[0].get_ydata().tolist() == [1, 4, 16]
        axes.scatter(d, d), axes.bar(d, d), axes.hist(d), axes.fill_between(d, d, d + 1), axes.errorbar(d, d, yerr=d)
        axes.imshow(d[:, None] * d)
        axes.contourf(d[:, None] * d)
        figure.canvas.draw()
    with pytest.raises(GradientLostError, match=r"matplotlib\.imshow: a Value .* would become a plain array"):
        axes.imshow(v[:, None] * v)
    plt.close(figure)


# -- habits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_manual_updates_under_no_grad_change_the_leaf_itself(dtype):
    model = tl.nn.Linear(2, 1, dtype=dtype)
    before = [p.data for p in model.parameters()]
    np.sum(model(np.ones((3, 2), dtype)) ** 2).backward()
    with tl.no_grad():
        for p in model.parameters():
            p -= 0.1 * p.grad
    for p, old in zip(model.parameters(), before, strict=True):
        np.testing.assert_allclose(p.data, old - dtype(0.1) * p.grad, rtol=1e-6)
        assert (p.dtype, p.requires_grad, p.is_leaf) == (dtype, True, True)
    p = model.bias
    with tl.no_grad():
        p += 1
        p *= 2
        p /= 2
        np.testing.assert_allclose(model.bias.data, p.data)
        with pytest.raises(RuntimeError, match=r"the leaf has shape \(1,\) and would get \(2, 1\)"):
            p -= np.ones((2, 1))


def test_elsewhere_such_an_update_binds_the_name_anew():
    p = q = tl.Value([1.0, 2.0])
    p += q
    assert p is not q
    with tl.no_grad():
        total = tl.Value(0.0, requires_grad=False)
        total += 1.0
        assert total.item() == 1


@pytest.mark.parametrize("name", ["grad", "value_and_grad", "jacobian", "hessian", "vjp"])
def test_a_transform_of_a_result_is_refused_where_it_is_written(name):
    x = tl.Value(1.0)
    with pytest.raises(ArgumentTypeError, match=r"takes a function, not a Value; write .*y\.backward\(\)"):
        getattr(tl, name)(x * 2, x)
    if name != "vjp":
        with pytest.raises(ArgumentTypeError, match=r"argnums must be a position or a tuple of positions, got Value"):
            getattr(tl, name)(np.tanh, x)


@pytest.mark.parametrize("shape", [(4, 4), (4, 1), (3, 3), (4,)])
def test_targets_of_probabilities_must_have_the_shape_of_the_scores(shape):
    with pytest.raises(ValueError, match=r"cross_entropy: scores of shape .*got float64"):
        tl.functional.cross_entropy(tl.Value(np.ones((4, 3))), np.ones(shape) / 3)


def test_minibatches_of_rows_that_do_not_match():
    with pytest.raises(LabError, match="minibatches: 4 rows of inputs do not match 3 rows of targets"):
        next(tl.lab.data.minibatches((np.ones((4, 1)), np.ones(3)), 2, np.random.default_rng(0)))


def test_arrays_of_nested_values():
    check_gradients(lambda t: tl.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]), np.array(0.3))
    check_gradients(lambda a, b: tl.array([a, [1.0, b[0]], (b[1], 2)]), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    narrow = tl.Value(np.float32(1.0))
    assert tl.array([narrow, 2.0]).dtype == np.float32
    assert tl.array([narrow, 2.0], dtype=np.float64).dtype == np.float64
    assert tl.array([[1, 2]]).shape == (1, 2)
    assert not tl.array([1.0]).requires_grad
    with pytest.raises(ValueError, match="stack"):
        tl.array([narrow, [narrow, 1.0]])


class Tensor:
    """Stands for PyTorch's where that is not installed: what the package asks of it."""

    __module__ = "torch"
    __array_priority__ = 1000

    def __init__(self, numbers, requires_grad=False):
        self.numbers, self.requires_grad, self.shape = numbers, requires_grad, numbers.shape

    def detach(self):
        return Tensor(self.numbers)

    def cpu(self):
        return self

    def numpy(self):
        return self.numbers

    def __array__(self, dtype=None, copy=None):
        return self.numbers


def tensors():
    try:
        import torch
    except ImportError:
        return Tensor
    return lambda numbers, requires_grad=False: torch.tensor(numbers, requires_grad=requires_grad)


def test_a_tensor_of_pytorch_is_a_constant_array():
    make, numbers, places = tensors(), np.array([[1.0, -2.0, 0.5]]), np.array([2])
    linear = tl.nn.Linear(3, 3, rng=np.random.default_rng(0))
    for function in (
        lambda x, y, v: v * x,
        lambda x, y, v: v - x,
        lambda x, y, v: x @ v.T,
        lambda x, y, v: np.add(v, x),
        lambda x, y, v: tl.functional.mse_loss(v, x),
        lambda x, y, v: tl.functional.cross_entropy(v, y),
        lambda x, y, v: linear(x) * v,
    ):
        mine, theirs = tl.Value(numbers), tl.Value(numbers)
        expected, found = function(numbers, places, mine), function(make(numbers), make(places), theirs)
        np.testing.assert_array_equal(found.data, expected.data)
        np.sum(expected).backward()
        np.sum(found).backward()
        np.testing.assert_array_equal(theirs.grad, mine.grad)
        assert type(found.data) is type(expected.data)


def test_a_tensor_that_pytorch_differentiates_by_is_refused():
    tracked = tensors()(np.ones(3), requires_grad=True)
    with pytest.raises(
        GradientLostError, match=r"a Tensor of PyTorch's that requires a gradient .* pass tensor.detach"
    ):
        tl.Value(np.ones(3)) * tracked
