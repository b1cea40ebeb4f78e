"""One step of a recurrent network as a layer: `RNNCell`, `LSTMCell`, `GRUCell`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, OperationError
from tinygrad_lab.functional.recurrent import gru_state, lstm_output, lstm_state
from tinygrad_lab.generators import or_fresh
from tinygrad_lab.nn.init import check_positive, uniform
from tinygrad_lab.nn.module import Module
from tinygrad_lab.refusals.nearest import none_of
from tinygrad_lab.typing import Array, DTypeLike, Result, Rng

NONLINEARITIES: dict[str, Callable[[Any], Any]] = {"tanh": np.tanh, "relu": functional.relu}
State = tuple[Any, ...]  # (h,), or (h, c) of an LSTM


def rnn_step(xs: Any, hs: Any, state: State, nonlinearity: str) -> State:
    """Return the state after a step, from what the input (`xs`) and the last state (`hs`) add to the gates."""
    return (NONLINEARITIES[nonlinearity](xs + hs),)


def lstm_step(xs: Any, hs: Any, state: State, nonlinearity: str) -> State:
    """Return the states after a step, as `rnn_step`."""
    gates = xs + hs
    c = lstm_state(gates, state[1])
    return lstm_output(gates, c), c


def gru_step(xs: Any, hs: Any, state: State, nonlinearity: str) -> State:
    """Return the state after a step, as `rnn_step`."""
    return (gru_state(xs, hs, state[0]),)


class Recurrent(Module):
    """What cells and whole layers share: the parameters of one step, and how a step is made."""

    _gates: ClassVar[int]
    _states: ClassVar[int] = 1
    _step: ClassVar[Any]
    nonlinearity: str = "tanh"

    def _add_parameters(self, suffix: str, inputs: int, hidden: int, bias: bool, rng: Any, dtype: DTypeLike) -> None:
        bound, rows = 1 / math.sqrt(hidden), self._gates * hidden
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, inputs), "weight_hh": (rows, hidden)}
        if bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        for name, shape in shapes.items():
            setattr(self, name + suffix, Value(uniform(shape, rng, dtype, -bound, bound)))

    def _parameter(self, name: str) -> Result:
        return getattr(self, name, None)

    def _advance(self, xs: Any, state: State, suffix: str) -> State:
        """Return the state after a step; `xs` is what the input adds to the gates."""
        hs = functional.linear(state[0], self._parameter("weight_hh" + suffix), self._parameter("bias_hh" + suffix))
        return tuple(type(self)._step(xs, hs, state, self.nonlinearity))

    def _check_nonlinearity(self, nonlinearity: str) -> None:
        if nonlinearity not in NONLINEARITIES:
            raise ArgumentError(
                f"{type(self).__name__}: nonlinearity {none_of(NONLINEARITIES, nonlinearity, 'tanh is usual')}"
            )
        self.nonlinearity = nonlinearity


class _Cell(Recurrent):
    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, rng: Rng | None = None, dtype: DTypeLike = None
    ) -> None:
        check_positive(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self._add_parameters("", input_size, hidden_size, bias, or_fresh(rng), dtype)

    def forward(self, input: Array, hx: Any = None) -> Result:
        """Return the state after one step, of shape (batch, hidden_size) or (hidden_size,); of an LSTM a pair."""
        if np.ndim(input) not in (1, 2) or input.shape[-1] != self.input_size:
            raise OperationError(
                f"{type(self).__name__}: input must be (batch, {self.input_size}) or ({self.input_size},), "
                f"got {np.shape(input)}; its last axis holds the features"
            )
        if hx is None:
            hx = (np.zeros_like(input, shape=(*input.shape[:-1], self.hidden_size)),) * self._states
        state = tuple(hx) if isinstance(hx, tuple | list) else (hx,)
        xs = functional.linear(input, self._parameter("weight_ih"), self._parameter("bias_ih"))
        state = self._advance(xs, state, "")
        return state if self._states > 1 else state[0]

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.input_size}, {self.hidden_size}"


class RNNCell(_Cell):
    """One step of an `RNN`: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`.

    Arguments:
        input_size: the size of the input's vectors.
        hidden_size: the size of the state.
        bias: whether there are biases.
        nonlinearity: "tanh" or "relu".
        rng, dtype: as in `RNN`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.RNNCell(3, 5)(np.zeros((4, 3))).shape
        (4, 5)
    """

    _gates = 1
    _step = staticmethod(rnn_step)

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", *,
        rng: Rng | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        self._check_nonlinearity(nonlinearity)
        super().__init__(input_size, hidden_size, bias, rng=rng, dtype=dtype)


class LSTMCell(_Cell):
    """One step of an `LSTM`; takes and returns a pair (h, c).

    Arguments are those of `RNNCell`, without the nonlinearity.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> h, c = tl.nn.LSTMCell(3, 5)(np.zeros((4, 3)))
        >>> h.shape, c.shape
        ((4, 5), (4, 5))
    """

    _gates = 4
    _states = 2
    _step = staticmethod(lstm_step)


class GRUCell(_Cell):
    """One step of a `GRU`.

    Arguments are those of `RNNCell`, without the nonlinearity.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.GRUCell(3, 5)(np.zeros((4, 3))).shape
        (4, 5)
    """

    _gates = 3
    _step = staticmethod(gru_step)
