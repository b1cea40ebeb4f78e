"""One step of a recurrent network, given what its input and its last state add to each gate."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.declare import defvjp, primitive
from tinygrad_lab.functional.activations import sigmoid
from tinygrad_lab.typing import Array, Result


def _parts(gates: Array, count: int) -> list[Any]:
    n = gates.shape[-1] // count
    return [gates[..., i * n : (i + 1) * n] for i in range(count)]


@primitive()
def lstm_state(gates: Array, c: Array) -> Result:
    """Return the new cell state of an LSTM, `σ(f) c + σ(i) tanh(g)`.

    Arguments:
        gates: array of shape (..., 4 · hidden), i, f, g and o before their activations.
        c: the last cell state, of shape (..., hidden).

    Example:
        >>> import numpy as np
        >>> lstm_state(np.zeros(4), np.array([2.0]))
        array([1.])

    Source: S. Hochreiter, J. Schmidhuber, "Long short-term memory", 1997; the forget gate: F. Gers, J. Schmidhuber,
    F. Cummins, "Learning to forget", 2000.
    """
    i, f, g, _ = _parts(gates, 4)
    return sigmoid(f) * c + sigmoid(i) * np.tanh(g)


@primitive()
def lstm_output(gates: Array, c: Array) -> Result:
    """Return the new hidden state of an LSTM, `σ(o) tanh(c)`.

    Arguments:
        gates: array of shape (..., 4 · hidden), i, f, g and o before their activations.
        c: the new cell state, of shape (..., hidden).

    Example:
        >>> import numpy as np
        >>> lstm_output(np.zeros(4), np.array([0.0]))
        array([0.])
    """
    return sigmoid(_parts(gates, 4)[3]) * np.tanh(c)


def _lstm_state_rule(g: Array, y: Array, gates: Array, c: Array) -> Result:
    """Gradients of i, f and g side by side; o has none."""
    i, f, z, _ = _parts(gates, 4)
    i, f, z = sigmoid(i), sigmoid(f), np.tanh(z)
    return np.concatenate([g * z * i * (1 - i), g * c * f * (1 - f), g * i * (1 - z * z), np.zeros_like(g)], axis=-1)


def _lstm_output_rule(g: Array, y: Array, gates: Array, c: Array) -> Result:
    """The gradient of o; i, f and g have none."""
    o = sigmoid(_parts(gates, 4)[3])
    none = np.zeros_like(g)
    return np.concatenate([none, none, none, g * np.tanh(c) * o * (1 - o)], axis=-1)


def _lstm_output_cell_rule(g: Array, y: Array, gates: Array, c: Array) -> Result:
    """σ(o) (1 − tanh²(c)) · g."""
    t = np.tanh(c)
    return g * sigmoid(_parts(gates, 4)[3]) * (1 - t * t)


# fmt: off
defvjp(lstm_state,   _lstm_state_rule,   lambda g, y, gates, c: g * sigmoid(_parts(gates, 4)[1]))
defvjp(lstm_output,  _lstm_output_rule,  _lstm_output_cell_rule)
# fmt: on


@primitive()
def gru_state(of_input: Array, of_state: Array, h: Array) -> Result:
    """Return the new state of a gated recurrent unit, `(1 − z) n + z h`, with `n = tanh(n_x + r n_h)`.

    Arguments:
        of_input: array of shape (..., 3 · hidden), what the input adds to r, z and n.
        of_state: likewise, what the last state adds.
        h: the last state, of shape (..., hidden).

    Example:
        >>> import numpy as np
        >>> gru_state(np.zeros(3), np.zeros(3), np.array([2.0]))
        array([1.])

    Source: K. Cho and others, "Learning phrase representations using RNN encoder–decoder", 2014.
    """
    _, z, n, _ = _gru_gates(of_input, of_state)
    return n + z * (h - n)


def _gru_gates(of_input: Array, of_state: Array) -> tuple[Any, Any, Any, Any]:
    """Return r, z, n, and what the state adds to n."""
    (xr, xz, xn), (hr, hz, hn) = _parts(of_input, 3), _parts(of_state, 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    return r, z, np.tanh(xn + r * hn), hn


def _gru_rule(g: Array, of_input: Array, of_state: Array, h: Array, of_which: str) -> Result:
    r, z, n, hn = _gru_gates(of_input, of_state)
    dn = g * (1 - z) * (1 - n * n)
    return np.concatenate(
        [dn * hn * r * (1 - r), g * (h - n) * z * (1 - z), dn * r if of_which == "h" else dn], axis=-1
    )


# fmt: off
defvjp(gru_state,    lambda g, y, of_input, of_state, h: _gru_rule(g, of_input, of_state, h, "x"),
                     lambda g, y, of_input, of_state, h: _gru_rule(g, of_input, of_state, h, "h"),
                     lambda g, y, of_input, of_state, h: g * sigmoid(_parts(of_input, 3)[1] + _parts(of_state, 3)[1]))
# fmt: on
