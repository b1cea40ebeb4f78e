"""The methods of a Value are NumPy's functions of the same name, with NumPy's arguments."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.calls.methods import ArrayMethods

A = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.5]])

RECORDED = {
    "sum": [(), (0,), {"axis": (0, 1)}, {"axis": -1, "keepdims": True}, {"dtype": np.float32}],
    "mean": [(), (1,), {"axis": 0, "keepdims": True}],
    "prod": [(), {"axis": 1}],
    "var": [(), {"axis": 0, "ddof": 1}],
    "std": [(), {"axis": 1, "keepdims": True}],
    "max": [(), {"axis": 0}, (1,)],
    "min": [(), {"axis": 0, "keepdims": True}],
    "cumsum": [(), (1,), {"axis": 0}],
    "cumprod": [(), (1,), {"axis": 0}],
    "trace": [(), (1,), {"offset": -1}],
    "diagonal": [(), (1,)],
    "take": [([0, 2],), ([0, 2], 1), {"indices": [1], "axis": 0}],
    "compress": [([True, False, True],), ([True, False, True], 1)],
    "clip": [(-1.0, 2.0), (None, 1.0), {"min": 0.0}, {"max": 0.0}],
    "copy": [()],
    "conj": [()],
    "conjugate": [()],
    "dot": [(np.ones(3),), (np.ones((3, 2)),)],
    "ravel": [(), ("F",)],
    "flatten": [(), ("F",), {"order": "C"}],
    "repeat": [(2,), (2, 0), {"repeats": [1, 2], "axis": 0}],
    "swapaxes": [(0, 1)],
    "reshape": [(3, 2), ((3, 2),), (-1,), (6,), {"order": "F", "shape": None}],
    "transpose": [(), (1, 0), ((1, 0),), (None,)],
    "squeeze": [()],
}


@pytest.mark.parametrize("name", RECORDED)
def test_methods_give_what_ndarrays_give_and_keep_the_graph(name):
    for arguments in RECORDED[name]:
        args, kwargs = ((), arguments) if isinstance(arguments, dict) else (arguments, {})
        if name == "reshape" and kwargs:
            args, kwargs = ((3, 2),), {"order": "F"}
        x = tl.Value(A)
        result = getattr(x, name)(*args, **kwargs)
        expected = getattr(A, name)(*args, **kwargs)
        assert type(result) is tl.Value
        assert result.requires_grad
        np.testing.assert_allclose(result.data, expected, rtol=1e-6)
        assert result.dtype == expected.dtype
        result.sum().backward()
        assert x.grad.shape == A.shape


@pytest.mark.parametrize("name", ["T", "mT", "real"])
def test_properties_keep_the_graph(name):
    x = tl.Value(A)
    result = getattr(x, name)
    assert isinstance(result, tl.Value)
    np.testing.assert_array_equal(result.data, getattr(A, name))
    (result * result).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * A)


def test_imag_of_complex_data():
    z = tl.Value(np.array([1 + 2j, 3 - 1j]))
    np.testing.assert_array_equal(z.imag.data, [2.0, -1.0])
    assert z.imag.requires_grad


@pytest.mark.parametrize("name", ["shape", "ndim", "size", "dtype", "nbytes"])
def test_plain_properties(name):
    assert getattr(tl.Value(A), name) == getattr(A, name)
    assert getattr(tl.Value(1.0), name) == getattr(np.float64(1), name)


@pytest.mark.parametrize("name", ["argmax", "argmin", "argsort", "any", "all", "round", "tolist"])
def test_plain_methods_are_numpys(name):
    for args in [()] if name in ("round", "tolist") else [(), (1,)]:
        if name == "argsort" and not args:
            args = (0,)
        result = getattr(tl.Value(A), name)(*args)
        assert not isinstance(result, tl.Value)
        np.testing.assert_array_equal(result, getattr(A, name)(*args))


def test_rounding_is_a_plain_array():
    assert round(tl.Value(2.567), 1) == 2.6
    np.testing.assert_array_equal(tl.Value(A).round(1), A.round(1))


def test_a_copy_does_not_share_its_parents_memory():
    x = tl.Value(A.copy())
    assert not np.shares_memory(x.copy().data, x.data)


def test_every_method_is_one_of_ndarray():
    own = {n for n, _ in inspect.getmembers(ArrayMethods) if not n.startswith("_")} - {"record", "graph"}
    assert own <= set(dir(np.ndarray)) | {"data", "requires_grad", "name", "op"}


def test_divmod():
    v = tl.Value(7.0)
    quotient, remainder = divmod(v, 2)
    assert (quotient, remainder.item()) == (3.0, 1.0)
    assert divmod(7, tl.Value(4.0))[1].item() == 3.0
