"""One epoch: an evaluation and then the updates, one or one per batch, eager or compiled."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import numpy as np

from tinygrad_lab.compiler import compile
from tinygrad_lab.core import modes
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.lab.data import minibatches
from tinygrad_lab.lab.stopping import Until
from tinygrad_lab.nn import Module
from tinygrad_lab.nn.evaluation import in_evaluation_mode
from tinygrad_lab.optim import Optimizer
from tinygrad_lab.typing import NDArray

Score = Callable[[NDArray], Any]


class Steps(Protocol):
    """How a training proceeds from one evaluation to the next."""

    def evaluate(self) -> tuple[Any, float | None]:
        """Return the loss over all points, and the accuracy if there is one."""

    def updates(self, objective: Any) -> Iterator[None]:
        """Make the updates that follow an evaluation."""


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Surround calls of a model in evaluation mode that record nothing."""
    with in_evaluation_mode(model), modes.no_grad():
        yield


def differs(model: Module) -> bool:
    """Whether a model does something else in training: drops units, draws noise, or takes statistics of batches."""
    return bool(model.named_generators() or model.named_buffers())


def backend_of(compile: bool | str) -> str | None:
    """Return the backend that an option means: for True the fastest that is installed, for False None."""
    if compile is True:
        known = importlib.util.find_spec("tinygrad_lab.compiler.write_numba") and importlib.util.find_spec("numba")
        return "numba" if known else "numpy"
    return compile or None


def in_one_go(interval: int, numbers: int) -> int:
    """Return how many epochs a compiled step makes before it can be stopped, such that log lines are in time."""
    return math.gcd(interval, 1000 if numbers <= 1000 else 100 if numbers <= 10_000 else 1)


class FullBatch:
    """One update per epoch, on the graph that the evaluation recorded."""

    def __init__(
        self, model: Module, x: NDArray, y: NDArray, loss: Callable[[Any, Any], Any], optimizer: Optimizer,
        score: Score | None,
    ) -> None:  # fmt: skip
        self.model, self.x, self.y, self.loss, self.optimizer, self.score = model, x, y, loss, optimizer, score

    def outcome(self) -> tuple[Any, Any]:
        """Return the loss as a Value, and the accuracy."""
        output = self.model(self.x)
        return self.loss(output, self.y), None if self.score is None else self.score(output.data)

    def evaluate(self) -> tuple[Any, float | None]:
        """Return loss and accuracy."""
        objective, accuracy = self.outcome()
        return objective, None if accuracy is None else float(accuracy)

    def updates(self, objective: Any) -> Iterator[None]:
        """Make one step along the gradient."""
        self.optimizer.zero_grad()
        objective.backward(retain_graph=False)
        self.optimizer.step()
        yield


class MiniBatches(FullBatch):
    """One update per batch (or a single one), after an evaluation that records nothing."""

    def __init__(self, *args: Any) -> None:
        *first, self.batch_size, self.rng, backend = args
        super().__init__(*first)
        model, loss, optimizer = self.model, self.loss, self.optimizer

        def step(x: NDArray, y: NDArray) -> None:
            optimizer.zero_grad()
            loss(model(x), y).backward(retain_graph=False)
            optimizer.step()

        self.step = step if backend is None else compile(step, backend=backend, state=(model, optimizer))

    def evaluate(self) -> tuple[Any, float | None]:
        """Return loss and accuracy in evaluation mode."""
        with evaluating(self.model):
            return super().evaluate()

    def updates(self, objective: Any) -> Iterator[None]:
        """Make one step along the gradient of each batch."""
        whole = self.x, self.y
        for x, y in minibatches(whole, self.batch_size, self.rng) if self.batch_size else [whole]:
            self.step(x, y)
            yield


class CompiledFullBatch:
    """Many epochs in one call of compiled code; each updates with the gradients from before, and then evaluates.

    So it ends as the eager loop does, with an evaluation. All epochs but the last go straight into the history. Where a
    model behaves otherwise in training, the gradients are those of a pass of their own.
    """

    def __init__(
        self, eager: FullBatch, backend: str | None, history: Any, until: Any, epochs: int, every: int
    ) -> None:
        self.eager, self.history, self.epochs = eager, history, epochs
        self.until = until if isinstance(until, Until) or until is None else None
        self.every = every if until is self.until else 1  # a condition that is not ours runs in Python
        self.started = history.gradients is not None and history.stopped_by is None
        for name, parameter in eager.model.named_parameters():
            parameter.grad = (history.gradients or {}).get(name)
        self.apart = apart = differs(eager.model)
        optimizer = eager.optimizer

        def step() -> tuple[Any, Any]:
            if apart:
                for _ in eager.updates(eager.loss(eager.model(eager.x), eager.y)):
                    pass
                with evaluating(eager.model):
                    return eager.outcome()
            optimizer.step()
            optimizer.zero_grad()
            objective, accuracy = eager.outcome()
            objective.backward(retain_graph=False)
            return objective, accuracy

        self.step = compile(step, backend=backend or "numpy", state=(eager.model, optimizer))

    def evaluate(self) -> tuple[Any, float | None]:
        """Return the result of the last of the epochs made; the very first is eager."""
        outcome = self._evaluated()
        found = {} if self.apart else {name: p.grad for name, p in self.eager.model.named_parameters()}
        self.history.gradients = {name: plain(g) for name, g in found.items() if g is not None}
        return outcome

    def _evaluated(self) -> tuple[Any, float | None]:
        if not self.started:
            self.started = True
            with evaluating(self.eager.model) if self.apart else nullcontext():
                objective, accuracy = self.eager.evaluate()
            if objective.shape == () and not self.apart:
                self.eager.optimizer.zero_grad()
                objective.backward(retain_graph=False)
            return objective, accuracy
        done = self.history.epochs
        rounds = min(self.every - done % self.every, self.epochs - done)
        _, (losses, accuracies) = self.step.repeat(rounds, until=self._enough)
        self.history.loss += losses[:-1].tolist()
        if accuracies is None:
            return losses[-1], None
        self.history.accuracy += accuracies[:-1].tolist()
        return losses[-1], float(accuracies[-1])

    def updates(self, objective: Any) -> Iterator[None]:
        """Do nothing: the next evaluation makes them."""
        return iter(())

    def _enough(self, outcome: Any) -> Any:
        loss, accuracy = outcome
        loss = getattr(loss, "data", loss)
        stop = ~np.isfinite(loss)
        return stop if self.until is None else stop | self.until.holds(loss, accuracy)
