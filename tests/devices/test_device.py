"""The whole registry, layers, optimizers and a training on arrays that are as strict as a GPU's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.devices.derivatives import assert_alike, derivatives, narrow
from tests.devices.device import MISSING, Device, Refused, on_device
from tests.nn.test_all_layers import LAYERS, build, outputs
from tests.rules.cases import DRAWN, LISTED, OPERATIONS, calls_of

# What cannot run on a GPU, and why.
WITHOUT = {
    "expm": "SciPy computes it, on NumPy's arrays",
    "solve_triangular": "SciPy computes it, on NumPy's arrays",
    "cho_solve": "SciPy computes it, on NumPy's arrays",
    "nanquantile": "CuPy lacks it",
    "nanpercentile": "CuPy lacks it",
    "multi_dot": "CuPy lacks it",
}
# Whose calls in the tables all use what a GPU does not take: NumPy's arrays, lists of them, or extended precision.
OTHERWISE = {"astype", "choose", "ldexp", "cholesky", "svd", "where_defined"}


def get(x):
    if isinstance(x, np.generic):  # polyfit tells its precision, which no array has gone into
        return np.asarray(x)
    assert type(x) is Device, f"a result left the device: {x!r}"
    return x.get()


def tried(op, call):
    """Return whether a call ran on the device, where it gives what NumPy gives."""
    with np.errstate(all="ignore"):
        if not narrow(map(np.asarray, call.args)):
            return False
        expected = derivatives(call.function, call.args, call.kwargs)
        if not narrow(map(np.asarray, expected)):
            return False
        try:
            found = derivatives(on_device(call.function), call.args, on_device(call.kwargs), Device)
        except TypeError as error:
            why = error.__cause__ or error
            if isinstance(why, Refused) and ("mix" in str(why) or op.name in WITHOUT):
                return False
            if "no implementation found" in str(why) and (op.function in MISSING or op.name in WITHOUT):
                return False
            raise
    assert_alike(found, expected, get)
    return True


@pytest.mark.slow
@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: f"{op.family}.{op.name}")
def test_every_operation_to_the_second_order(op):
    ran = [tried(op, call) for call in LISTED.get(op.function, [])]
    if op in DRAWN:
        quick = settings(
            max_examples=1 if ran else 3, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        quick(given(st.data())(lambda data: ran.append(tried(op, data.draw(calls_of(op))))))()
    assert any(ran) or op.name in WITHOUT or op.name in OTHERWISE


def moved(model, put=Device):
    """Return a model with its parameters and buffers on the device."""
    for _, held in [*model.named_parameters(), *model.named_buffers()]:
        held.data = put(held.data)
    return model


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    layer, x = build(name)
    other, _ = build(name)
    expected = derivatives(lambda x: outputs(layer, x), (x,), {})
    found = derivatives(lambda x: outputs(moved(other), x), (x,), {}, Device)
    assert_alike(found, expected, get)
    for p, q in zip(layer.parameters(), other.parameters(), strict=True):
        assert_alike([tl.tree.leaves(q.grad)[0].data], [p.grad.data], get)


def data(put=np.asarray):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 2))
    return put(x), put((x[:, :1] * x[:, 1:] > 0).astype(float)), put((x[:, 0] > 0).astype(int))


def trained(optimizer, put=np.asarray, steps=20):
    rng = np.random.default_rng(1)
    model = tl.nn.Sequential(
        tl.nn.Linear(2, 8, rng=rng), tl.nn.BatchNorm1D(8), tl.nn.Tanh(), tl.nn.Linear(8, 1, rng=rng)
    )
    if put is not np.asarray:
        moved(model, put)
    x, y, _ = data(put)
    optimize = optimizer(model.parameters(), lr=tl.optim.schedules.cosine(0.05, steps))
    losses = []
    for _ in range(steps):
        optimize.zero_grad()
        loss = tl.functional.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        tl.optim.clip_grad_norm(model.parameters(), 1.0)
        optimize.step()
        losses.append(loss.data)
    return losses, [p.data for p in model.parameters()]


@pytest.mark.parametrize("optimizer", tl.optim.OPTIMIZERS.values(), ids=tl.optim.OPTIMIZERS)
def test_training_with_every_optimizer(optimizer):
    losses, parameters = trained(optimizer)
    found, others = trained(optimizer, Device)
    assert_alike(found, losses, get)
    if optimizer is not tl.optim.Lion:  # it takes signs, also of what rounding makes of 0
        assert_alike(others, parameters, get)


def test_classes_too():
    x, _, classes = data()

    def loss(x, classes):
        return tl.functional.cross_entropy(x, classes, label_smoothing=0.1)

    assert_alike(
        derivatives(loss, (x,), {"classes": Device(classes)}, Device),
        derivatives(loss, (x,), {"classes": classes}),
        get,
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda d: float(d[0]),
        lambda d: bool(d[0] > 0),
        lambda d: np.asarray(d),
        lambda d: d + np.ones(2),
        lambda d: np.float64(2) * d,
        lambda d: np.ones(2) * d,
        lambda d: np.where(d > 0, d, np.ones(2)),
        lambda d: np.insert(d, 0, 1.0),
        lambda d: Device(np.array([None])),
        lambda d: Device(np.ones(2, np.longdouble)),
    ],
)
def test_the_device_is_strict(call):
    with pytest.raises(TypeError):
        call(Device(np.array([1.0, -2.0])))
