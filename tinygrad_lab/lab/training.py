"""The training loop as a library: `train` knows models, losses and optimizers, but no files and no screen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.lab.interrupt import interruptible
from tinygrad_lab.lab.metrics import scorer
from tinygrad_lab.lab.steps import CompiledFullBatch, FullBatch, MiniBatches, Steps, backend_of, differs
from tinygrad_lab.lab.stopping import Until
from tinygrad_lab.lab.watching import Watch
from tinygrad_lab.nn import Module
from tinygrad_lab.optim import Optimizer
from tinygrad_lab.typing import NDArray, NumPyRng

StoppedBy: TypeAlias = Literal["until", "epochs", "patience", "diverged", "interrupted"]


@dataclass
class History:
    """What a training run measured: entry `e - 1` belongs to the evaluation of epoch `e`.

    Arguments:
        loss: the loss over all points at each epoch.
        accuracy: the share of points whose class is predicted, at each epoch; empty for quantities.
        seconds: how long the run took.
        stopped_by: why it stopped: `until` (the condition was met), `epochs` (all were made), `patience` (the
            validation loss stopped falling), `diverged` (the loss is not finite) or `interrupted` (Ctrl-C); None while
            it goes on.
        validation_loss, validation_accuracy: loss and accuracy over the points put aside to watch; empty without any.
        best: the epoch whose parameters the model has, if that is not the last one.
        kept: with patience, the parameters where the validation loss was lowest so far.
        last: the parameters of the last epoch, if the model has others.
        gradients: the gradients of the last epoch, which a compiled training needs for its next update.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    seconds: float = 0.0
    stopped_by: StoppedBy | None = None
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    best: int | None = None
    kept: dict[str, NDArray] | None = field(default=None, repr=False)
    last: dict[str, NDArray] | None = field(default=None, repr=False)
    gradients: dict[str, NDArray] | None = field(default=None, repr=False)

    def columns(self) -> dict[str, list[float]]:
        """Return what was measured at each epoch, by name."""
        names = ("loss", "accuracy", "validation_loss", "validation_accuracy")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def final(self, name: str) -> float:
        """Return a figure at the epoch whose parameters the model has: the last one, or the best."""
        column: list[float] = getattr(self, name)
        return column[(self.best or len(column)) - 1]

    @property
    def epochs(self) -> int:
        """Number of evaluations."""
        return len(self.loss)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from tinygrad_lab.viz.write.notebook import curves_bundle  # only notebooks call this

        return curves_bundle(self.columns(), repr(self))

    def __repr__(self) -> str:
        latest = "".join(f", {name}={column[-1]:.6g}" for name, column in self.columns().items())
        return f"History(epochs={self.epochs}{latest}, stopped_by={self.stopped_by!r})"


Loss: TypeAlias = Callable[[Any, Any], Any]
Callback: TypeAlias = Callable[[History], object]


def train(
    model: Module,
    data: tuple[NDArray, NDArray],
    loss: Loss,
    optimizer: Optimizer,
    *,
    epochs: int,
    batch_size: int | None = None,
    until: str | Until | None = None,
    callbacks: Sequence[Callback] = (),
    rng: NumPyRng | None = None,
    threshold: float | None = 0.5,
    validation: tuple[NDArray, NDArray] | None = None,
    patience: int | None = None,
    history: History | None = None,
    compile: bool | str = False,
    every: int = 1000,
) -> History:
    """Train a model. Each epoch evaluates first and then updates.

    The loss and accuracy of an epoch are those of all points before the epoch's updates, and the last epoch only
    evaluates: the last entries of the history are those of the model as it is returned. With the full batch, the
    forward pass of the evaluation is also that of the update; with smaller batches, or a model that behaves otherwise
    in training, as with Dropout, the evaluation is a pass of its own, in evaluation mode, and the epoch then updates
    once per batch, in a new random order each time.

    Arguments:
        model: takes inputs, and returns one column of outputs (two classes) or one per class.
        data: inputs, and targets as the loss takes them: (points, 1) of 0 and 1, or (points,) of class numbers.
        loss: takes outputs and targets, and returns a scalar Value.
        optimizer: updates the model's parameters.
        epochs: the most epochs.
        batch_size: points per update; None for all.
        until: a condition that ends the training when an evaluation meets it, such as `"accuracy=1"`.
        callbacks: called after each evaluation with the history so far.
        rng: decides the order of the points, if there are batches.
        threshold: where a single column of outputs begins to mean class 1: 0.5, or 0 for logits; None for quantities,
            which have no accuracy.
        validation: more points, evaluated at each epoch and never trained on.
        patience: stop when the loss on `validation` has not fallen for this many epochs, and keep the parameters with
            the lowest.
        history: an earlier history to continue; model, optimizer and `rng` have to be as they were at its end.
        compile: whether to use a compiled step: True for Numba if it is installed, else NumPy; or a backend's name.
        every: epochs between two calls of the callbacks, with a compiled step for the full batch.

    Returns:
        The history, with the reason why the training stopped.

    Raises:
        LabError: `until` is not a condition.
        ArgumentError: a count is below 1, `batch_size` is given without `rng`, `patience` without `validation`, or the
            loss is no scalar.

    Example:
        >>> import tinygrad_lab as tl
        >>> rng = np.random.default_rng(0)
        >>> model = tl.nn.Sequential(tl.nn.Linear(2, 1, rng=rng), tl.nn.Sigmoid())
        >>> sgd = tl.optim.SGD(model.parameters(), lr=1.0)
        >>> from tinygrad_lab import lab
        >>> lab.train(model, lab.linear(100, rng), tl.nn.MSELoss(), sgd, epochs=500, until="accuracy>0.97").stopped_by
        'until'
    """
    training = Training(
        model, data, loss, optimizer, epochs=epochs, batch_size=batch_size, until=until, rng=rng, threshold=threshold,
        validation=validation, patience=patience, history=history, compile=compile, every=every,
    )  # fmt: skip
    history = training.history
    start = time.perf_counter() - history.seconds
    # A loss that overflows is reported as a divergence, once; NumPy need not warn as well.
    with interruptible() as interrupted, np.errstate(over="ignore", invalid="ignore"):
        done = training.evaluated and training.decide()
        while not done and history.epochs < epochs:
            training.evaluate(interrupted)
            history.seconds = time.perf_counter() - start
            for callback in callbacks:
                callback(history)
            if history.stopped_by is not None:
                break
            for _ in training.updates():
                if interrupted():
                    break  # the next evaluation notices it too
    training.restore()
    return history


class Training:
    """A training that you step through yourself: `train` is a loop around it.

    An epoch is an evaluation and then the updates; after the last evaluation comes `restore`. Where a loss that
    overflows should not warn, surround the calls with `np.errstate(over="ignore", invalid="ignore")`.

    Arguments:
        model, data, loss, optimizer: as for `train`.
        options: the keywords of `train`, except `callbacks`.

    Attributes:
        history: what has been measured, and why to stop, once it should.

    Raises:
        LabError, ArgumentError: as `train`.

    Example:
        >>> import tinygrad_lab as tl
        >>> model = tl.nn.Linear(2, 1, rng=np.random.default_rng(0))
        >>> sgd = tl.optim.SGD(model.parameters(), lr=0.1)
        >>> training = Training(model, tl.lab.xor(), tl.nn.MSELoss(), sgd, epochs=100)
        >>> training.evaluate()
        >>> for update in training.updates():
        ...     pass  # one for each batch
        >>> training.evaluate()
        >>> training.history.loss[1] < training.history.loss[0]
        True
    """

    def __init__(
        self, model: Module, data: tuple[NDArray, NDArray], loss: Loss, optimizer: Optimizer, *, epochs: int,
        batch_size: int | None = None, until: str | Until | None = None, rng: NumPyRng | None = None,
        threshold: float | None = 0.5, validation: tuple[NDArray, NDArray] | None = None, patience: int | None = None,
        history: History | None = None, compile: bool | str = False, every: int = 1000,
    ) -> None:  # fmt: skip
        x, y = data
        _check_counts(epochs=epochs, batch_size=batch_size, patience=patience)
        if patience is not None and validation is None:
            raise ArgumentError("train: patience needs validation points; pass validation=(x, y)")
        self.until = Until(until) if isinstance(until, str) else until
        self.history, self.epochs = history or History(), epochs
        score = None if threshold is None else scorer(y, threshold)
        self.steps: Steps = (full := FullBatch(model, x, y, loss, optimizer, score))
        if batch_size is not None and batch_size < len(x):
            if rng is None:
                raise ArgumentError("train: batch_size needs an rng; pass rng=np.random.default_rng(seed)")
            self.steps = MiniBatches(model, x, y, loss, optimizer, score, batch_size, rng, backend_of(compile))
        elif compile:
            ahead = 1 if validation is not None else every
            self.steps = CompiledFullBatch(full, backend_of(compile), self.history, self.until, epochs, ahead)
        elif differs(model):
            self.steps = MiniBatches(model, x, y, loss, optimizer, score, None, rng, None)
        self.watch = Watch(model, loss, validation, threshold, patience)
        self.watch.look_back(self.history)
        self.objective: Any = None  # the loss of the last evaluation, with its graph

    def evaluate(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Evaluate the model as it is, and decide whether to stop.

        Arguments:
            interrupted: tells whether somebody wants to stop.
        """
        history = self.history
        self.objective, accuracy = self.steps.evaluate()
        if self.objective.shape != ():
            raise _not_a_scalar(self.objective)
        history.loss.append(self.objective.item())
        if accuracy is not None:
            history.accuracy.append(accuracy)
        self.watch(history)
        self.decide(interrupted())

    @property
    def evaluated(self) -> bool:
        """Whether the history ends with an evaluation whose update is still missing, as after a compiled training."""
        return isinstance(self.steps, CompiledFullBatch) and self.steps.started

    def decide(self, interrupted: bool = False) -> bool:
        """Decide whether to stop after the last evaluation."""
        history = self.history
        last, enough = history.epochs >= self.epochs, self.watch.has_had_enough(history)
        history.stopped_by = _reason(history, self.until, interrupted, last, enough)
        return history.stopped_by is not None

    def updates(self) -> Iterator[None]:
        """Make the updates that follow an evaluation, one at a time: one for each batch."""
        return self.steps.updates(self.objective)

    def restore(self) -> None:
        """Put the best parameters back, if patience asks for them."""
        self.watch.restore(self.history)


def _check_counts(**counts: int | None) -> None:
    for name, number in counts.items():
        if number is not None and number < 1:
            raise ArgumentError(f"train: {name} must be at least 1, got {number}; correct it")


def _not_a_scalar(objective: Any) -> ArgumentError:
    return ArgumentError(
        f"train: loss must return a scalar, got shape {objective.shape}; reduce it, for example with reduction='mean'"
    )


def _reason(history: History, until: Until | None, interrupted: bool, last: bool, enough: bool) -> StoppedBy | None:
    loss = history.loss[-1]
    if not math.isfinite(loss):
        return "diverged"
    if until is not None and until(loss, history.accuracy[-1] if history.accuracy else 0.0):
        return "until"
    if enough:
        return "patience"
    if interrupted:
        return "interrupted"
    return "epochs" if last else None
