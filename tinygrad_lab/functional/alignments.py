"""The loss of sequences whose alignment with their labels is not known: connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.losses import reduced
from tinygrad_lab.typing import Array, ArrayLike, Result

_NEVER = -1e30  # the logarithm of probability 0: -inf − -inf would be NaN in the gradient


def ctc_loss(
    log_probs: Array, targets: ArrayLike, input_lengths: ArrayLike, target_lengths: ArrayLike, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Result:  # fmt: skip
    """Return `−log Σ p(path)` over all paths that spell the labels, repeats and then blanks taken out of a path.

    Arguments:
        log_probs: array of shape (time, batch, classes), logarithms of probabilities, as from `log_softmax`.
        targets: integer array of shape (batch, labels), without blanks; what is beyond its length does not count.
        input_lengths: how many steps of each sample count, integers of shape (batch,).
        target_lengths: how many labels of each sample count, integers of shape (batch,).
        blank: the class that stands for no label.
        reduction: "mean" over the batch of losses divided by the number of labels, the "sum", or "none".
        zero_infinity: whether samples with more labels than there is time for count 0 rather than ∞.

    Raises:
        OperationError: if the shapes or lengths do not fit.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> even = np.log(np.full((2, 1, 2), 0.5))  # of four paths, three spell [1]: 01, 10 and 11
        >>> loss = tl.functional.ctc_loss(even, np.array([[1]]), np.array([2]), np.array([1]))
        >>> round(float(np.exp(-loss)), 12)
        0.75

    Source: A. Graves, S. Fernández, F. Gomez, J. Schmidhuber, "Connectionist temporal classification", 2006.
    """
    labels, steps, counts = (np.asarray(plain(x)) for x in (targets, input_lengths, target_lengths))
    _check(np.shape(log_probs), labels, steps, counts)
    states = np.full((len(labels), 2 * labels.shape[1] + 1), blank)  # a blank before, between and after the labels
    states[:, 1::2] = np.where(np.arange(labels.shape[1]) < counts[:, None], labels, blank)
    samples, width = np.arange(len(states)), states.shape[1]
    skips = np.zeros(states.shape, bool)  # over a blank, to another label
    skips[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    emitted = np.maximum(log_probs[:, samples[:, None], states], _NEVER)
    never: Any = np.full((len(states), 2), _NEVER, log_probs.dtype)
    alpha: Any = np.where(np.arange(width) < 2, emitted[0], _NEVER)
    for t in range(1, np.shape(log_probs)[0]):
        before = np.concatenate([never, alpha], axis=1)
        reached = np.logaddexp(alpha, before[:, 1 : width + 1])
        reached = np.logaddexp(reached, np.where(skips, before[:, :width], _NEVER))
        alpha = np.where((t < steps)[:, None], emitted[t] + reached, alpha)
    last = 2 * counts
    ends = np.where(counts > 0, alpha[samples, np.maximum(last - 1, 0)], _NEVER)
    losses = -np.logaddexp(alpha[samples, last], ends)
    losses = np.where(plain(losses) < -_NEVER / 2, losses, 0.0 if zero_infinity else np.inf)
    if reduction == "mean":
        losses = losses / np.maximum(counts, 1).astype(losses.dtype)
    return reduced("ctc_loss", losses, reduction)


def _check(shape: tuple[int, ...], labels: Any, steps: Any, counts: Any) -> None:
    if len(shape) != 3 or labels.ndim != 2 or len(labels) != shape[1] or not shape[0]:
        raise OperationError(
            f"ctc_loss: needs log_probs (time, batch, classes) and targets (batch, labels), got {shape} and "
            f"{labels.shape}; swap axes, or pad the targets to one length"
        )
    for name, lengths, most in (("input_lengths", steps, shape[0]), ("target_lengths", counts, labels.shape[1])):
        if lengths.shape != (shape[1],) or np.any(lengths < 0) or np.any(lengths > most):
            raise OperationError(
                f"ctc_loss: {name} {lengths.tolist()} must be {shape[1]} numbers from 0 to {most}; one for each sample"
            )
    counted = labels[np.arange(labels.shape[1]) < counts[:, None]]
    if counted.size and not 0 <= counted.min() <= counted.max() < shape[2]:
        raise OperationError(
            f"ctc_loss: targets has labels from {counted.min()} to {counted.max()}, but there are {shape[2]} classes; "
            f"number them from 0"
        )
