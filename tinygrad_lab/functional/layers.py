"""What layers compute, as functions of their input and parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.registry import primitive
from tinygrad_lab.errors import OperationError


def _linear_weight_rule(g: Any, y: Any, x: Any, w: Any, b: Any = None) -> Any:
    """Gradient gᵀ x, of g and x as matrices, every axis but the last made into one."""
    if g.ndim == 2:
        return g.T @ x
    return np.reshape(g, (-1, w.shape[0])).T @ np.reshape(x, (-1, w.shape[1]))


def _linear_bias_rule(g: Any, y: Any, x: Any, w: Any, b: Any) -> Any:
    """Σ g over every axis but the last."""
    return g.sum(axis=0) if g.ndim == 2 else np.sum(g, axis=tuple(range(g.ndim - 1)))


@primitive(lambda g, y, x, w, b=None: g @ w, _linear_weight_rule, _linear_bias_rule)
def linear(x: Any, w: Any, b: Any = None) -> Any:
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
        return x @ w.T if b is None else x @ w.T + b
    except ValueError as error:
        raise _explain_linear(np.shape(x), np.shape(w), np.shape(b)) from error


def _explain_linear(x: tuple[int, ...], w: tuple[int, ...], b: tuple[int, ...]) -> OperationError:
    if len(w) != 2:
        return OperationError(
            f"linear: weight must be (out_features, in_features), got {w}; reshape it to two dimensions"
        )
    if x[-1:] != w[1:]:
        return OperationError(
            f"linear: input must be (..., {w[1]}), got {x}; give it arrays whose last axis has {w[1]} features"
        )
    return OperationError(f"linear: bias must be ({w[0]},), got {b}; give it one number per output feature")


def dropout(x: Any, p: float, rng: Any) -> Any:
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
    return x * (rng.random(np.shape(x)) >= p) / (1 - p)


def conv1d(x: Any, w: Any, b: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1) -> Any:
    """Return the cross-correlation along the last axis.

    `y[n,o,t] = b[o] + Σ_{c,k} w[o,c,k] · x[n,c,t·stride + k·dilation]`, on `x` with its padding; c runs over the
    channels of o's group.

    Arguments:
        x: array of shape (batch, in_channels, length).
        w: weight of shape (out_channels, in_channels / groups, kernel_size).
        b: bias of shape (out_channels,), or None.
        stride: the step between two positions of the kernel.
        padding: zeros added at both ends.
        dilation: the distance between two taps of the kernel.
        groups: input and output channels are split into as many groups, each connected to its own only.

    Returns:
        An array of shape (batch, out_channels, positions), where positions is
        `(length + 2 · padding − dilation · (kernel_size − 1) − 1) // stride + 1`.

    Raises:
        OperationError: if the shapes do not fit, or an option is below 1 (the padding: below 0).

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> signal, difference = np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[-1.0, 1.0]]])
        >>> tl.functional.conv1d(signal, difference)
        array([[[1., 2., 4.]]])

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    for name, option, least in (
        ("stride", stride, 1),
        ("padding", padding, 0),
        ("dilation", dilation, 1),
        ("groups", groups, 1),
    ):
        if option < least:
            raise OperationError(f"conv1d: {name} must be at least {least}, got {option}; leave it out for {least}")
    _check_conv1d(np.shape(x), np.shape(w), np.shape(b), padding, dilation, groups)
    filters, channels, kernel_size = w.shape
    if padding:
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    x = np.transpose(x, (1, 0, 2))  # channels first, so that every array below lies in memory as it is walked
    windows = np.lib.stride_tricks.sliding_window_view(x, dilation * (kernel_size - 1) + 1, axis=-1)
    if stride > 1 or dilation > 1:
        windows = windows[:, :, ::stride, ::dilation]
    _, batch, positions, _ = windows.shape
    # All windows side by side, so that a single matrix product per group does the work.
    columns = np.reshape(np.transpose(windows, (0, 3, 1, 2)), (groups, channels * kernel_size, batch * positions))
    weights = np.reshape(w, (groups, filters // groups, channels * kernel_size))
    y = _filter(weights, columns, b if b is None else np.reshape(b, (groups, filters // groups, 1)))
    return np.transpose(np.reshape(y, (filters, batch, positions)), (1, 0, 2))


@primitive(
    lambda g, y, w, columns, b=None: g @ np.swapaxes(columns, -1, -2),
    lambda g, y, w, columns, b=None: np.swapaxes(w, -1, -2) @ g,
    lambda g, y, w, columns, b: np.sum(g, axis=-1, keepdims=True),
)
def _filter(w: Any, columns: Any, b: Any = None) -> Any:
    """Return `w columns + b`, an affine map of the columns; as one operation it needs one array fewer."""
    return w @ columns if b is None else w @ columns + b


def _check_conv1d(
    x: tuple[int, ...], w: tuple[int, ...], b: tuple[int, ...], padding: int, dilation: int, groups: int
) -> None:
    if len(w) != 3:
        raise OperationError(
            f"conv1d: weight must be (out_channels, in_channels / groups, kernel_size), got {w}; "
            f"reshape it to three dimensions"
        )
    filters, channels, kernel_size = w
    if filters % groups:
        raise OperationError(
            f"conv1d: groups must be a divisor of the {filters} output channels, got {groups}; change either"
        )
    if len(x) != 3 or x[1] != channels * groups:
        raise OperationError(
            f"conv1d: input must be (batch, {channels * groups}, length), got {x}; "
            f"give it arrays whose second axis has {channels * groups} channels"
        )
    if b and b != (filters,):
        raise OperationError(f"conv1d: bias must be ({filters},), got {b}; give it one number per output channel")
    span = dilation * (kernel_size - 1) + 1
    if x[2] + 2 * padding < span:
        raise OperationError(
            f"conv1d: padded length must be at least {span}, got {x[2] + 2 * padding}; "
            f"add padding, or use a smaller kernel or dilation"
        )
