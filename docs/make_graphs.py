"""Draw the pictures of docs/graphs.md: `python docs/make_graphs.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn, viz
from tinygrad_lab.errors import OperationError

FOLDER = Path(__file__).parent / "graphs"
X, TARGET = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])


class Cell(nn.Module):
    """One step of a recurrent network, `tanh(W x + U h)`."""

    def __init__(self, features: int, hidden: int, rng: np.random.Generator) -> None:
        self.x_to_h = nn.Linear(features, hidden, rng=rng)
        self.h_to_h = nn.Linear(hidden, hidden, rng=rng)

    def forward(self, x, h):
        """Return the next state."""
        return np.tanh(self.x_to_h(x) + self.h_to_h(h))


class Recurrent(nn.Module):
    """A cell applied to every step, and a linear layer on the last state."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.cell = Cell(3, 8, rng)
        self.out = nn.Linear(8, 1, rng=rng)

    def forward(self, steps):
        """Return one number per sequence."""
        h = np.zeros((4, 8))
        for x in steps:
            h = self.cell(x, h)
        return self.out(h)


def neuron() -> viz.Graph:
    """One neuron with numbers that are easy to check by hand."""
    x1, x2, w1, w2 = (tl.Value(v, name=n) for v, n in ((2.0, "x1"), (0.0, "x2"), (-3.0, "w1"), (1.0, "w2")))
    b = tl.Value(6.88, name="b")
    y = np.tanh(x1 * w1 + x2 * w2 + b)
    y.name = "y"
    return y.graph(level="scalar")


def trained() -> viz.Graph:
    """The loss of a small network after `backward`, computed by nobody but the user."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(2, 4, rng=rng), nn.Tanh(), nn.Linear(4, 1, rng=rng))
    loss = nn.MSELoss()(model(X), TARGET)
    loss.backward()
    return loss.graph()


class Attention(nn.Module):
    """Scaled dot-product attention with one head."""

    def __init__(self, features: int, rng: np.random.Generator) -> None:
        self.query, self.key, self.value = (nn.Linear(features, features, rng=rng) for _ in range(3))

    def forward(self, x):
        """Return the weighted values."""
        query, key, value = self.query(x), self.key(x), self.value(x)
        return tl.functional.softmax(query @ key.T / 2.0, axis=-1) @ value


class LSTM(nn.Module):
    """Long short-term memory, gate by gate."""

    def __init__(self, features: int, hidden: int, rng: np.random.Generator) -> None:
        self.i, self.f, self.o, self.g = (nn.Linear(features + hidden, hidden, rng=rng) for _ in range(4))
        self.hidden = hidden

    def forward(self, steps):
        """Return the last state."""
        sigmoid = tl.functional.sigmoid
        h = c = np.zeros((1, self.hidden))
        for x in steps:
            z = np.concatenate([x, h], axis=1)
            c = sigmoid(self.f(z)) * c + sigmoid(self.i(z)) * np.tanh(self.g(z))
            h = sigmoid(self.o(z)) * np.tanh(c)
        return h


def attention() -> viz.Graph:
    """Query, key and value, which no folding may confuse."""
    rng = np.random.default_rng(0)
    return viz.draw(Attention(4, rng), rng.normal(size=(3, 4)))


def gates() -> viz.Graph:
    """An LSTM over twenty steps: time folds, gates do not."""
    rng = np.random.default_rng(0)
    return viz.draw(LSTM(3, 4, rng), [rng.normal(size=(1, 3)) for _ in range(20)])


def unrolled() -> viz.Graph:
    """Thirty steps, each drawn, in columns."""
    rng = np.random.default_rng(0)
    steps = [rng.normal(size=(4, 3)) for _ in range(30)]
    return viz.draw(Recurrent(rng), steps, fold=False, max_nodes=1000)


def often() -> viz.Graph:
    """A value that is used forty times."""
    x, kinds = tl.Value(np.ones(3), name="x"), (np.sin, np.tanh, np.cos, np.negative)
    return np.sum(np.stack([kinds[i % 4](x) for i in range(40)])).graph(fold=False)


def complex_numbers() -> viz.Graph:
    """Complex values, from left to right."""
    z, w = tl.Value(3 + 4j, name="z"), tl.Value(np.array([1 + 1j, 2 - 1j, 0.5j, 5.0]), name="w")
    return np.sum(np.abs(z * w)).graph(view="both", direction="right")


def refused() -> viz.Graph:
    """A model whose layers do not fit together."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.Tanh(), nn.Linear(4, 1, rng=rng))
    try:
        model(X)
    except OperationError as error:
        return viz.draw(error)
    raise AssertionError("the model must not fit together")


def moments() -> viz.Comparison:
    """A neuron before and after a step of gradient descent."""
    w, b = tl.Value(-3.0, name="w"), tl.Value(6.5, name="b")
    optimizer = tl.optim.SGD([w, b], lr=0.1)

    def loss() -> tl.Value:
        result = (np.tanh(w * 2.0 + b) - 1.0) ** 2
        result.name = "loss"
        return result

    before = loss()
    picture = before.graph(level="scalar", view="both")
    before.backward()
    optimizer.step()
    return viz.compare(picture, loss().graph(level="scalar", view="both"))


def xor(level: viz.Level, view: viz.Shown) -> viz.Graph:
    """The network with two hidden layers, and its loss."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Linear(2, 4, rng=rng), nn.Sigmoid(), nn.Linear(4, 4, rng=rng), nn.Sigmoid(), nn.Linear(4, 1, rng=rng)
    )
    criterion = nn.BCEWithLogitsLoss()

    def loss(x, target):
        return criterion(model(x), target)

    return viz.draw(loss, X, TARGET, level=level, view=view)


def convolution() -> viz.Graph:
    """A convolution followed by two linear layers."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Conv1D(1, 4, 3, padding=1, rng=rng), nn.ReLU(), nn.Flatten(), nn.Linear(32, 8, rng=rng), nn.ReLU(),
        nn.Linear(8, 1, rng=rng),
    )  # fmt: skip
    return viz.draw(model, rng.normal(size=(16, 1, 8)), color="grad")


def recurrent() -> viz.Graph:
    """Fifty steps with shared weights."""
    rng = np.random.default_rng(0)
    return viz.draw(Recurrent(rng), [rng.normal(size=(4, 3)) for _ in range(50)])


def second_order() -> viz.Graph:
    """The graph of a derivative, that of `x tanh(x)`, as `create_graph=True` records it."""
    x = tl.Value(2.0, name="x")
    (np.tanh(x) * x).backward(create_graph=True)
    return x.grad.graph(level="scalar")


def not_a_number() -> viz.Graph:
    """A logarithm of something that may be negative."""
    rng = np.random.default_rng(0)
    w = tl.Value(rng.normal(size=(3, 2)), name="w")

    def entropy(x):
        score = x @ w.T
        surprise = np.log(score + 0.5)
        return -np.mean(np.sum(score * surprise, axis=1))

    with np.errstate(all="ignore"):
        return viz.draw(entropy, X)


PICTURES = {
    "neuron": neuron,
    "loss": trained,
    "attention": attention,
    "lstm": gates,
    "unrolled": unrolled,
    "often": often,
    "complex": complex_numbers,
    "refused": refused,
    "moments": moments,
    "xor_modules": lambda: xor("module", "forward"),
    "xor_operations": lambda: xor("op", "both"),
    "conv1d": convolution,
    "rnn": recurrent,
    "second_order": second_order,
    "nan": not_a_number,
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        draw().save(FOLDER / f"{name}.svg")
    neuron().animate(FOLDER / "sweep.svg")
