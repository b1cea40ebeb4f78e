"""The checker on functions with a vjp written by hand: NumPy, Numba, and CuPy by a stand-in."""

import sys
import types

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.testing import GradientError, adapters, check_gradients, check_rule

M = np.arange(6.0).reshape(2, 3) + 0.3


def test_pair_matches_gradients_to_nested_arguments():
    def vjp(g, p, scale):
        return {"y": scale * g * p["x"], "x": scale * g * p["y"]}, None

    product = adapters.pair(lambda p, scale: scale * p["x"] * p["y"], vjp, "product")
    assert check_gradients(product, {"x": M, "y": M + 1}, 3).count("pass") == 12
    with pytest.raises(ValueError, match="the vjp returned 1 gradients for 2 arguments"):
        check_gradients(adapters.pair(np.add, lambda g, a, b: g, "add"), M, M)


class RefusedError(Exception):
    """As compilers have: of no class that Python knows."""


def _only(*dtypes):
    def demand(x):
        if x.dtype.name not in dtypes:
            raise RefusedError(f"dtype {x.dtype}")

    return demand


@pytest.mark.parametrize("dtypes", [(np.float64,), (np.float32, np.float64), (np.float32,)])
@pytest.mark.parametrize("where", ["function", "vjp"])
def test_functions_that_take_few_dtypes(dtypes, where):
    demand = _only(*(np.dtype(dtype).name for dtype in dtypes))

    def cube(x):
        if where == "function":
            demand(x)
        return x * x * x

    def vjp(g, x, factor=3):
        demand(x)
        return factor * g * x * x

    x = (M / 3).astype(dtypes[0])
    report = check_gradients(adapters.pair(cube, vjp), x)
    assert report.count("pass") >= (3 if dtypes == (np.float32,) else 6)  # the differences are then as narrow
    with pytest.raises(GradientError, match=r"a constant factor of 1\.1"):
        check_gradients(adapters.pair(cube, lambda g, x: vjp(g, x, np.float32(3.3))), x)


def test_a_domain_assertion_inside_the_function():
    def entropy(x):
        assert np.all((x > 0) & (x < 1)), "probabilities"
        return -x * np.log(x)

    assert check_gradients(entropy, np.array([1e-3, 0.5, 0.999])).count("pass") == 3
    with pytest.raises(AssertionError, match="probabilities"):
        check_gradients(entropy, np.array([-1.0]))


def test_integer_results_are_explained():
    report = check_gradients(adapters.pair(lambda x: x.astype(int), lambda g, x: g), M, raise_exception=False)
    assert "is the result made of integers?" in report.text


def test_what_raises_no_exception_reports_all_failures():
    report = check_gradients(adapters.pair(lambda x: x * x, lambda g, x: g[0]), M, raise_exception=False)
    assert report.outcome == "fail"
    assert "needs the argument's shape" in report.text


@pytest.mark.slow
class TestNumba:
    def test_njit_with_a_vjp(self):
        numba = pytest.importorskip("numba", reason="the extra [compile]")

        @numba.njit
        def smooth(x):
            return x * np.tanh(x)

        @numba.njit
        def vjp(g, x):
            t = np.tanh(x)
            return g * (t + x * (1 - t * t))

        assert check_gradients(adapters.pair(smooth, vjp), M).count("pass") == 6
        wrong = numba.njit(lambda g, x: g * np.tanh(x))
        with pytest.raises(GradientError, match="gradient of argument 0"):
            check_gradients(adapters.pair(smooth, wrong, "smooth"), M)

    def test_vectorize_as_an_operation(self):
        numba = pytest.importorskip("numba", reason="the extra [compile]")
        cubed = numba.vectorize(["float64(float64)", "float32(float32)"])(lambda x: x**3)
        cube = tl.primitive(lambda g, y, x: 3 * g * x * x, elementwise=True)(lambda x: cubed(x))
        assert check_gradients(cube, M).count("pass") == 6
        check_rule(cube, M)


# -- CuPy: arrays that neither NumPy nor the other way round takes by itself ---------------------------------------


class DeviceArray:
    """A stand-in for an array on a GPU: NumPy cannot read it."""

    def __init__(self, array):
        self.array = array
        self.dtype, self.shape = array.dtype, array.shape

    def __mul__(self, other):
        return DeviceArray(self.array * getattr(other, "array", other))

    __rmul__ = __mul__

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")


@pytest.fixture
def stand_in(monkeypatch):
    module = types.ModuleType("cupy")
    module.ndarray = DeviceArray

    def asarray(x):
        assert x.dtype != np.longdouble, "no longdouble on the GPU"
        return DeviceArray(np.array(x))

    module.asarray = asarray
    module.asnumpy = lambda x: x.array
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def test_cupy_kernels_with_a_vjp(stand_in):
    def square(x):
        assert isinstance(x, DeviceArray)
        return x * x

    report = check_gradients(adapters.cupy(square, lambda g, x: 2 * g * x), stand_in.asarray(M))
    assert report.count("pass") == 6
    with pytest.raises(GradientError, match=r"a constant factor of 1\.5"):
        check_gradients(adapters.cupy(square, lambda g, x: 3 * g * x), M)
