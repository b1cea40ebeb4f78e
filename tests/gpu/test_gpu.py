"""On a real GPU: values, gradients, layers, optimizers and a training with CuPy; compiled functions with JAX.

Skipped aloud where there is none. `docs/hardware.md` says where it has been run.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.devices.derivatives import assert_alike, derivatives, narrow
from tests.nn.test_all_layers import LAYERS, build, outputs
from tests.rules.cases import DRAWN, OPERATIONS, calls_of

cupy = pytest.importorskip("cupy", reason="no GPU was tried: CuPy is not installed")


@pytest.fixture(scope="module")
def cp():
    """CuPy, if there is a device."""
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        pytest.skip(f"no GPU was tried: {error}")
    if not count:
        pytest.skip("no GPU was tried: CuPy sees none")
    return cupy


def get(x):
    assert isinstance(x, cupy.ndarray), f"a result left the device: {x!r}"
    return cupy.asnumpy(x)


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op in DRAWN], ids=lambda op: f"{op.family}.{op.name}")
def test_values_and_gradients_of_two_orders(cp, op):
    def same(data):
        call = data.draw(calls_of(op))
        with np.errstate(all="ignore"):
            expected = derivatives(call.function, call.args, call.kwargs)
        if narrow(map(np.asarray, [*call.args, *expected])):
            kwargs = {name: cp.asarray(x) if isinstance(x, np.ndarray) else x for name, x in call.kwargs.items()}
            assert_alike(derivatives(call.function, call.args, kwargs, cp.asarray), expected, get)

    quick = settings(
        max_examples=4, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    quick(given(st.data())(same))()


@pytest.mark.parametrize("name", LAYERS)
def test_layers(cp, name):
    (layer, x), (other, _) = build(name), build(name)
    for _, held in [*other.named_parameters(), *other.named_buffers()]:
        held.data = cp.asarray(held.data)
    expected = derivatives(lambda x: outputs(layer, x), (x,), {})
    assert_alike(derivatives(lambda x: outputs(other, x), (x,), {}, cp.asarray), expected, get)


@pytest.mark.parametrize("optimizer", tl.optim.OPTIMIZERS.values(), ids=tl.optim.OPTIMIZERS)
def test_a_training_with_every_optimizer(cp, optimizer):
    from tests.devices.test_device import trained

    losses, _ = trained(optimizer)
    found, _ = trained(optimizer, cp.asarray)
    np.testing.assert_allclose([float(get(x)) for x in found], [float(x) for x in losses], rtol=1e-6)


def test_a_compiled_step_on_a_gpu():
    jax = pytest.importorskip("jax", reason="no GPU was tried: JAX is not installed")
    if jax.default_backend() != "gpu":
        pytest.skip(f"no GPU was tried: JAX computes on {jax.default_backend()}")
    model = tl.nn.Sequential(tl.nn.Linear(2, 8, rng=np.random.default_rng(0)), tl.nn.Tanh(), tl.nn.Linear(8, 1))
    x, y = np.random.default_rng(1).normal(size=(64, 2)), np.ones((64, 1))
    loss = lambda model, x, y: tl.functional.mse_loss(model(x), y)
    expected = tl.value_and_grad(loss)(model, x, y)
    value, gradient = tl.compile(tl.value_and_grad(loss), backend="jax")(model, x, y)
    np.testing.assert_allclose(np.asarray(value), expected[0], rtol=1e-5)
    for mine, theirs in zip(gradient.parameters(), expected[1].parameters(), strict=True):
        np.testing.assert_allclose(np.asarray(mine.data), theirs.data, rtol=1e-4, atol=1e-6)
