"""A float32 model stays float32: through layers, losses and optimizers, however it became one."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.nn.test_all_layers import LAYERS, build, outputs
from tinygrad_lab import nn

F32 = {np.dtype(np.float32)}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_made_under_a_default_or_converted(name):
    make = LAYERS[name][0]
    rng = {"rng": np.random.default_rng(0)} if name.startswith("Trans") and "Layer" in name else {}
    with tl.default_dtype("float32"):
        made = make(**rng)
    converted = make(**rng).astype("float32")
    x = build(name, np.float32)[1]
    for layer in (made, converted):
        found = outputs(layer, x)
        sum(np.sum(y) for y in found).backward()
        buffers = {b.data.dtype for _, b in layer.named_buffers()} - {np.dtype(int)}
        assert {y.dtype for y in found} | {p.grad.dtype for p in layer.parameters()} | buffers == F32
        assert all(array.dtype in F32 | {np.dtype(int)} for array in layer.state_dict().values())


def test_a_converted_module_is_the_same_object_with_its_gradients():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1D(3))
    np.sum(model(np.ones((4, 2))) ** 2).backward()
    weight, grad = model[0].weight, model[0].weight.grad
    assert model.astype(np.float32) is model
    assert model[0].weight is weight
    assert weight.grad.dtype == np.float32
    np.testing.assert_allclose(weight.grad, grad, atol=1e-6)
    assert model[1].num_batches_tracked.data.dtype.kind == "i"
    with pytest.raises(ValueError, match="astype: dtype must be a floating dtype, got 'int32'"):
        model.astype("int32")


RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(6, 4)).astype(np.float32)
SHARES = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
TARGETS = {
    "CrossEntropyLoss": (SCORES, RNG.integers(0, 4, 6)),
    "NLLLoss": (np.log(SHARES), RNG.integers(0, 4, 6)),
    "KLDivLoss": (np.log(SHARES), SHARES[::-1]),
    "BCELoss": (SHARES, (SHARES > 0.3).astype(np.float32)),
    "BCEWithLogitsLoss": (SCORES, (SCORES > 0).astype(np.float32)),
    "MultiMarginLoss": (SCORES, RNG.integers(0, 4, 6)),
    "GaussianNLLLoss": (SCORES, SCORES[::-1], SHARES),
    "MarginRankingLoss": (SCORES, SCORES[::-1], np.sign(SCORES)),
    "CosineEmbeddingLoss": (SCORES, SCORES[::-1], np.sign(SCORES[:, 0])),
    "TripletMarginLoss": (SCORES, SCORES[::-1], SHARES),
    "CTCLoss": (np.log(SHARES)[:, None], np.array([[1, 2]]), np.array([6]), np.array([2])),
}


@pytest.mark.parametrize("kind", [k for k in vars(nn).values() if inspect.isclass(k) and issubclass(k, nn.Loss)])
def test_losses(kind):
    if kind is nn.Loss:
        return
    given, *others = TARGETS.get(kind.__name__, (SCORES, SCORES[::-1]))
    x = tl.Value(given)
    options = [{}] + [{"reduction": "sum"}] * ("reduction" in inspect.signature(kind).parameters)
    for option in options:
        x.grad = None
        loss = kind(**option)(x, *others)
        loss.backward()
        assert {loss.dtype, x.grad.dtype} == F32


@pytest.mark.parametrize("name", tl.optim.OPTIMIZERS)
@pytest.mark.parametrize(
    "lr", [0.1, np.float64(0.1), tl.optim.schedules.cosine(0.1, 5)], ids=["number", "numpy", "cosine"]
)
def test_optimizers_train_a_whole_model(name, lr):
    model = nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3), nn.GELU(), nn.Linear(3, 1)).astype("float32")
    params = model.parameters()
    optimizer = tl.optim.OPTIMIZERS[name]([{"params": params[:2], "lr": lr}, {"params": params[2:]}], lr=lr)
    for _ in range(3):
        optimizer.zero_grad()
        loss = np.mean(model(SCORES) ** 2)
        loss.backward()
        tl.optim.clip_grad_norm(params, 1.0)
        optimizer.step()
    arrays = [x for state in optimizer.states for key, x in state.items() if np.ndim(x)]
    assert {loss.dtype} | {p.dtype for p in params} | {p.grad.dtype for p in params} | {x.dtype for x in arrays} == F32
