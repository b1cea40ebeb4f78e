"""Gradient clipping, between `backward()` and `step()`."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_lab.core.value import Value
from tinygrad_lab.optim.arguments import check_at_least_0, values
from tinygrad_lab.optim.parts import parts, whole
from tinygrad_lab.typing import Result


def clip_grad_norm(params: Iterable[Value], max_norm: float) -> float:
    """Scale all gradients by one factor so that their common norm is at most `max_norm`; return the norm they had.

    A norm that is not finite leaves the gradients as they are, for the caller to decide.

    Arguments:
        params: Values; those without a gradient are passed over.
        max_norm: the bound on `√Σ g²` over all elements of all gradients, not negative.

    Raises:
        ArgumentTypeError: if `params` holds anything but Values.
        ArgumentError: if the bound is negative.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value([0.0, 0.0])
        >>> (w * [3.0, 4.0]).sum().backward()
        >>> tl.optim.clip_grad_norm([w], 1.0)
        5.0
        >>> w.grad
        array([0.6, 0.8])

    Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", 2013.
    """
    _check_bound("clip_grad_norm", max_norm=max_norm)
    with_gradient = [parameter for parameter in values("clip_grad_norm", params) if parameter.grad is not None]
    # Norms of norms, each divided by its largest element first, so that no square overflows.
    norm = _norm(np.stack([_norm(parameter.grad) for parameter in with_gradient])) if with_gradient else np.float64(0)
    too_long = (norm > max_norm) & (norm < np.inf)
    factor = np.where(too_long, max_norm / np.where(too_long, norm, 1), 1).item()
    for parameter in with_gradient:
        parameter.grad = parameter.grad * factor
    return norm.item()


def clip_grad_value(params: Iterable[Value], limit: float) -> None:
    """Clip every element of every gradient to [−limit, limit]; of complex ones, both parts.

    Arguments:
        params: Values; those without a gradient are passed over.
        limit: the largest magnitude, not negative.

    Raises:
        ArgumentTypeError: if `params` holds anything but Values.
        ArgumentError: if the limit is negative.

    Example:
        >>> import tinygrad_lab as tl
        >>> w = tl.Value([0.0, 0.0])
        >>> (w * [3.0, -0.5]).sum().backward()
        >>> tl.optim.clip_grad_value([w], 1.0)
        >>> w.grad
        array([ 1. , -0.5])
    """
    _check_bound("clip_grad_value", limit=limit)
    for parameter in values("clip_grad_value", params):
        if parameter.grad is not None:
            g = parameter.grad
            clip = functools.partial(np.clip, a_min=-limit, a_max=limit)
            parameter.grad = whole(clip(parts(g))) if g.dtype.kind == "c" else clip(g)


def _check_bound(name: str, **bound: float) -> None:
    if isinstance(
        next(iter(bound.values())), int | float | np.generic | str | None
    ):  # a compiled step has it as an input
        check_at_least_0(name, **bound)


def _norm(g: Any) -> Result:
    g = np.abs(g)
    largest = np.max(g, initial=0.0).astype(np.float64)
    usual = (largest > 0) & (largest < np.inf)
    scale = np.where(usual, largest, 1)
    scaled = np.ravel(np.where(usual, g, 0) / scale)
    return np.where(usual, scale * np.sqrt(np.sum(scaled * scaled)), largest)
