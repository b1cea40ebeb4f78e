"""Every layer, as ONNX Runtime computes it."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import CompileError

pytestmark = pytest.mark.slow

pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

RNG = np.random.default_rng(0)
nn = tl.nn
FEATURES, SIGNAL, IMAGE, SEQUENCE = (RNG.normal(size=s) for s in ((5, 6), (2, 4, 12), (2, 3, 8, 8), (3, 7, 6)))
LAYERS = {
    **{name: (make(), FEATURES) for name, make in nn.ACTIVATIONS.items()},
    "Linear": (nn.Linear(6, 3, rng=RNG), FEATURES),
    "Linear of sequences": (nn.Linear(6, 3, rng=RNG), SEQUENCE),
    "Flatten": (nn.Flatten(), IMAGE),
    "Dropout": (nn.Dropout(0.5, rng=RNG), FEATURES),
    "Conv1D": (nn.Conv1D(4, 6, 3, stride=2, padding=1, rng=RNG), SIGNAL),
    "Conv2D": (nn.Conv2D(3, 4, 3, padding=1, rng=RNG), IMAGE),
    "ConvTranspose1D": (nn.ConvTranspose1D(4, 2, 3, stride=2, rng=RNG), SIGNAL),
    "ConvTranspose2D": (nn.ConvTranspose2D(3, 2, 3, stride=2, rng=RNG), IMAGE),
    "MaxPool1D": (nn.MaxPool1D(2), SIGNAL),
    "MaxPool2D": (nn.MaxPool2D(2), IMAGE),
    "AvgPool1D": (nn.AvgPool1D(2), SIGNAL),
    "AvgPool2D": (nn.AvgPool2D(2), IMAGE),
    "AdaptiveAvgPool2D": (nn.AdaptiveAvgPool2D(3), IMAGE),
    "AdaptiveMaxPool1D": (nn.AdaptiveMaxPool1D(5), SIGNAL),
    "BatchNorm1D": (nn.BatchNorm1D(6), FEATURES),
    "BatchNorm2D": (nn.BatchNorm2D(3), IMAGE),
    "LayerNorm": (nn.LayerNorm(6), SEQUENCE),
    "GroupNorm": (nn.GroupNorm(1, 3), IMAGE),
    "RMSNorm": (nn.RMSNorm(6), FEATURES),
    "Upsample": (nn.Upsample(2), IMAGE),
    "Embedding": (nn.Embedding(10, 4, rng=RNG), RNG.integers(0, 10, (3, 5))),
    "SinusoidalEncoding": (nn.SinusoidalEncoding(6), SEQUENCE),
    "RNN": (nn.RNN(6, 4, rng=RNG, batch_first=True), SEQUENCE),
    "LSTM": (nn.LSTM(6, 4, rng=RNG, batch_first=True), SEQUENCE),
    "GRU": (nn.GRU(6, 4, rng=RNG, batch_first=True), SEQUENCE),
    "TransformerEncoderLayer": (nn.TransformerEncoderLayer(6, 2, 8, rng=RNG), SEQUENCE),
}


def outputs_of(model, x):
    return [getattr(leaf, "data", leaf) for leaf in tl.tree.flatten(model(x))[0]]


@pytest.mark.parametrize("name", LAYERS)
def test_layers_in_onnx_runtime(name, tmp_path):
    layer, x = LAYERS[name]
    path = tmp_path / "layer.onnx"
    tl.export.onnx(layer, x, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    layer.eval()
    for batch in (x, np.concatenate([x, x[::-1], x])):
        given = batch.astype(np.float32 if batch.dtype.kind == "f" else np.int64)
        actual = session.run(None, {"x0": given})
        for mine, theirs in zip(actual, outputs_of(layer, batch), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6 * max(1, np.max(np.abs(theirs))))


def test_what_onnx_has_not_is_named(tmp_path):
    with pytest.raises(CompileError, match=r"ONNX has no fft, which is called at .*; write it with other functions"):
        tl.export.onnx(lambda x: np.real(np.fft.fft(x)), np.ones((2, 3)), tmp_path / "model.onnx")


def test_what_depends_on_the_length_of_the_batch_is_refused(tmp_path):
    with pytest.raises(CompileError, match=r"an option of getitem .* depends on the length of the batch"):
        tl.export.onnx(lambda x: x[: len(x) - 1], np.ones((3, 2)), tmp_path / "model.onnx")
