"""Loss functions: what a prediction costs, averaged, summed or element by element."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import numpy as np

from tinygrad_lab.calls.foreign import ARRAYS
from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.real import require_real
from tinygrad_lab.refusals.nearest import none_of
from tinygrad_lab.typing import Array, Result, Rule

F = TypeVar("F", bound=Callable[..., Any])


def loss(*rules: Rule | None, by_sample: bool = False) -> Callable[[F], F]:
    """Make one operation of a loss: its body gives the losses one by one, and they are reduced here, and only here.

    Arguments:
        rules: as in `primitive`, as if there were no reduction: `g` has one number per element of the prediction, or
            one for all of them.
        by_sample: whether "batchmean" is a reduction too: the sum over the number of samples, the first axis.
    """

    def declare(losses: F) -> F:
        place = list(inspect.signature(losses).parameters).index("reduction")
        known = _REDUCTIONS | _BY_SAMPLE if by_sample else _REDUCTIONS

        @functools.wraps(losses)
        def forward(*args: Any, **kwargs: Any) -> Result:
            require_real(losses.__name__, *args[:place])
            reduction = args[place] if len(args) > place else kwargs.get("reduction", "mean")
            return reduced(losses.__name__, losses(*args, **kwargs), reduction, known)

        return primitive(*(rule and _per_element(rule) for rule in rules))(forward)  # type: ignore[return-value]

    return declare


_REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "mean": lambda losses: losses.sum() / losses.size,
    "sum": lambda losses: losses.sum(),
    "none": lambda losses: losses,
}
_BY_SAMPLE: dict[str, Callable[[Any], Any]] = {"batchmean": lambda losses: losses.sum() / _samples(losses)}


def reduced(name: str, losses: Array, reduction: str, known: dict[str, Callable[[Any], Any]] = _REDUCTIONS) -> Result:
    """Return the mean or the sum of losses, or the losses themselves."""
    if reduction not in known:
        check_reduction(name, reduction, known)
    return known[reduction](losses)


def check_reduction(name: str, reduction: str, known: Collection[str] = _REDUCTIONS) -> None:
    """Refuse anything but the names of the reductions."""
    if reduction not in known:
        raise OperationError(f"{name}: reduction {none_of(known, reduction, 'leave it out for the mean')}")


def _per_element(rule: Rule) -> Rule:
    """Return the rule of a loss, given that of its elements: each has an equal part of a mean."""

    @functools.wraps(rule)
    def share(g: Array, y: Array, x: Array, *others: Any, reduction: str = "mean", **options: Any) -> Result:
        if reduction == "mean":
            g = g / x.size
        elif reduction == "batchmean":
            g = g / _samples(x)
        return rule(g, y, x, *others, **options)

    return share


def _samples(x: Array) -> int:
    return x.shape[0] if x.ndim else 1


def check_array(name: str, argument: str, x: Array) -> None:
    """Refuse a list: whether it is one of integers or of floats must not decide what it means."""
    if not hasattr(x, "dtype"):
        raise OperationError(f"{name}: {argument} must be an array, got a {type(x).__name__}; wrap it in np.array(...)")


def check_same_shape(
    name: str, prediction: Array, target: Array, called: tuple[str, str] = ("prediction", "target")
) -> None:
    """Refuse to broadcast: (n, 1) against (n,) would make n² losses. `called` are the names of the two arguments."""
    if type(prediction) in ARRAYS and type(target) in ARRAYS and prediction.shape == target.shape:  # as usual
        return
    expected, given = np.shape(prediction), np.shape(target)
    first, second = called
    for argument, x in ((first, prediction), (second, target)):
        if np.ndim(x):  # a plain number will do for 0-d
            check_array(name, argument, x)
    if expected != given:
        same_size = math.prod(expected) == math.prod(given)
        advice = f"use {second}.reshape{expected}" if same_size else f"give one number per {first}"
        raise OperationError(f"{name}: {second} has shape {given}, but the {first} has {expected}; {advice}")


@loss(
    lambda g, y, p, t: 2 * g * (p - t),
    lambda g, y, p, t: 2 * g * (t - p),
)
def mse_loss(prediction: Array, target: Array, reduction: str = "mean") -> Result:
    """Return the squared error, `(p − t)²`.

    Arguments:
        prediction: array of any shape.
        target: array of the same shape.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        np.float64(2.0)
    """
    check_same_shape("mse_loss", prediction, target)
    error = prediction - target
    return error * error


@loss(
    lambda g, y, p, t: g * np.sign(p - t),
    lambda g, y, p, t: g * np.sign(t - p),
)
def l1_loss(prediction: Array, target: Array, reduction: str = "mean") -> Result:
    """Return the absolute error, `|p − t|`; its derivative at 0 is 0.

    Arguments:
        prediction: array of any shape.
        target: array of the same shape.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        np.float64(1.0)
    """
    check_same_shape("l1_loss", prediction, target)
    return abs(prediction - target)


@loss(
    lambda g, y, p, t, delta=1.0: g * np.clip(p - t, -delta, delta),
    lambda g, y, p, t, delta=1.0: g * np.clip(t - p, -delta, delta),
)
def huber_loss(prediction: Array, target: Array, delta: float = 1.0, reduction: str = "mean") -> Result:
    """Return `(p − t)² / 2` where the error is at most `delta`, and `delta · (|p − t| − delta / 2)` beyond.

    Arguments:
        prediction: array of any shape.
        target: array of the same shape.
        delta: where the loss turns from quadratic to linear; positive.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.

    Raises:
        OperationError: if the shapes differ, or `delta` is not positive.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.huber_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0]), reduction="none")
        array([0. , 1.5])

    Source: P. Huber, "Robust estimation of a location parameter", 1964.
    """
    check_same_shape("huber_loss", prediction, target)
    if not delta > 0:
        raise OperationError(f"huber_loss: delta must be positive, got {delta}; 1 is usual")
    error = prediction - target
    near = np.clip(error, -delta, delta)
    return near * (error - near / 2)


@loss(
    lambda g, y, p, t, beta=1.0: g * np.clip(p - t, -beta, beta) / beta,
    lambda g, y, p, t, beta=1.0: g * np.clip(t - p, -beta, beta) / beta,
)
def smooth_l1_loss(prediction: Array, target: Array, beta: float = 1.0, reduction: str = "mean") -> Result:
    """Return `(p − t)² / (2 beta)` where the error is at most `beta`, and `|p − t| − beta / 2` beyond.

    Arguments:
        prediction: array of any shape.
        target: array of the same shape.
        beta: where the loss turns from quadratic to linear; positive.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.

    Raises:
        OperationError: if the shapes differ, or `beta` is not positive.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.smooth_l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0]), reduction="none")
        array([0. , 1.5])

    Source: R. Girshick, "Fast R-CNN", 2015.
    """
    check_same_shape("smooth_l1_loss", prediction, target)
    if not beta > 0:
        raise OperationError(f"smooth_l1_loss: beta must be positive, got {beta}; 1 is usual")
    near = np.clip(prediction - target, -beta, beta)
    return near * (prediction - target - near / 2) / beta


@loss(
    lambda g, y, x, t, log_target=False: -g * (np.exp(t) if log_target else t),
    lambda g, y, x, t, log_target=False: g * _kl_slope(x, t, log_target),
    by_sample=True,
)
def kl_div(log_probabilities: Array, target: Array, reduction: str = "mean", *, log_target: bool = False) -> Result:
    """Return the pieces of the Kullback–Leibler divergence of a model from a target, `t (log t − x)`.

    Arguments:
        log_probabilities: array of any shape, the model's.
        target: array of the same shape: probabilities, or their logarithms.
        reduction: "batchmean", the mean of the divergences of the samples along the first axis; "mean" over all
            elements, their "sum", or "none".
        log_target: whether `target` holds logarithms.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.kl_div(np.log([0.5, 0.5]), np.array([1.0, 0.0]), "sum")
        np.float64(0.6931471805599453)

    Source: S. Kullback, R. Leibler, "On information and sufficiency", 1951.
    """
    check_same_shape("kl_div", log_probabilities, target)
    if log_target:
        return np.exp(target) * (target - log_probabilities)
    positive = np.where(target > 0, target, 1)
    return np.where(target > 0, target * (np.log(positive) - log_probabilities), 0)


def _kl_slope(x: Array, t: Array, log_target: bool) -> Result:
    if log_target:
        return np.exp(t) * (t - x + 1)
    return np.log(np.where(t > 0, t, 1)) + 1 - x
