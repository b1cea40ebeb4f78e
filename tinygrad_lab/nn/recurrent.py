"""Recurrent layers over whole sequences: `RNN`, `LSTM`, `GRU`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.errors import ArgumentError, OperationError
from tinygrad_lab.generators import or_fresh
from tinygrad_lab.nn.cells import Recurrent, State, gru_step, lstm_step, rnn_step
from tinygrad_lab.nn.init import check_positive
from tinygrad_lab.typing import Array, DTypeLike, Result, Rng


class _Layer(Recurrent):
    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, *, rng: Rng | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        check_positive(name, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        if not 0 <= dropout < 1:
            raise ArgumentError(
                f"{name}: dropout must be in [0, 1), got {dropout}; it is the share of elements to zero"
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.batch_first, self.dropout, self.bidirectional = batch_first, dropout, bidirectional
        self._rng = rng = or_fresh(rng)
        for layer in range(num_layers):
            inputs = input_size if layer == 0 else hidden_size * len(self._directions())
            for direction in self._directions():
                self._add_parameters(f"_l{layer}{direction}", inputs, hidden_size, bias, rng, dtype)

    def _directions(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def forward(self, input: Array, hx: Any = None) -> tuple[Any, Any]:
        """Return the states of the last layer at every position, and the last state of every layer.

        Arguments:
            input: array of shape (positions, batch, input_size), (batch, positions, input_size) with `batch_first`, or
                (positions, input_size).
            hx: the first states, of shape (num_layers · directions, batch, hidden_size), or without the batch; zeros
                without it. For an LSTM, a pair of such arrays.

        Returns:
            output: array of shape (positions, batch, directions · hidden_size), its axes ordered as the input's.
            hn: the last states, shaped as `hx`.
        """
        batched = np.ndim(input) == 3
        x = self._positions_first(input)
        first = self._first_states(hx, x, batched)
        last: list[State] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in self._directions():
                run, state = self._run(x, tuple(s[len(last)] for s in first), f"_l{layer}{direction}")
                outputs.append(run)
                last.append(state)
            x = outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=-1)
            if self.dropout and self.training and layer < self.num_layers - 1:
                x = functional.dropout(x, self.dropout, self._rng)
        hn = tuple(np.stack([state[i] for state in last]) for i in range(self._states))
        if not batched:
            x, hn = x[:, 0], tuple(h[:, 0] for h in hn)
        elif self.batch_first:
            x = np.swapaxes(x, 0, 1)
        return x, hn if self._states > 1 else hn[0]

    def _run(self, x: Array, state: State, suffix: str) -> tuple[Any, State]:
        """Return the states at every position of `x`, and the last one."""
        xs = functional.linear(x, self._parameter("weight_ih" + suffix), self._parameter("bias_ih" + suffix))
        backwards = suffix.endswith("_reverse")

        def advance(state: State, row: Any) -> tuple[State, Any]:
            state = self._advance(row, state, suffix)
            return state, state[0]

        from tinygrad_lab.compiler.scanning import scan  # with the compiler: only who runs a sequence waits for it

        state, states = scan(advance, state, np.flip(xs, 0) if backwards else xs)
        return np.flip(states, 0) if backwards else states, state

    def _positions_first(self, x: Array) -> Result:
        shape = np.shape(x)
        if len(shape) not in (2, 3) or shape[-1] != self.input_size or 0 in shape[:-1]:
            axes = "batch, positions" if self.batch_first else "positions, batch"
            raise OperationError(
                f"{type(self).__name__}: input must be ({axes}, {self.input_size}) or (positions, {self.input_size}), "
                f"got {shape}; its last axis holds the features"
            )
        if len(shape) == 2:
            return np.expand_dims(x, 1)
        return np.swapaxes(x, 0, 1) if self.batch_first else x

    def _first_states(self, hx: Any, x: Array, batched: bool) -> State:
        expected = (self.num_layers * len(self._directions()), x.shape[1], self.hidden_size)
        if hx is None:
            return (np.zeros_like(x, shape=expected),) * self._states
        states = tuple(hx) if self._states > 1 else (hx,)
        states = states if batched else tuple(np.expand_dims(h, 1) for h in states)
        if [np.shape(h) for h in states] != [expected] * self._states:
            raise OperationError(
                f"{type(self).__name__}: hx must be {'a pair of ' if self._states > 1 else ''}{expected}, "
                f"got {[np.shape(h) for h in states]}; leave it out for zeros"
            )
        return states

    def extra_repr(self) -> str:
        """Return the sizes, and what differs from the default."""
        shown = [str(self.input_size), str(self.hidden_size)]
        for name, usual in (("num_layers", 1), ("batch_first", False), ("dropout", 0.0), ("bidirectional", False)):
            if getattr(self, name) != usual:
                shown.append(f"{name}={getattr(self, name)}")
        return ", ".join(shown)


class RNN(_Layer):
    """A recurrent network: `h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh)`.

    Arguments:
        input_size: the size of the vectors of the input.
        hidden_size: the size of the state.
        num_layers: the number of layers, each fed with the states of the one below.
        nonlinearity: "tanh" or "relu".
        bias: whether there are biases.
        batch_first: whether input and output are (batch, positions, features) rather than (positions, batch, features).
        dropout: the share of elements zeroed between layers in training.
        bidirectional: whether a second network runs from the end to the beginning.
        rng: `np.random.Generator` or `RandomState` for the first parameters, drawn from U(−a, a) with
            a = 1 / √hidden_size as in PyTorch, and for dropout.
        dtype: the parameters' dtype; the default dtype without it.

    Attributes:
        weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0: Values; the number is the layer's, and the backward
            direction's end in `_reverse`.

    Raises:
        ArgumentError: if a size is not positive, or the nonlinearity has no such name.
        OperationError: on a call with shapes that do not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> output, hn = tl.nn.RNN(3, 5, num_layers=2)(np.zeros((10, 4, 3)))
        >>> output.shape, hn.shape
        ((10, 4, 5), (2, 4, 5))

    Source: J. Elman, "Finding structure in time", 1990.
    """

    _gates = 1
    _step = staticmethod(rnn_step)

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, *, rng: Rng | None = None,
        dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        self._check_nonlinearity(nonlinearity)
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, rng=rng, dtype=dtype
        )


class LSTM(_Layer):
    """A long short-term memory: `c_t = σ(f) c_{t−1} + σ(i) tanh(g)` and `h_t = σ(o) tanh(c_t)`.

    i, f, g and o are each `W_ih x_t + b_ih + W_hh h_{t−1} + b_hh`, in this order in the weights' rows.

    Arguments are those of `RNN`, without the nonlinearity. The states `hx` and `hn` are pairs (h, c).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> output, (hn, cn) = tl.nn.LSTM(3, 5, bidirectional=True)(np.zeros((10, 4, 3)))
        >>> output.shape, hn.shape, cn.shape
        ((10, 4, 10), (2, 4, 5), (2, 4, 5))

    Source: S. Hochreiter, J. Schmidhuber, "Long short-term memory", 1997.
    """

    _gates = 4
    _states = 2
    _step = staticmethod(lstm_step)


class GRU(_Layer):
    """A gated recurrent unit: `h_t = (1 − z) n + z h_{t−1}`, with `n = tanh(n_x + r n_h)`.

    r, z and the two parts of n are sigmoids (r, z) and sums of `W_ih x_t + b_ih` and `W_hh h_{t−1} + b_hh`, in this
    order in the weights' rows.

    Arguments are those of `RNN`, without the nonlinearity.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> output, hn = tl.nn.GRU(3, 5, batch_first=True)(np.zeros((4, 10, 3)))
        >>> output.shape, hn.shape
        ((4, 10, 5), (1, 4, 5))

    Source: K. Cho and others, "Learning phrase representations using RNN encoder–decoder", 2014.
    """

    _gates = 3
    _step = staticmethod(gru_step)
