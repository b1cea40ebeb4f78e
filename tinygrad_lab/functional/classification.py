"""Losses of classifiers: log-likelihoods and cross-entropies of one class among several."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.losses import check_array, check_reduction
from tinygrad_lab.functional.real import require_real
from tinygrad_lab.functional.softmaxes import log_softmax, shifted
from tinygrad_lab.rules.writing import subtract_along
from tinygrad_lab.typing import Array, Result


def _second(x: Any, axis: int | None) -> Result:
    """Return an array with the classes' axis in its usual place."""
    return x if axis is None or x.ndim < 2 else np.moveaxis(x, axis, 1)


def _back(x: Any, axis: int | None) -> Result:
    return x if axis is None or x.ndim < 2 else np.moveaxis(x, 1, axis)


def _class_axis(x: Array) -> int:
    """Return the axis of the classes: the second, or the only one."""
    return 1 if x.ndim > 1 else 0


def _check_classes(name: str, scores: Array, classes: Any, ignore_index: int | None) -> None:
    require_real(name, scores)
    axis, count = _class_axis(scores), scores.shape[_class_axis(scores)]
    expected = scores.shape[:axis] + scores.shape[axis + 1 :]
    if classes.dtype.kind not in "iu" or classes.shape != expected:
        raise OperationError(
            f"{name}: scores of shape {scores.shape} need integer classes of shape {expected} as target, "
            f"got {classes.dtype} of shape {classes.shape}; convert it with target.astype(int), or reshape it"
        )
    if isinstance(classes, np.ndarray | np.generic):  # another library's array may not be computed yet
        known = np.where(classes == ignore_index, 0, classes)
        if np.any((known < 0) | (known >= count)):
            raise OperationError(
                f"{name}: target has classes from {np.min(known)} to {np.max(known)}, but the scores only from 0 to "
                f"{count - 1}; number them from 0"
            )


def hot_classes(name: str, scores: Array, classes: Any, ignore_index: int | None = None) -> Result:
    """Return a boolean array of the scores' shape, true at each target class."""
    _check_classes(name, scores, classes, ignore_index)
    axis, count = _class_axis(scores), scores.shape[_class_axis(scores)]
    numbers = beside(np.reshape(np.arange(count), (count,) + (1,) * (scores.ndim - axis - 1)), classes)
    return np.expand_dims(classes, axis) == numbers


def _is_distribution(x: Array, t: Array) -> bool:
    return t.dtype.kind == "f" and t.shape == x.shape


def _counts(
    name: str, x: Array, t: Array, weight: Array | None, ignore_index: int, label_smoothing: float
) -> tuple[Any, Any, Any]:
    """Return how much each class counts in each target's loss, their sums, and how much all targets count in a mean."""
    axis = _class_axis(x)
    size = x.shape[axis]
    targets = math.prod(x.shape) // size
    weights = None if weight is None else of_classes(name, weight, x)
    if _is_distribution(x, t):
        counts = t if not label_smoothing else t * (1 - label_smoothing) + label_smoothing / size
        counts = counts if weights is None else counts * weights
        return counts, np.sum(counts, axis=axis, keepdims=True), targets
    counts = hot_classes(name, x, t, ignore_index)
    kept = np.expand_dims(t != ignore_index, axis).astype(x.dtype)
    if weights is None and not label_smoothing and ignore_index < 0:  # then what is ignored is no class anyway
        return counts, kept, np.sum(kept)
    hot = np.where(kept, counts, 0).astype(x.dtype)
    weights = np.ones_like(x, shape=()) if weights is None else weights
    counts = ((1 - label_smoothing) * hot + label_smoothing / size * kept) * weights
    return counts, np.sum(counts, axis=axis, keepdims=True), np.sum(hot * weights)


class _Classes(NamedTuple):
    """Integer targets of plain arrays: their places say it all, an array of zeros and ones would cost more."""

    numbers: Any


def _picked(name: str, x: Array, t: Any, ignore_index: int) -> tuple[Any, Any, Any]:
    """Return what `_counts` returns, with places in the stead of counts; what is ignored counts 0 at place 0."""
    _check_classes(name, x, t, ignore_index)
    kept = np.expand_dims(t != ignore_index, _class_axis(x))
    numbers = np.where(kept, np.expand_dims(t, _class_axis(x)), 0)
    kept = kept.astype(x.dtype)
    return _Classes(numbers), kept, np.sum(kept)


def of_classes(name: str, weight: Array, x: Array) -> Result:
    """Return one weight per class, ready to be multiplied with the scores."""
    axis = _class_axis(x)
    weight = np.asarray(weight, x.dtype)
    if weight.shape != (x.shape[axis],):
        raise OperationError(
            f"{name}: weight must have one number for each of the {x.shape[axis]} classes, got shape {weight.shape}; "
            f"leave it out to weigh all alike"
        )
    return np.reshape(weight, (-1,) + (1,) * (x.ndim - axis - 1))


def _reduced(losses: Array, total: Array, reduction: str) -> Result:
    if reduction == "none":
        return losses
    return losses.sum() / total if reduction == "mean" else losses.sum()


def _weighted(scores: Array, counts: Any) -> Result:
    """Return `Σ counts · scores` over the classes; what counts nothing may be −∞."""
    chosen = np.where(counts, scores, 0)
    return np.sum(chosen if counts.dtype == bool else chosen * counts, axis=_class_axis(scores), keepdims=True)


def _share(g: Array, x: Array, total: Any, reduction: str) -> Result:
    """Return the gradient of each target's loss, with an axis for the classes."""
    if reduction == "none":
        return np.expand_dims(g, _class_axis(x))
    return g / total if reduction == "mean" else g


def _nll_rule(
    g: Array,
    y: Array,
    x: Array,
    t: Array,
    reduction: str = "mean",
    weight: Array | None = None,
    ignore_index: int = -100,
) -> Result:
    """−g at the target classes (÷ n for the mean of n), 0 elsewhere."""
    counts, _, total = _counts("nll_loss", x, t, weight, ignore_index, 0.0)
    return _share(g, x, total, reduction) * -counts.astype(x.dtype)


@primitive(_nll_rule, None)
def nll_loss(
    log_probabilities: Array,
    target: Array,
    reduction: str = "mean",
    *,
    weight: Array | None = None,
    ignore_index: int = -100,
) -> Result:
    """Return the negative log-likelihood of the target classes, `−x[n, t[n]]`.

    Arguments:
        log_probabilities: array of shape (batch, classes), (batch, classes, ...) or (classes,), from `log_softmax`.
        target: integers from 0 to classes − 1, of the same shape without the axis of the classes.
        reduction: "mean" over all targets, their "sum", or "none" for an array of the target's shape.
        weight: how much each class counts, an array of shape (classes,); the mean is the weighted one.
        ignore_index: targets of this number count nothing.

    Raises:
        OperationError: if the shapes do not fit, or the target holds anything but classes.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.functional.nll_loss(np.log([[0.25, 0.75]]), np.array([1]))
        np.float64(0.2876820724517...)
    """
    check_reduction("nll_loss", reduction)
    check_array("nll_loss", "target", target)
    counts, _, total = _counts("nll_loss", log_probabilities, target, weight, ignore_index, 0.0)
    losses = -_weighted(log_probabilities, counts)
    return _reduced(np.squeeze(losses, _class_axis(losses)), total, reduction)


def _cross_entropy_rule(
    g: Array, y: Array, x: Array, t: Array, reduction: str = "mean", *, axis: int | None = None, residuals: Any,
    **_: Any,
) -> Result:  # fmt: skip
    """(softmax(x) Σ t − t) · g (÷ n for the mean of n), where t is 1 at the target class, or a distribution."""
    e, z, counts, sums, total = residuals
    x = _second(x, axis)
    share = _share(g, x, total, reduction)
    if isinstance(counts, _Classes):
        found = subtract_along(e * (share * sums / z), counts.numbers, share * sums, _class_axis(x))
    else:
        found = share * (e * (sums / z) - counts)
    return _back(found, axis)


def _cross_entropy_target_rule(
    g: Array, y: Array, x: Array, t: Array, reduction: str = "mean", weight: Array | None = None,
    ignore_index: int = -100, label_smoothing: float = 0.0, axis: int | None = None, *, residuals: Any,
) -> Result:  # fmt: skip
    """−log softmax(x) · g (÷ n for the mean of n), of a target that is a distribution."""
    moved, x = axis, _second(x, axis)
    axis = _class_axis(x)
    share = _share(g, x, math.prod(x.shape) // x.shape[axis], reduction) * (1 - label_smoothing)
    share = share if weight is None else share * of_classes("cross_entropy", weight, x)
    return _back(-share * log_softmax(x, axis=axis), moved)


@primitive(_cross_entropy_rule, _cross_entropy_target_rule, residuals=True)
def cross_entropy(
    logits: Array, target: Array, reduction: str = "mean", *, weight: Array | None = None, ignore_index: int = -100,
    label_smoothing: float = 0.0, axis: int | None = None,
) -> Result:  # fmt: skip
    """Return the cross-entropy of `softmax(logits)`, `−Σ t log softmax(x)`, without overflow or log 0.

    Arguments:
        logits: array of shape (batch, classes), (batch, classes, ...) or (classes,).
        target: integer classes from 0 to classes − 1, of the same shape without the axis of the classes; or
            distributions, floating, of the logits' shape.
        reduction: "mean" over all targets (not over the classes), their "sum", or "none" for one loss a target.
        weight: how much each class counts, an array of shape (classes,); the mean over integer classes is then the
            weighted one, as in PyTorch.
        ignore_index: integer targets of this number count nothing.
        label_smoothing: ε in [0, 1]: the target becomes `(1 − ε) t + ε / classes`.
        axis: the axis of the classes, where it is not the second: -1 for sequences of shape (batch, length, classes).

    Raises:
        OperationError: if the shapes do not fit, or an integer target is no class.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> logits = np.array([[0.0, 1e4], [0.0, 1e4]])
        >>> tl.functional.cross_entropy(logits, np.array([1, 0]), reduction="none")
        array([    0., 10000.])

    Source: label smoothing: C. Szegedy and others, "Rethinking the Inception architecture", 2016.
    """
    check_reduction("cross_entropy", reduction)
    check_array("cross_entropy", "target", target)
    if not 0 <= label_smoothing <= 1:
        raise OperationError(f"cross_entropy: label_smoothing must be in [0, 1], got {label_smoothing}; 0.1 is usual")
    if _is_distribution(logits, target):
        target = _second(target, axis)
    logits = _second(logits, axis)
    axis = _class_axis(logits)
    if type(logits) is np.ndarray and weight is None and not label_smoothing and target.dtype.kind in "iu":
        counts, sums, total = _picked("cross_entropy", logits, target, ignore_index)
    else:
        counts, sums, total = _counts("cross_entropy", logits, target, weight, ignore_index, label_smoothing)
    x, _ = shifted(logits, axis)
    e = np.exp(x)
    z = np.sum(e, axis=axis, keepdims=True)
    if isinstance(counts, _Classes):
        losses = (np.log(z) - np.take_along_axis(x, counts.numbers, axis)) * sums
    else:
        losses = np.log(z) * sums - _weighted(x, counts)
    return _reduced(np.squeeze(losses, axis), total, reduction), (e, z, counts, sums, total)
