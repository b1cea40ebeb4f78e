"""Averages of parameters over the steps of a training, which often predict better than the last ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.optim.arguments import values


class ParameterAverage:
    """The mean of parameters over the steps so far, or, with a decay, the exponential moving average.

    `a ← a + (w − a) / n` after n updates, or `a ← decay · a + (1 − decay) · w`.

    Arguments:
        params: the Values to average, such as `model.parameters()`.
        decay: how much of the average is kept at each update, in [0, 1); the mean of all of them without it.

    Attributes:
        averages: the arrays, in the order of the parameters.
        updates: how many there were.

    Raises:
        ArgumentTypeError: if `params` holds anything but Values.
        ArgumentError: if the decay is out of its range.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> w = tl.Value(1.0)
        >>> average = tl.optim.ParameterAverage([w])
        >>> for w.data in np.array([2.0, 4.0]):
        ...     average.update()
        >>> with average.applied():
        ...     w.data
        np.float64(3.0)
        >>> w.item()
        4.0

    Source: B. Polyak, A. Juditsky, "Acceleration of stochastic approximation by averaging", 1992; P. Izmailov and
    others, "Averaging weights leads to wider optima and better generalization", 2018.
    """

    def __init__(self, params: Iterable[Value], decay: float | None = None) -> None:
        if decay is not None and not 0 <= decay < 1:
            raise ArgumentError(f"ParameterAverage: decay must be in [0, 1), got {decay}; 0.999 is usual")
        self.params = values("ParameterAverage", params)
        self.decay = decay
        self.updates = 0
        self.averages: list[Any] = [parameter.data for parameter in self.params]

    def update(self) -> None:
        """Take the present parameters into the average; the first update makes it equal to them."""
        self.updates += 1
        kept = 1 - 1 / self.updates if self.decay is None else np.where(self.updates > 1, self.decay, 0.0).item()
        for i, parameter in enumerate(self.params):
            average = self.averages[i]
            self.averages[i] = (kept * average + (1 - kept) * parameter.data).astype(average.dtype)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the parameters hold their averages inside a `with` block."""
        present = [parameter.data for parameter in self.params]
        for parameter, average in zip(self.params, self.averages, strict=True):
            parameter.data = average
        try:
            yield
        finally:
            for parameter, array in zip(self.params, present, strict=True):
                parameter.data = array

    def state_dict(self) -> dict[str, Any]:
        """Return the averages by position, and the number of updates."""
        return {"updates": np.array(self.updates), **{str(i): np.array(a) for i, a in enumerate(self.averages)}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict()` returned.

        Raises:
            ArgumentError: if it belongs to other parameters.
        """
        shapes = {str(i): parameter.shape for i, parameter in enumerate(self.params)}
        if {key: np.shape(item) for key, item in state.items() if key != "updates"} != shapes or "updates" not in state:
            raise ArgumentError(
                f"ParameterAverage: the state {sorted(state)} does not fit the parameters and their shapes; "
                f"load it into an average of the model that was saved"
            )
        self.updates = int(state["updates"])
        self.averages = [np.array(state[key])[()] for key in shapes]
