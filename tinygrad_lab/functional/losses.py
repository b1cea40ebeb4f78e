"""Loss functions: what a prediction costs, averaged, summed or element by element."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tinygrad_lab.core.registry import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.activations import sigmoid
from tinygrad_lab.functional.normalisation import log_softmax, softmax

F = TypeVar("F", bound=Callable[..., Any])
Rule = Callable[..., Any]


def _size(x: Any) -> int:
    return math.prod(np.shape(x))


def _loss(*rules: Rule | None, classwise: bool = False) -> Callable[[F], F]:
    """Make one operation of a loss: its body gives the losses one by one, and they are reduced here, and only here.

    Arguments:
        rules: as in `primitive`, as if there were no reduction: `g` has one number per element of the prediction, or
            one for all of them.
        classwise: whether the prediction has an axis of classes, over which there is one loss.
    """

    def declare(losses: F) -> F:
        place = list(inspect.signature(losses).parameters).index("reduction")

        @functools.wraps(losses)
        def reduced(*args: Any, **kwargs: Any) -> Any:
            reduction = args[place] if len(args) > place else kwargs.get("reduction", "mean")
            if reduction not in _REDUCTIONS:
                raise OperationError(
                    f'{losses.__name__}: reduction must be "mean", "sum" or "none", got {reduction!r}; '
                    f"leave it out for the mean"
                )
            return _REDUCTIONS[reduction](losses(*args, **kwargs))

        return primitive(*(rule and _per_element(rule, classwise) for rule in rules))(reduced)  # type: ignore[return-value]

    return declare


_REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "mean": lambda losses: losses.sum() / losses.size,
    "sum": lambda losses: losses.sum(),
    "none": lambda losses: losses,
}


def _per_element(rule: Rule, classwise: bool) -> Rule:
    """Return the rule of a loss, given that of its elements: each has an equal part of the mean."""

    @functools.wraps(rule)
    def reduced(g: Any, y: Any, x: Any, *others: Any, reduction: str = "mean", **options: Any) -> Any:
        if reduction == "mean":
            g = g / (_size(x) // x.shape[_class_axis(x)] if classwise else x.size)
        elif classwise and reduction == "none":
            g = np.expand_dims(g, _class_axis(x))
        return rule(g, y, x, *others, **options)

    return reduced


def _check_array(name: str, argument: str, x: Any) -> None:
    if not hasattr(x, "dtype"):
        raise OperationError(f"{name}: {argument} must be an array, got {type(x).__name__}; wrap it in np.array(...)")


def _check_same_shape(name: str, prediction: Any, target: Any) -> None:
    """Refuse to broadcast: (n, 1) against (n,) would make n² losses."""
    expected, given = np.shape(prediction), np.shape(target)
    for argument, x in (("prediction", prediction), ("target", target)):
        if np.ndim(x):  # a plain number will do for 0-d
            _check_array(name, argument, x)
    if expected != given:
        same_size = _size(prediction) == _size(target)
        advice = f"use target.reshape{expected}" if same_size else "give one number per prediction"
        raise OperationError(f"{name}: target must be of the prediction's shape {expected}, got {given}; {advice}")


@_loss(
    lambda g, y, p, t: 2 * g * (p - t),
    lambda g, y, p, t: 2 * g * (t - p),
)
def mse_loss(prediction: Any, target: Any, reduction: str = "mean") -> Any:
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
    _check_same_shape("mse_loss", prediction, target)
    error = prediction - target
    return error * error


@_loss(
    lambda g, y, p, t: g * np.sign(p - t),
    lambda g, y, p, t: g * np.sign(t - p),
)
def l1_loss(prediction: Any, target: Any, reduction: str = "mean") -> Any:
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
    _check_same_shape("l1_loss", prediction, target)
    return abs(prediction - target)


@_loss(
    lambda g, y, p, t, delta=1.0: g * np.clip(p - t, -delta, delta),
    lambda g, y, p, t, delta=1.0: g * np.clip(t - p, -delta, delta),
)
def huber_loss(prediction: Any, target: Any, delta: float = 1.0, reduction: str = "mean") -> Any:
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
    _check_same_shape("huber_loss", prediction, target)
    if not delta > 0:
        raise OperationError(f"huber_loss: delta must be positive, got {delta}; 1 is usual")
    error = prediction - target
    near = np.clip(error, -delta, delta)
    return near * (error - near / 2)


def _log(p: Any) -> Any:
    """Return the logarithm, at least −100, and that at 0; of a negative number NumPy's NaN."""
    return np.maximum(np.log(np.where(p == 0, np.finfo(p.dtype).smallest_subnormal, p)), -100)


def _variance(p: Any) -> Any:
    """Return `p (1 − p)`, at least 1e-12, or the smallest normal number of a dtype that has none so small."""
    return np.maximum(p * (1 - p), max(1e-12, float(np.finfo(p.dtype).smallest_normal)))


@_loss(
    lambda g, y, p, t: g * ((p - t) / _variance(p)),
    lambda g, y, p, t: g * (_log(1 - p) - _log(p)),
)
def binary_cross_entropy(prediction: Any, target: Any, reduction: str = "mean") -> Any:
    """Return the negative log-likelihood of labels in [0, 1], `−t log p − (1 − t) log(1 − p)`.

    It stays finite at p = 0 and p = 1: a logarithm is never below −100 and the derivative's denominator p (1 − p)
    never below 1e-12. Where the prediction is a sigmoid's, `binary_cross_entropy_with_logits` needs neither bound.

    Arguments:
        prediction: probabilities in [0, 1], of any shape; outside, the logarithm is NaN.
        target: array of the same shape, labels 0 and 1 or anything between.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the prediction's shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.binary_cross_entropy(np.array([0.5, 1.0]), np.array([1.0, 0.0]), reduction="none")
        array([  0.69314718, 100.        ])
    """
    _check_same_shape("binary_cross_entropy", prediction, target)
    return -(target * _log(prediction) + (1 - target) * _log(1 - prediction))


@_loss(
    lambda g, y, x, t: g * (sigmoid(x) - t),
    lambda g, y, x, t: g * -x,
)
def binary_cross_entropy_with_logits(logits: Any, target: Any, reduction: str = "mean") -> Any:
    """Return the binary cross-entropy of `sigmoid(logits)`, `log(1 + exp(x)) − t x`, without overflow or log 0.

    Arguments:
        logits: array of any shape, the log-odds.
        target: array of the same shape, labels 0 and 1 or anything between.
        reduction: "mean" over all elements, their "sum", or "none" for an array of the logits' shape.

    Raises:
        OperationError: if the shapes differ.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.binary_cross_entropy_with_logits(np.array([1e4, 1e4]), np.array([1.0, 0.0]), reduction="none")
        array([    0., 10000.])
    """
    _check_same_shape("binary_cross_entropy_with_logits", logits, target)
    return np.maximum(logits, 0) - target * logits + np.log1p(np.exp(-abs(logits)))


def _class_axis(x: Any) -> int:
    """Return the axis of the classes: the second, or the only one."""
    return 1 if x.ndim > 1 else 0


def _one_hot(name: str, scores: Any, classes: Any) -> Any:
    """Return a boolean array of the scores' shape, true at each target class."""
    axis, count = _class_axis(scores), scores.shape[_class_axis(scores)]
    expected = scores.shape[:axis] + scores.shape[axis + 1 :]
    if classes.dtype.kind not in "iu" or classes.shape != expected:
        raise OperationError(
            f"{name}: target must be integer classes of shape {expected} for scores of shape {scores.shape}, "
            f"got {classes.dtype} of shape {classes.shape}; convert it with target.astype(int), or reshape it"
        )
    if np.any((classes < 0) | (classes >= count)):
        raise OperationError(
            f"{name}: target must be classes from 0 to {count - 1}, got {np.min(classes)} to {np.max(classes)}; "
            f"number them from 0"
        )
    numbers = np.reshape(np.arange(count), (count,) + (1,) * (scores.ndim - axis - 1))
    return np.expand_dims(classes, axis) == numbers


@_loss(lambda g, y, x, t: np.where(_one_hot("nll_loss", x, t), -g, 0), None, classwise=True)
def nll_loss(log_probabilities: Any, target: Any, reduction: str = "mean") -> Any:
    """Return the negative log-likelihood of the target classes, `−x[n, t[n]]`.

    Arguments:
        log_probabilities: array of shape (batch, classes), (batch, classes, ...) or (classes,), from `log_softmax`.
        target: integers from 0 to classes − 1, of the same shape without the axis of the classes.
        reduction: "mean" over all targets, their "sum", or "none" for an array of the target's shape.

    Raises:
        OperationError: if the shapes do not fit, or the target holds anything but classes.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.nll_loss(np.log([[0.25, 0.75]]), np.array([1]))
        np.float64(0.2876820724517...)
    """
    _check_array("nll_loss", "target", target)
    chosen = np.where(_one_hot("nll_loss", log_probabilities, target), -log_probabilities, 0)
    return np.sum(chosen, axis=_class_axis(log_probabilities))


def _is_distribution(x: Any, t: Any) -> bool:
    return t.dtype.kind == "f" and t.shape == x.shape


def _cross_entropy_rule(g: Any, y: Any, x: Any, t: Any) -> Any:
    """(softmax(x) Σ t − t) · g, where t is 1 at the target class, or a distribution."""
    axis = _class_axis(x)
    p = softmax(x, axis=axis)
    if _is_distribution(x, t):
        slope = p * np.sum(t, axis=axis, keepdims=True) - t
    else:
        slope = p - _one_hot("cross_entropy", x, t)
    return g * slope


@_loss(
    _cross_entropy_rule,
    lambda g, y, x, t: -g * log_softmax(x, axis=_class_axis(x)),
    classwise=True,
)
def cross_entropy(logits: Any, target: Any, reduction: str = "mean") -> Any:
    """Return the cross-entropy of `softmax(logits)`, `−Σ t log softmax(x)`, without overflow or log 0.

    Arguments:
        logits: array of shape (batch, classes), (batch, classes, ...) or (classes,).
        target: integer classes from 0 to classes − 1, of the same shape without the axis of the classes; or
            distributions, floating, of the logits' shape.
        reduction: "mean" over all targets (not over the classes), their "sum", or "none" for one loss a target.

    Raises:
        OperationError: if the shapes do not fit, or an integer target is no class.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> logits = np.array([[0.0, 1e4], [0.0, 1e4]])
        >>> tl.functional.cross_entropy(logits, np.array([1, 0]), reduction="none")
        array([    0., 10000.])
    """
    _check_array("cross_entropy", "target", target)
    axis = _class_axis(logits)
    scores = log_softmax(logits, axis=axis)
    weights = target if _is_distribution(logits, target) else _one_hot("cross_entropy", logits, target)
    return np.sum(np.where(weights == 0, 0, -scores) * weights, axis=axis)
