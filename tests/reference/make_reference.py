"""Write the reference figures that the tests compare with: what PyTorch computes, in float64.

Run it with PyTorch installed, from anywhere: `python tests/reference/make_reference.py`. Each `.npz` file holds arrays
named by a JSON list: `[7, "Conv1D", {"stride": 2}, "y"]` is the output y of the case number 7, a Conv1D of stride 2.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn, optim
from torch.nn import functional

HERE = Path(__file__).parent
rng = np.random.default_rng(2024)


def cotangent(shape):
    """The gradient that a result which is no scalar is pulled back with; the tests make the same."""
    return np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape)


def differentiate(function, inputs, constants=()):
    """Return the result, and the gradient of each input, by name."""
    leaves = [torch.tensor(array, requires_grad=True) for array in inputs.values()]
    y = function(*leaves, *constants)
    y.backward(torch.tensor(cotangent(tuple(y.shape))))
    found = {"y": y.detach().numpy()}
    found.update((f"d{name}", leaf.grad.numpy()) for name, leaf in zip(inputs, leaves, strict=True))
    return {**inputs, **found}


def conv1d():
    for stride, padding, dilation, groups, bias in itertools.product((1, 2, 3), (0, 2), (1, 2), (1, 2), (True, False)):
        inputs = {"x": rng.normal(size=(2, 4, 8)), "w": rng.normal(size=(6, 4 // groups, 3))}
        if bias:
            inputs["b"] = rng.normal(size=6)
        options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}

        def convolve(x, w, b=None, options=options):
            return functional.conv1d(x, w, b, **options)

        yield "Conv1D", {**options, "bias": bias}, differentiate(convolve, inputs)


ACTIVATIONS = [
    ("Sigmoid", {}, nn.Sigmoid()),
    ("Tanh", {}, nn.Tanh()),
    ("ReLU", {}, nn.ReLU()),
    ("LeakyReLU", {}, nn.LeakyReLU()),
    ("LeakyReLU", {"negative_slope": 0.2}, nn.LeakyReLU(0.2)),
    ("ELU", {}, nn.ELU()),
    ("ELU", {"alpha": 0.7}, nn.ELU(0.7)),
    ("GELU", {}, nn.GELU()),
    ("GELU", {"approximate": "tanh"}, nn.GELU("tanh")),
    ("SiLU", {}, nn.SiLU()),
    ("Softplus", {}, nn.Softplus(threshold=50)),  # PyTorch's own threshold of 20 gives up nine digits
    ("Softmax", {}, nn.Softmax(-1)),
    ("Softmax", {"axis": 0}, nn.Softmax(0)),
    ("Mish", {}, nn.Mish()),
    ("SELU", {}, nn.SELU()),
    ("CELU", {"alpha": 0.5}, nn.CELU(0.5)),
    ("Softsign", {}, nn.Softsign()),
    ("LogSigmoid", {}, nn.LogSigmoid()),
    ("Tanhshrink", {}, nn.Tanhshrink()),
    ("Hardtanh", {"min_val": -0.7, "max_val": 1.3}, nn.Hardtanh(-0.7, 1.3)),
    ("ReLU6", {}, nn.ReLU6()),
    ("Hardsigmoid", {}, nn.Hardsigmoid()),
    ("Hardswish", {}, nn.Hardswish()),
    ("Softshrink", {"lambd": 0.3}, nn.Softshrink(0.3)),
    ("Hardshrink", {"lambd": 0.3}, nn.Hardshrink(0.3)),
    ("LogSoftmax", {"axis": 1}, nn.LogSoftmax(1)),
    ("GLU", {"axis": 1}, nn.GLU(1)),
    ("Identity", {}, nn.Identity()),
    ("log_softmax", {"axis": 1}, nn.LogSoftmax(1)),
    ("logsumexp", {"axis": 0}, lambda x: torch.logsumexp(x, 0)),
    ("logsumexp", {"axis": -1, "keepdims": True}, lambda x: torch.logsumexp(x, -1, keepdim=True)),
]


def activations():
    x = np.concatenate([np.linspace(-40, 40, 81), rng.normal(size=63), [-1000.0, -100.0, 0.0, 1e-9, 100.0, 1000.0]])
    for name, options, function in ACTIVATIONS:
        yield name, options, differentiate(lambda x, f=function: 1.0 * f(x), {"x": x.reshape(15, 10)})


WEIGHTS = [0.5, 2.0, 1.25]


def losses():
    p, t = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    probabilities, labels = rng.uniform(size=(4, 3)), rng.integers(0, 2, size=(4, 3)).astype(float)
    probabilities[0], labels[0] = [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]  # saturated, wrong and right
    distributions = rng.dirichlet(np.ones(3), size=4)
    logits, classes = rng.normal(size=(4, 3, 2)) * 10, rng.integers(0, 3, size=(4, 2))
    some_ignored = np.where(np.eye(4, 2) > 0, -100, classes)
    for reduction in ("mean", "sum", "none"):
        for name, options, loss, inputs in (
            ("MSELoss", {}, nn.MSELoss, {"x": p, "t": t}),
            ("L1Loss", {}, nn.L1Loss, {"x": p, "t": t}),
            ("HuberLoss", {}, nn.HuberLoss, {"x": 2 * p, "t": t}),
            ("HuberLoss", {"delta": 0.3}, nn.HuberLoss, {"x": p, "t": t}),
            ("BCELoss", {}, nn.BCELoss, {"x": probabilities, "t": labels}),
            ("BCEWithLogitsLoss", {}, nn.BCEWithLogitsLoss, {"x": 20 * p, "t": labels}),
            ("BCEWithLogitsLoss", {}, nn.BCEWithLogitsLoss, {"x": 20 * p, "t": probabilities}),
            ("CrossEntropyLoss", {}, nn.CrossEntropyLoss, {"x": 10 * p, "t": distributions}),
            ("CrossEntropyLoss", {}, nn.CrossEntropyLoss, {"x": 10 * p, "t": classes[:, 0]}),
            ("CrossEntropyLoss", {}, nn.CrossEntropyLoss, {"x": logits, "t": classes}),
            ("CrossEntropyLoss", {}, nn.CrossEntropyLoss, {"x": p[0], "t": classes[0, 0]}),
            ("CrossEntropyLoss", {"label_smoothing": 0.2}, nn.CrossEntropyLoss, {"x": p, "t": distributions}),
            (
                "CrossEntropyLoss",
                {"weight": WEIGHTS, "label_smoothing": 0.2},
                nn.CrossEntropyLoss,
                {"x": logits, "t": some_ignored},
            ),
            (
                "CrossEntropyLoss",
                {"weight": WEIGHTS, "ignore_index": 1},
                nn.CrossEntropyLoss,
                {"x": p, "t": classes[:, 0]},
            ),
            ("CrossEntropyLoss", {}, nn.CrossEntropyLoss, {"x": logits, "t": some_ignored}),
            ("CrossEntropyLoss", {"weight": WEIGHTS}, nn.CrossEntropyLoss, {"x": p, "t": distributions}),
            ("NLLLoss", {"weight": WEIGHTS, "ignore_index": 2}, nn.NLLLoss, {"x": logits, "t": classes}),
            ("NLLLoss", {}, nn.NLLLoss, {"x": logits, "t": some_ignored}),
            (
                "BCEWithLogitsLoss",
                {"weight": WEIGHTS, "pos_weight": [3.0, 1.0, 0.5]},
                nn.BCEWithLogitsLoss,
                {"x": 20 * p, "t": probabilities},
            ),
            ("BCELoss", {"weight": WEIGHTS}, nn.BCELoss, {"x": 0.1 + 0.8 * distributions, "t": labels}),
            ("SmoothL1Loss", {"beta": 0.3}, nn.SmoothL1Loss, {"x": p, "t": t}),
            ("KLDivLoss", {}, nn.KLDivLoss, {"x": p, "t": labels * probabilities}),
            ("KLDivLoss", {"log_target": True}, nn.KLDivLoss, {"x": p, "t": t}),
            ("NLLLoss", {}, nn.NLLLoss, {"x": p, "t": classes[:, 0]}),
            ("NLLLoss", {}, nn.NLLLoss, {"x": logits, "t": classes}),
        ):
            tensors = {key: torch.tensor(np.array(x)) if isinstance(x, list) else x for key, x in options.items()}
            function = loss(reduction=reduction, **tensors)
            target = np.asarray(inputs["t"])
            result = differentiate(function, {"x": inputs["x"]}, [torch.tensor(target)])
            yield name, {**options, "reduction": reduction}, {**result, "t": target}


of_losses = np.random.default_rng(2027)
A, B, C = of_losses.normal(size=(3, 5, 4))
SIGNS, COUNTS, CLASSES = np.array([1.0, -1, -1, 1, -1]), of_losses.poisson(2.0, size=(5, 4)) * 1.0, np.arange(5) % 4
# (our name, PyTorch's class, options, what has a gradient, what follows)
OF_SEVERAL = [
    ("MarginRankingLoss", nn.MarginRankingLoss, {"margin": 0.3}, [A[:, 0], B[:, 0]], [SIGNS]),
    ("HingeEmbeddingLoss", nn.HingeEmbeddingLoss, {"margin": 0.7}, [A[:, 0]], [SIGNS]),
    ("SoftMarginLoss", nn.SoftMarginLoss, {}, [9 * A[:, 0]], [SIGNS]),
    ("MultiMarginLoss", nn.MultiMarginLoss, {"margin": 0.7}, [A], [CLASSES]),
    ("MultiMarginLoss", nn.MultiMarginLoss, {"p": 2, "weight": [0.5, 2.0, 1.25, 1.0]}, [A], [CLASSES]),
    ("CosineEmbeddingLoss", nn.CosineEmbeddingLoss, {"margin": -0.2}, [A, B], [SIGNS]),
    ("TripletMarginLoss", nn.TripletMarginLoss, {"margin": 0.5, "p": 3.0, "eps": 0.1}, [A, B, C], []),
    ("TripletMarginLoss", nn.TripletMarginLoss, {"swap": True}, [A, B, C], []),
    ("GaussianNLLLoss", nn.GaussianNLLLoss, {"full": True, "eps": 0.01}, [A, B, abs(C)], []),
    ("GaussianNLLLoss", nn.GaussianNLLLoss, {}, [A, B, abs(C[:, :1])], []),
    ("PoissonNLLLoss", nn.PoissonNLLLoss, {"full": True}, [A], [COUNTS]),
    ("PoissonNLLLoss", nn.PoissonNLLLoss, {"log_input": False, "eps": 0.01}, [abs(A)], [COUNTS]),
]


def losses_of_several():
    for name, kind, options, inputs, constants in OF_SEVERAL:
        for reduction in ("mean", "sum", "none"):
            tensors = {k: torch.tensor(np.array(x)) if isinstance(x, list) else x for k, x in options.items()}
            named = {f"x{i}": x for i, x in enumerate(inputs)}
            result = differentiate(kind(reduction=reduction, **tensors), named, [torch.tensor(x) for x in constants])
            yield name, {**options, "reduction": reduction}, {**result, **{f"t{i}": x for i, x in enumerate(constants)}}


of_layers = np.random.default_rng(2026)


def normal(*shape):
    return of_layers.normal(size=shape)


MASK = np.array([[0, 1, 0, 0, 1], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]], bool)  # true where a target may not see
PADDING = np.array([[0, 0, 0, 0, 1], [0, 0, 1, 0, 0]], bool)

# (our name, PyTorch's class, arguments, keywords, inputs, keywords of the call)
LAYERS = [
    ("Linear", nn.Linear, (3, 4), {}, [normal(2, 5, 3)], {}),
    ("Linear", nn.Linear, (3, 4), {"bias": False}, [normal(3)], {}),
    ("PReLU", nn.PReLU, (3,), {"init": 0.1}, [normal(2, 3, 4)], {}),
    ("Conv1D", nn.Conv1d, (4, 6, 3), {"padding": 2, "padding_mode": "circular"}, [normal(2, 4, 7)], {}),
    ("Conv2D", nn.Conv2d, (3, 4, [3, 2]), {"stride": [2, 1], "padding": [1, 0]}, [normal(2, 3, 6, 5)], {}),
    ("Conv2D", nn.Conv2d, (4, 4, 3), {"groups": 2, "dilation": [1, 2], "bias": False}, [normal(2, 4, 5, 6)], {}),
    ("Conv2D", nn.Conv2d, (2, 2, 3), {"padding": "same"}, [normal(2, 2, 4, 4)], {}),
    ("Conv2D", nn.Conv2d, (2, 2, 3), {"padding": 1, "padding_mode": "reflect"}, [normal(2, 2, 4, 4)], {}),
    ("Conv2D", nn.Conv2d, (2, 2, 3), {"padding": 1, "padding_mode": "replicate"}, [normal(2, 2, 4, 4)], {}),
    ("ConvTranspose1D", nn.ConvTranspose1d, (4, 6, 3),
     {"stride": 3, "padding": 1, "output_padding": 2, "groups": 2}, [normal(2, 4, 5)], {}),
    ("ConvTranspose2D", nn.ConvTranspose2d, (3, 2, [3, 2]),
     {"stride": 2, "padding": 1, "dilation": [1, 2], "bias": False}, [normal(2, 3, 4, 3)], {}),
    ("MaxPool1D", nn.MaxPool1d, (3,), {"stride": 2, "padding": 1, "ceil_mode": True}, [normal(2, 3, 8)], {}),
    ("MaxPool2D", nn.MaxPool2d, (2,), {"dilation": 2}, [normal(2, 3, 6, 5)], {}),
    ("AvgPool1D", nn.AvgPool1d, (3,), {"padding": 1, "count_include_pad": False}, [normal(2, 3, 8)], {}),
    ("AvgPool2D", nn.AvgPool2d, ([3, 2],), {"stride": [2, 1], "ceil_mode": True}, [normal(2, 3, 6, 5)], {}),
    ("AdaptiveAvgPool1D", nn.AdaptiveAvgPool1d, (3,), {}, [normal(2, 3, 7)], {}),
    ("AdaptiveAvgPool2D", nn.AdaptiveAvgPool2d, ([3, 2],), {}, [normal(2, 3, 7, 5)], {}),
    ("AdaptiveMaxPool1D", nn.AdaptiveMaxPool1d, (3,), {}, [normal(2, 3, 7)], {}),
    ("AdaptiveMaxPool2D", nn.AdaptiveMaxPool2d, ([3, 2],), {}, [normal(2, 3, 7, 5)], {}),
    ("Upsample", nn.Upsample, (), {"scale_factor": 2.5}, [normal(2, 3, 4)], {}),
    ("Upsample", nn.Upsample, (), {"size": [5, 7], "mode": "bilinear"}, [normal(2, 3, 4, 3)], {}),
    ("Upsample", nn.Upsample, (), {"size": 9, "mode": "linear", "align_corners": True}, [normal(2, 3, 4)], {}),
    ("BatchNorm1D", nn.BatchNorm1d, (3,), {}, [normal(5, 3)], {}),
    ("BatchNorm1D", nn.BatchNorm1d, (3,), {"affine": False, "momentum": None}, [normal(5, 3, 2)], {}),
    ("BatchNorm2D", nn.BatchNorm2d, (3,), {"momentum": 0.3, "eps": 0.1}, [normal(2, 3, 4, 2)], {}),
    ("BatchNorm2D", nn.BatchNorm2d, (3,), {"track_running_stats": False}, [normal(2, 3, 4, 2)], {}),
    ("LayerNorm", nn.LayerNorm, (4,), {}, [normal(2, 3, 4)], {}),
    ("LayerNorm", nn.LayerNorm, ([3, 4],), {"eps": 0.1, "bias": False}, [normal(2, 3, 4)], {}),
    ("LayerNorm", nn.LayerNorm, (4,), {"elementwise_affine": False}, [normal(2, 3, 4)], {}),
    ("GroupNorm", nn.GroupNorm, (2, 6), {}, [normal(2, 6, 4)], {}),
    ("GroupNorm", nn.GroupNorm, (3, 6), {"eps": 0.1, "affine": False}, [normal(2, 6, 4, 2)], {}),
    ("RMSNorm", nn.RMSNorm, (4,), {}, [normal(2, 3, 4)], {}),
    ("RMSNorm", nn.RMSNorm, ([3, 4],), {"eps": 0.1, "elementwise_affine": False}, [normal(2, 3, 4)], {}),
    ("Embedding", nn.Embedding, (7, 3), {"padding_idx": 2}, [np.array([[1, 2, 6], [1, 0, 1]])], {}),
    ("RNN", nn.RNN, (3, 4), {"num_layers": 2, "nonlinearity": "relu", "bidirectional": True}, [normal(5, 2, 3)], {}),
    ("RNN", nn.RNN, (3, 4), {"bias": False, "batch_first": True}, [normal(2, 5, 3), normal(1, 2, 4)], {}),
    ("LSTM", nn.LSTM, (3, 4), {"num_layers": 2, "bidirectional": True}, [normal(5, 2, 3)], {}),
    ("LSTM", nn.LSTM, (3, 4), {"bias": False, "batch_first": True}, [normal(2, 5, 3)], {}),
    ("LSTM", nn.LSTM, (3, 4), {}, [normal(5, 3)], {}),
    ("GRU", nn.GRU, (3, 4), {"num_layers": 2, "bidirectional": True}, [normal(5, 2, 3), normal(4, 2, 4)], {}),
    ("GRU", nn.GRU, (3, 4), {"bias": False, "batch_first": True}, [normal(2, 5, 3)], {}),
    ("RNNCell", nn.RNNCell, (3, 4), {"nonlinearity": "relu"}, [normal(2, 3), normal(2, 4)], {}),
    ("LSTMCell", nn.LSTMCell, (3, 4), {}, [normal(2, 3)], {}),
    ("RNNCell", nn.RNNCell, (3, 4), {"bias": False}, [normal(3), normal(4)], {}),
    ("LSTMCell", nn.LSTMCell, (3, 4), {"bias": False}, [normal(2, 3)], {}),
    ("GRUCell", nn.GRUCell, (3, 4), {"bias": False}, [normal(2, 3), normal(2, 4)], {}),
    ("MultiheadAttention", nn.MultiheadAttention, (6, 2), {},
     [normal(3, 2, 6), normal(5, 2, 6), normal(5, 2, 6)], {}),
    ("MultiheadAttention", nn.MultiheadAttention, (6, 2), {"batch_first": True, "kdim": 4, "vdim": 5},
     [normal(2, 3, 6), normal(2, 5, 4), normal(2, 5, 5)],
     {"attn_mask": MASK.tolist(), "key_padding_mask": PADDING.tolist(), "average_attn_weights": False}),
    ("MultiheadAttention", nn.MultiheadAttention, (6, 3), {"bias": False},
     [normal(3, 6), normal(5, 6), normal(5, 6)], {"attn_mask": np.where(MASK, -1.5, 0.25).tolist()}),
    ("TransformerEncoderLayer", nn.TransformerEncoderLayer, (4, 2),
     {"dim_feedforward": 5, "dropout": 0.0}, [normal(3, 2, 4)], {}),
    ("TransformerDecoderLayer", nn.TransformerDecoderLayer, (4, 2),
     {"dim_feedforward": 5, "dropout": 0.0, "activation": "gelu", "norm_first": True, "batch_first": True,
      "bias": False, "layer_norm_eps": 0.1}, [normal(2, 3, 4), normal(2, 5, 4)],
     {"tgt_mask": MASK[:, :3].tolist(), "memory_key_padding_mask": PADDING.tolist()}),
    ("TransformerDecoderLayer", nn.TransformerDecoderLayer, (4, 2), {"dim_feedforward": 5, "dropout": 0.0},
     [normal(3, 2, 4), normal(5, 2, 4)], {"memory_mask": MASK.tolist()}),
    ("Transformer", nn.Transformer, (4, 2, 2, 1, 5), {"dropout": 0.0}, [normal(5, 2, 4), normal(3, 2, 4)],
     {"tgt_mask": MASK[:, :3].tolist(), "src_key_padding_mask": PADDING.tolist(),
      "memory_key_padding_mask": PADDING.tolist()}),
    ("Transformer", nn.Transformer, (4, 2, 1, 1, 5),
     {"dropout": 0.0, "activation": "gelu", "norm_first": True, "batch_first": True, "bias": False,
      "layer_norm_eps": 0.1}, [normal(2, 5, 4), normal(2, 3, 4)], {}),
    ("Conv3D", nn.Conv3d, (2, 4, [2, 3, 1]), {"stride": [1, 2, 1], "padding": 1, "groups": 2}, [normal(2, 2, 3, 4, 3)],
     {}),
    ("ConvTranspose3D", nn.ConvTranspose3d, (2, 3, 2), {"stride": [2, 1, 1], "padding": [1, 0, 0]},
     [normal(2, 2, 2, 3, 2)], {}),
    ("MaxPool3D", nn.MaxPool3d, (2,), {"stride": 1}, [normal(2, 2, 3, 3, 3)], {}),
    ("AvgPool3D", nn.AvgPool3d, (2,), {"padding": [1, 0, 1]}, [normal(2, 2, 3, 4, 3)], {}),
    ("AdaptiveAvgPool3D", nn.AdaptiveAvgPool3d, ([2, 1, 2],), {}, [normal(2, 2, 3, 4, 3)], {}),
    ("AdaptiveMaxPool3D", nn.AdaptiveMaxPool3d, ([2, 1, 2],), {}, [normal(2, 2, 3, 4, 3)], {}),
    ("BatchNorm3D", nn.BatchNorm3d, (2,), {}, [normal(2, 2, 3, 2, 2)], {}),
    ("InstanceNorm1D", nn.InstanceNorm1d, (3,), {"affine": True, "track_running_stats": True}, [normal(2, 3, 4)], {}),
    ("InstanceNorm2D", nn.InstanceNorm2d, (3,), {"eps": 0.1}, [normal(2, 3, 4, 2)], {}),
    ("InstanceNorm3D", nn.InstanceNorm3d, (2,), {"momentum": 0.3, "track_running_stats": True},
     [normal(2, 2, 3, 2, 2)], {}),
    ("Flatten", nn.Flatten, (), {"start_dim": 2, "end_dim": -2}, [normal(2, 3, 2, 2, 3)], {}),
    ("Unflatten", nn.Unflatten, (1, [3, 2]), {}, [normal(2, 6, 2)], {}),
    ("PixelShuffle", nn.PixelShuffle, (2,), {}, [normal(2, 8, 3, 2)], {}),
    ("PixelUnshuffle", nn.PixelUnshuffle, (2,), {}, [normal(2, 3, 4, 6)], {}),
    ("Bilinear", nn.Bilinear, (3, 4, 2), {}, [normal(2, 5, 3), normal(2, 5, 4)], {}),
    ("Bilinear", nn.Bilinear, (3, 4, 2), {"bias": False}, [normal(3), normal(4)], {}),
    ("CosineSimilarity", nn.CosineSimilarity, (2,), {"eps": 1e-3}, [normal(2, 3, 4), normal(2, 3, 4)], {}),
    ("PairwiseDistance", nn.PairwiseDistance, (3.0, 0.1, True), {}, [normal(2, 3, 4), normal(2, 3, 4)], {}),
    ("Upsample", nn.Upsample, (), {"scale_factor": 2, "mode": "trilinear"}, [normal(2, 1, 2, 3, 2)], {}),
    ("TransformerEncoderLayer", nn.TransformerEncoderLayer, (4, 2),
     {"dim_feedforward": 5, "dropout": 0.0, "activation": "gelu", "norm_first": True, "batch_first": True,
      "bias": False, "layer_norm_eps": 0.1}, [normal(2, 3, 4)], {"src_mask": MASK[:, :3].tolist()}),
]  # fmt: skip


def tuples(x):
    return tuple(x) if isinstance(x, list) else x


def flat(outputs):
    """The arrays of a result: a tensor, or tuples of them and of None."""
    if outputs is None:
        return []
    return [leaf for part in outputs for leaf in flat(part)] if isinstance(outputs, tuple) else [outputs]


def layers():
    for name, kind, arguments, options, inputs, call in LAYERS:
        torch.manual_seed(0)
        module = kind(*map(tuples, arguments), **{k: tuples(v) for k, v in options.items()}).double()
        with torch.no_grad():
            for p in module.parameters():
                p.copy_(torch.tensor(normal(*p.shape)) * 0.5)
        figures = {f"state.{key}": array.numpy().copy() for key, array in module.state_dict().items()}
        tensors = [torch.tensor(x, requires_grad=x.dtype == float) for x in inputs]
        masks = {k: torch.tensor(np.array(v)) if isinstance(v, list) else v for k, v in call.items()}
        outputs = flat(module(*tensors, **masks))
        sum((y * torch.tensor(cotangent(tuple(y.shape)))).sum() for y in outputs).backward()
        figures |= {f"x{i}": x for i, x in enumerate(inputs)}
        figures |= {f"y{i}": y.detach().numpy() for i, y in enumerate(outputs)}
        figures |= {f"dx{i}": t.grad.numpy() for i, t in enumerate(tensors) if t.requires_grad}
        figures |= {f"d{key}": p.grad.numpy() for key, p in module.named_parameters() if p.grad is not None}
        figures |= {f"after.{key}": array.numpy() for key, array in module.named_buffers()}
        yield name, [arguments, options, call], figures


SCHEDULES = {
    "step": lambda o: optim.lr_scheduler.StepLR(o, step_size=7, gamma=0.5),
    "exponential": lambda o: optim.lr_scheduler.ExponentialLR(o, gamma=0.9),
    "cosine": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, T_max=50, eta_min=0.01),
    "linear_warmup": lambda o: optim.lr_scheduler.LinearLR(o, start_factor=1 / 10, total_iters=9),
}

SCHEDULES |= {
    "one_cycle": lambda o: optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=60, pct_start=0.4, cycle_momentum=False),
    "warm_restarts": lambda o: optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 5, 2, eta_min=0.01),
    "polynomial": lambda o: optim.lr_scheduler.PolynomialLR(o, total_iters=30, power=1.5),
}

OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.02}),
    ("Adagrad", {"lr": 0.2}),
    ("Adagrad", {"lr": 0.2, "lr_decay": 0.05, "weight_decay": 0.01, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.02}),
    ("RMSprop", {"lr": 0.005, "alpha": 0.8, "eps": 1e-3, "weight_decay": 0.01}),
    ("RMSprop", {"lr": 0.02, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.02, "centered": True}),
    ("RMSprop", {"lr": 0.02, "centered": True, "momentum": 0.5, "weight_decay": 0.01}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.01}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.1}),
    ("NAdam", {"lr": 0.05}),
    ("NAdam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.01, "momentum_decay": 0.02}),
    ("RAdam", {"lr": 0.05}),
    ("RAdam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.01}),
]


def optimizers():
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
    w, b = rng.normal(size=(2, 3)), rng.normal(size=2)
    torch.set_default_dtype(torch.float64)  # NAdam keeps a product in it
    runs = [(name, options, None) for name, options in OPTIMIZERS]
    runs += [(name, {"lr": 0.1}, schedule) for schedule in SCHEDULES for name in ("SGD", "Adam")]
    for name, options, schedule in runs:
        layer = nn.Linear(3, 2).double()
        layer.weight.data, layer.bias.data = torch.tensor(w), torch.tensor(b)
        optimizer = getattr(optim, name)(layer.parameters(), **options)
        scheduler = SCHEDULES[schedule](optimizer) if schedule else None
        path, rates = [], []
        for _ in range(50):
            optimizer.zero_grad()
            ((torch.tanh(layer(torch.tensor(x))) - torch.tensor(y)) ** 2).mean().backward()
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if scheduler:
                scheduler.step()
            path.append(torch.cat([layer.weight.flatten(), layer.bias]).detach().numpy())
        figures = {"x": x, "y": y, "w": w, "b": b, "path": np.array(path), "rates": np.array(rates)}
        yield name, {**options, "schedule": schedule}, figures


def main():
    for family in (conv1d, activations, losses, losses_of_several, layers, optimizers):
        arrays = {
            json.dumps([position, name, options, key]): array
            for position, (name, options, figures) in enumerate(family())
            for key, array in figures.items()
        }
        np.savez_compressed(HERE / f"{family.__name__}.npz", **arrays)


if __name__ == "__main__":
    main()
