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


def _gru_rule(
    needed: tuple[int, ...], g: Array, y: Array, of_input: Array, of_state: Array, h: Array, residuals: Any
) -> Result:
    """Gradients of r, z and n side by side, for what the input adds and what the state adds; and z · g."""
    r, z, n, hn = residuals
    found = {2: g * z}
    if 0 in needed or 1 in needed:
        dn = g * (1 - z) * (1 - n * n)
        dr, dz = dn * hn * r * (1 - r), g * (h - n) * z * (1 - z)
        for position, last in ((0, dn), (1, dn * r)):
            if position in needed:
                found[position] = np.concatenate([dr, dz, last], axis=-1)
    return tuple(found[position] for position in needed)


@primitive(joint=_gru_rule, residuals=True)
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
    n = of_input.shape[-1] // 3
    gates = sigmoid(of_input[..., : 2 * n] + of_state[..., : 2 * n])
    r, z, hn = gates[..., :n], gates[..., n:], of_state[..., 2 * n :]
    new = np.tanh(of_input[..., 2 * n :] + r * hn)
    return new + z * (h - new), (r, z, new, hn)
