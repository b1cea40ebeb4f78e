"""The figures that the five reports published, and the options that repeat them: data only."""

from __future__ import annotations

from typing import Any

from tinygrad_lab.lab.reports.figures import Part, Report, draws, grid, listed

# -- A -----------------------------------------------------------------------------------------------------------------

_A: dict[str, Any] = {
    "hidden": (4, 4), "activation": "sigmoid", "loss": "mse", "lr": 0.1, "until": "loss<0.001", "epochs": 2_200_000,
}  # fmt: skip
_LINEAR, _XOR = {"data": "linear"}, {"data": "xor"}

_REPORT_A = Report(
    "Squared error, bias, two hidden layers of four units; epochs until the loss is below 0.001.",
    [
        Part(
            "Learning rate, linear data",
            _A | _LINEAR,
            listed(("lr 1", {"lr": 1.0}, 17_500), ("lr 0.1", {}, 70_000), ("lr 0.01", {"lr": 0.01}, 800_000)),
            words=[
                "The report does not say how its weights were drawn nor how its gradient was scaled, so that its "
                "counts cannot be met one by one.",
                "Here ten times the rate takes a tenth of the epochs, as gradient descent in small steps must.",
            ],
            ordered=True,
        ),
        Part("xor", _A | _XOR, listed(("lr 0.1", {}, 40_000))),
        Part(
            "Optimizer, linear data",
            _A | _LINEAR,
            listed(
                ("gradient descent", {}, 70_000),
                ("momentum 0.9", {"momentum": 0.9}, 20_000),
                ("AdaGrad", {"optimizer": "adagrad"}, 5_000),
                ("Adam", {"optimizer": "adam"}, 600),
            ),
            ordered=True,
        ),
        Part(
            "Activation, linear data",
            _A | _LINEAR,
            listed(
                ("sigmoid", {}, 70_000),
                ("tanh", {"activation": "tanh"}, 50_000),
                ("leaky ReLU", {"activation": "leaky_relu"}, 40_000),
                ("ReLU", {"activation": "relu"}, 25_000),
            ),
            ordered=True,
        ),
        Part(
            "Hidden units, linear data",
            _A | _LINEAR,
            listed(
                ("2 and 2", {"hidden": (2, 2)}, 50_000),
                ("4 and 4", {}, 70_000),
                ("8 and 8", {"hidden": (8, 8)}, 100_000),
            ),
            ordered=True,
        ),
        Part(
            "Does the order by hidden units come out elsewhere? Rate 1, other draws",
            _A | _LINEAR | {"lr": 1.0},
            draws("hidden", [(2, 2), (4, 4), (8, 8)], ["2-2", "4-4", "8-8"]),
            words=["To scale the loss is to scale the rate, so that no other scaling need be tried."],
            order=("hidden 2-2", "hidden 4-4", "hidden 8-8"),
        ),
        Part(
            "Does the order by activation come out elsewhere? Rate 1, other draws",
            _A | _LINEAR | {"lr": 1.0, "epochs": 100_000},
            draws("activation", ["relu", "leaky_relu", "tanh", "sigmoid"]),
            order=("activation relu", "activation leaky_relu", "activation tanh", "activation sigmoid"),
        ),
        Part(
            "No activation, xor",
            {"data": "xor", "hidden": (4, 4), "activation": "none", "output": "none", "loss": "mse", "epochs": 10_000},
            listed(("the loss it stays at", {}, 0.2494)),
            measure="loss",
            words=[
                "The best linear predictor on this data is the constant mean 10/21, whose squared error is "
                "10/21 · 11/21 = 0.249433: the plateau is a property of the data."
            ],
        ),
    ],
    {
        "linear, Adam": _A | _LINEAR | {"optimizer": "adam"},
        "xor, Adam": _A | _XOR | {"optimizer": "adam"},
    },
)

# -- B -----------------------------------------------------------------------------------------------------------------

_B: dict[str, Any] = {
    "bias": False, "init": "rand", "legacy_rng": True, "loss": "bce", "reduction": "sum", "activation": "sigmoid",
    "until": "accuracy=1", "epochs": 50_000,
}  # fmt: skip
_WIDTHS = [(2, 2), (3, 3), (5, 5), (10, 10)]

_REPORT_B = Report(
    "No bias, weights from RandomState(seed).rand, summed cross-entropy; epochs until the first evaluation with "
    "accuracy 1. A count of 50,000 means it never came.",
    [
        Part(
            "Learning rate, xor, hidden 3-3",
            _B | _XOR | {"hidden": (3, 3)},
            grid(
                "lr",
                [0.5, 0.1, 0.05, 0.01, 0.005],
                [
                    (50000, 1769, 3354, 17327, 34644),
                    (50000, 9292, 17510, 50000, 50000),
                    (50000, 3520, 6700, 34021, 50000),
                ],
            ),
            words=["The order of floating-point operations moves a count by up to about 1 %."],
        ),
        Part(
            "Hidden units, xor, lr 0.1",
            _B | _XOR,
            grid(
                "hidden",
                _WIDTHS[:3],
                [(50000, 1769, 1778), (50000, 9292, 2076), (10323, 3520, 2320)],
                names=["2-2", "3-3", "5-5"],
            ),
        ),
        Part(
            "Learning rate, linear, hidden 2-2",
            _B | _LINEAR | {"hidden": (2, 2)},
            grid(
                "lr",
                [0.1, 0.05, 0.01, 0.005, 0.001],
                [
                    (106, 296, 1479, 2958, 14783),
                    (277, 243, 1196, 2388, 11919),
                    (392, 328, 1669, 3339, 16696),
                ],
            ),
            words=[
                "The points are drawn after the weights from the same generator.",
                "The published column lr 0.1 contradicts the report's own next table, which gives 275, 176 and 196 "
                "for the same runs, and is shown as it is.",
            ],
        ),
        Part(
            "Hidden units, linear, lr 0.1",
            _B | _LINEAR,
            grid(
                "hidden",
                _WIDTHS,
                [(275, 50000, 50000, 59), (176, 50000, 50000, 42), (196, 50000, 50000, 160)],
                names=["2-2", "3-3", "5-5", "10-10"],
            ),
            words=[
                "The published 50,000 at 3-3 and 5-5 were NaN: the loss took log 0 and its gradient divided by "
                "p (1 − p) = 0. Here the loss is computed from the number before the sigmoid, where neither can "
                "occur, so that these cells cannot come out.",
            ],
        ),
    ],
    {
        "linear": _B | _LINEAR | {"hidden": (2, 2), "lr": 0.01},
        "xor": _B | _XOR | {"hidden": (3, 3)},
    },
)

# -- C, D, E -----------------------------------------------------------------------------------------------------------

_C: dict[str, Any] = {"hidden": (10,), "activation": "relu", "init": "he_normal", "loss": "mse", "epochs": 5000}

_REPORT_C = Report(
    "Squared error, He initialisation; a 1-D convolution before two linear layers, and momentum as a moving average.",
    [
        Part(
            "Accuracy",
            _C,
            listed(
                ("xor", _XOR | {"conv": "4:2"}, 1.0),
                ("linear", _LINEAR | {"conv": "4:2"}, 0.99),
                ("xor, averaged momentum", _XOR | {"conv": "4:2", "momentum": 0.9, "dampening": 0.9}, None),
                ("xor, AdaGrad", _XOR | {"conv": "4:2", "optimizer": "adagrad"}, None),
            ),
            measure="accuracy",
            words=["Averaged momentum, v ← β v + (1 − β) g, is --momentum 0.9 --dampening 0.9."],
        ),
        Part(
            "Without activation, xor",
            _C | _XOR | {"activation": "none", "output": "none"},
            listed(("loss", {}, 0.2887)),
            measure="loss",
            words=[
                "The published loss is above 0.249433, that of the best constant: the run had not converged, or its "
                "loss was scaled in another way; its accuracy of 33.3 % is below that of always answering 0, 52.4 %."
            ],
        ),
    ],
    {"xor, convolution": _C | _XOR | {"conv": "4:2", "until": "accuracy=1"}},
)

_D: dict[str, Any] = {"hidden": (4, 4), "loss": "mse", "activation": "tanh", "until": "accuracy=1", "epochs": 10_000}

_REPORT_D = Report(
    "Squared error; full batch, mini-batches and single samples; ReLUs that die.",
    [
        Part(
            "Batches: accuracy",
            _D,
            listed(
                ("xor, full batch", _XOR | {"lr": 0.5}, 1.0),
                ("xor, mini-batches of 4", _XOR | {"lr": 0.5, "batch_size": 4}, 1.0),
                ("xor, single samples", _XOR | {"batch_size": 1}, 1.0),
                ("linear, full batch", _LINEAR | {"lr": 0.5}, 1.0),
            ),
            measure="accuracy",
        ),
        Part(
            "xor after 10,000 epochs",
            {"data": "xor", "hidden": (4, 4), "loss": "mse", "activation": "sigmoid", "lr": 1.0, "epochs": 10_000},
            listed(("loss, full batch", {}, 0.0566)),
            measure="loss",
            words=["The report does not say its rate; this is 1, with sigmoid activations."],
        ),
        Part(
            "Activations, xor: accuracy",
            _D | _XOR | {"lr": 0.5, "until": None, "epochs": 3000},
            listed(*((name, {"activation": name}, None) for name in ("sigmoid", "relu", "leaky_relu", "tanh", "none"))),
            measure="accuracy",
        ),
    ],
    {
        "xor, single samples, dying ReLUs": _D
        | _XOR
        | {"activation": "relu", "batch_size": 1, "until": None, "epochs": 300}
    },
)

_E: dict[str, Any] = {
    "activation": "tanh", "init": "normal", "loss": "bce", "reduction": "sum", "epochs": 3000,
}  # fmt: skip

_REPORT_E = Report(
    "Summed cross-entropy, wide layers, 3,000 epochs; the loss at the end.",
    [
        Part(
            "Linear, hidden 10-10",
            _E | _LINEAR | {"hidden": (10, 10)},
            listed(
                ("lr 1e-2", {"lr": 1e-2}, None),
                ("lr 1e-3", {"lr": 1e-3}, 20.0),
                ("lr 1e-1, published: diverges", {"lr": 1e-1}, None),
            ),
            measure="loss",
            words=["The report does not say how its weights were drawn; here they are normal with deviation 1."],
        ),
        Part(
            "xor, hidden 100-100",
            _E | _XOR | {"hidden": (100, 100)},
            listed(
                ("lr 2e-2", {"lr": 2e-2}, None),
                ("lr 2e-2, activations taken out", {"lr": 2e-2, "activation": "none"}, None),
            ),
            measure="loss",
            words=["The global switch that takes the activations out is --activation none; the run diverges."],
        ),
    ],
    {
        "linear": _E | _LINEAR | {"hidden": (10, 10), "lr": 1e-2},
        "xor": _E | _XOR | {"hidden": (100, 100), "lr": 2e-2, "until": "loss<0.01"},
    },
)

REPORTS: dict[str, Report] = {"A": _REPORT_A, "B": _REPORT_B, "C": _REPORT_C, "D": _REPORT_D, "E": _REPORT_E}
