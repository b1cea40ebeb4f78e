"""What layers compute, as functions of their input and parameters."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.typing import Array, Result, Rng


def _linear_weight_rule(g: Array, y: Array, x: Array, w: Array, b: Array | None = None) -> Result:
    """Gradient gᵀ x, of g and x as matrices, every axis but the last made into one."""
    if g.ndim == 2:
        return g.T @ x
    return np.reshape(g, (-1, w.shape[0])).T @ np.reshape(x, (-1, w.shape[1]))


def _linear_bias_rule(g: Array, y: Array, x: Array, w: Array, b: Array) -> Result:
    """Σ g over every axis but the last."""
    # Where the last is short, einsum takes as little as a quarter of the time that sum does.
    return np.einsum("ij->j", g if g.ndim == 2 else np.reshape(g, (-1, b.size)))


@primitive(lambda g, y, x, w, b=None: g @ w, _linear_weight_rule, _linear_bias_rule)
def linear(x: Array, w: Array, b: Array | None = None) -> Result:
    """Return an affine map of the last axis, `x wᵀ + b`.

    Arguments:
        x: array of shape (..., in_features).
        w: weight of shape (out_features, in_features).
        b: bias of shape (out_features,), or None.

    Raises:
        OperationError: if the shapes do not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.linear(np.ones((2, 3)), np.ones((1, 3)), np.zeros(1))
        array([[3.],
               [3.]])
    """
    try:
        y = x @ w.T
        if b is None:
            return y
        if y.dtype is b.dtype and y.ndim > b.ndim == 1:  # into an array of our own, which spares a second one
            y += b
            return y
        return y + b
    except ValueError as error:
        raise _explain_linear(np.shape(x), np.shape(w), () if b is None else np.shape(b)) from error


def _explain_linear(x: tuple[int, ...], w: tuple[int, ...], b: tuple[int, ...]) -> OperationError:
    if len(w) != 2:
        return OperationError(
            f"linear: weight must be (out_features, in_features), got {w}; reshape it to two dimensions"
        )
    if x[-1:] != w[1:]:
        return OperationError(f"linear: input must be (..., {w[1]}), got {x}; its last axis holds the {w[1]} features")
    return OperationError(f"linear: bias must be ({w[0]},), got {b}; it holds one number for each output feature")


def bilinear(x1: Array, x2: Array, w: Array, b: Array | None = None) -> Result:
    """Return a bilinear map of two arrays' last axes, `y[..., o] = Σ_{i,j} x1[..., i] w[o, i, j] x2[..., j] + b[o]`.

    Arguments:
        x1: array of shape (..., in1_features).
        x2: array of shape (..., in2_features).
        w: weight of shape (out_features, in1_features, in2_features).
        b: bias of shape (out_features,), or None.

    Raises:
        OperationError: if the shapes do not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.bilinear(np.ones((4, 2)), np.ones((4, 3)), np.ones((1, 2, 3))).ravel()
        array([6., 6., 6., 6.])
    """
    expected = (*np.shape(x1)[:-1], w.shape[1]), (*np.shape(x1)[:-1], w.shape[2])
    if (np.shape(x1), np.shape(x2)) != expected:
        raise OperationError(
            f"bilinear: inputs must be (..., {w.shape[1]}) and (..., {w.shape[2]}) with the same axes before, got "
            f"{np.shape(x1)} and {np.shape(x2)}; the weight has shape {w.shape}"
        )
    y = np.einsum("...i,oij,...j->...o", x1, w, x2)
    return y if b is None else y + b


def dropout(x: Array, p: float, rng: Rng) -> Result:
    """Return `x` with each element zeroed with probability `p` and the others divided by `1 − p`.

    Arguments:
        x: array of any shape.
        p: the probability, in [0, 1).
        rng: `np.random.Generator` or `RandomState`, what the choice is drawn from.

    Raises:
        OperationError: if `p` is outside [0, 1).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.dropout(np.ones(6), 0.5, np.random.default_rng(0))
        array([2., 0., 0., 0., 2., 2.])

    Source: N. Srivastava and others, "Dropout: a simple way to prevent neural networks from overfitting", 2014.
    """
    if not 0 <= p < 1:
        raise OperationError(f"dropout: p must be in [0, 1), got {p}; it is the share of elements to zero")
    return _dropped(x, rng.random(np.shape(x)) >= p, p) if p else x


@primitive(lambda g, y, x, kept, p: g * kept / (1 - p), None)
def _dropped(x: Array, kept: Array, p: float) -> Result:
    return x * kept / (1 - p)
