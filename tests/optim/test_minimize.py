"""SciPy's methods find known minima over containers and modules."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError

pytest.importorskip("scipy")
METHODS = [
    "L-BFGS-B",
    "BFGS",
    "CG",
    "TNC",
    "SLSQP",
    "Newton-CG",
    "trust-ncg",
    "trust-krylov",
    "trust-constr",
    "trust-exact",
]


def rosenbrock(p):
    return (1 - p["x"]) ** 2 + 10 * np.sum((p["y"][0] - p["x"] ** 2) ** 2)


@pytest.mark.parametrize("method", [*METHODS, "Nelder-Mead"])
def test_every_method_finds_the_minimum(method):
    start = {"x": np.float64(-1.0), "y": [np.array([2.0, -1.0])]}
    found = tl.optim.minimize(rosenbrock, start, method=method, tol=1e-9)
    assert found.parameters["x"] == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(found.parameters["y"][0], 1, atol=2e-3)
    assert start["x"] == -1


def test_a_module_is_fitted_to_the_least_squares_solution():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    model = tl.nn.Linear(3, 2, rng=rng)
    before = model.state_dict()
    found = tl.optim.minimize(lambda m, x: tl.functional.mse_loss(m(x), y), model, (x,), tol=1e-14)
    solution = np.linalg.lstsq(np.column_stack([x, np.ones(30)]), y, rcond=None)[0]
    np.testing.assert_allclose(found.parameters.weight.data, solution[:3].T, atol=1e-6)
    np.testing.assert_allclose(found.parameters.bias.data, solution[3], atol=1e-6)
    np.testing.assert_array_equal(model.weight.data, before["weight"])
    model.load_state_dict(found.parameters.state_dict())
    assert tl.functional.mse_loss(model(x), y).item() == pytest.approx(found.fun)


def test_parameters_that_cannot_be_minimized_are_refused():
    with pytest.raises(ArgumentError, match="minimize: parameters must be real floating arrays, got complex128"):
        tl.optim.minimize(lambda z: np.abs(z), 1j)
    with pytest.raises(ArgumentError, match="minimize: parameters must be real floating arrays, got none"):
        tl.optim.minimize(lambda p: 0.0, [])


def test_a_compiled_pair_of_value_and_gradient_finds_the_same_minimum():
    rng = np.random.default_rng(0)
    x, y, model = rng.normal(size=(30, 3)), rng.normal(size=(30, 1)), tl.nn.Linear(3, 1, rng=rng)

    def loss(model, x, y):
        return np.mean((model(x) - y) ** 2)

    plain = tl.optim.minimize(loss, model, (x, y), tol=1e-14)
    pair = tl.optim.minimize(tl.compile(tl.value_and_grad(loss)), model, (x, y), jac=True, tol=1e-14)
    assert pair.nit > 1
    np.testing.assert_allclose(pair.x, plain.x, atol=1e-6)


@pytest.mark.parametrize("method", ["Newton-CG", "Nelder-Mead"])
def test_a_pair_is_for_methods_that_use_gradients_alone(method):
    with pytest.raises(ArgumentError, match="jac works only with methods that use gradients alone"):
        tl.optim.minimize(tl.value_and_grad(rosenbrock), {"x": 1.0}, method=method, jac=True)


def test_a_closure_is_refused():
    with pytest.raises(
        ArgumentTypeError, match=r"cannot be called with the parameters and then args, 1 in all .*write it as loss\("
    ):
        tl.optim.minimize(lambda: 0.0, {"x": 1.0})
