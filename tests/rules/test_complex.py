"""The gradient of a real function of z = a + bi is df/da - i df/db, as in JAX and autograd."""

import numpy as np
import pytest

import tinygrad_lab as tl


def test_the_absolute_value():
    assert tl.grad(abs)(3 + 4j) == pytest.approx(0.6 - 0.8j)
    assert tl.grad(abs)(0j) == 0


def test_a_holomorphic_function_has_its_complex_derivative():
    z = 0.3 + 0.4j
    assert tl.grad(lambda z: np.real(np.sin(z)))(z) == pytest.approx(np.cos(z))


def test_parts():
    assert tl.grad(np.real)(1 + 2j) == 1
    assert tl.grad(np.imag)(1 + 2j) == -1j
    assert tl.grad(lambda z: np.real(np.conj(z) * (2 + 3j)))(1 + 2j) == 2 - 3j
    assert tl.grad(np.angle)(2j) == pytest.approx(-0.5)
    assert tl.grad(lambda z: np.angle(z, deg=True))(2j) == pytest.approx(-0.5 * 180 / np.pi)


def test_the_parts_of_real_numbers():
    assert tl.grad(np.real)(2.0) == 1
    assert tl.grad(np.imag)(2.0) == 0
    assert tl.grad(np.angle)(-2.0) == 0


def test_a_real_argument_of_a_complex_function_has_a_real_gradient():
    gradient = tl.grad(lambda x: np.abs(np.exp(1j * x) + 1))(0.5)
    assert gradient.dtype == np.float64
    assert gradient == pytest.approx(-np.sin(0.25))


@pytest.mark.parametrize("function", [np.var, np.std])
def test_spread_of_complex_numbers(function):
    z = np.array([1 + 2j, 3 - 1j, 0.5j])
    step = 1e-6
    for i in range(3):
        e = step * np.eye(3)[i]
        along = [(function(z + d * e) - function(z - d * e)) / (2 * step) for d in (1, 1j)]
        assert tl.grad(function)(z)[i] == pytest.approx(along[0] - 1j * along[1], abs=1e-8)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_dtypes_are_kept(dtype):
    z = tl.Value(np.array([1 + 2j], dtype=dtype))
    (np.abs(z * z) + np.imag(z)).sum().backward()
    assert z.grad.dtype == dtype
