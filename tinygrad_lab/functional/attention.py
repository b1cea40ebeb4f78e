"""Attention: weighted means of values, the weights computed from queries and keys."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.layers import dropout
from tinygrad_lab.functional.normalisation import softmax
from tinygrad_lab.typing import Array, Result, Rng


def scaled_dot_product_attention(
    query: Array, key: Array, value: Array, attn_mask: Array | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, *, rng: Rng | None = None,
) -> Result:  # fmt: skip
    """Return `softmax(q kᵀ · scale + mask) v`.

    Arguments:
        query: array of shape (..., targets, features).
        key: array of shape (..., sources, features).
        value: array of shape (..., sources, width).
        attn_mask: booleans, true where a target may see a source, or numbers that are added to the scores; of a shape
            that broadcasts to (..., targets, sources).
        dropout_p: the share of weights that are zeroed; leave it 0 in evaluation.
        is_causal: whether target i sees the sources 0 to i only.
        scale: 1 / √features without it.
        rng: what dropout draws from.

    Returns:
        An array of shape (..., targets, width). A target that may see nothing gets NaN.

    Raises:
        OperationError: if the shapes do not fit, or dropout has no `rng`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> same = np.zeros((3, 4))
        >>> tl.functional.scaled_dot_product_attention(same, same, np.eye(3), is_causal=True)
        array([[1.        , 0.        , 0.        ],
               [0.5       , 0.5       , 0.        ],
               [0.33333333, 0.33333333, 0.33333333]])

    Source: A. Vaswani and others, "Attention is all you need", 2017.
    """
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    if dropout_p:
        if rng is None:
            raise OperationError(
                f"scaled_dot_product_attention: rng must be given for dropout_p={dropout_p}, got none; pass a Generator"
            )
        weights = dropout(weights, dropout_p, rng)
    return weights @ value


def attention_weights(
    query: Array, key: Array, attn_mask: Array | None = None, is_causal: bool = False, scale: float | None = None
) -> Result:
    """Return `softmax(q kᵀ · scale + mask)`, of shape (..., targets, sources); see `scaled_dot_product_attention`.

    Example:
        >>> import numpy as np
        >>> attention_weights(np.zeros((1, 4)), np.zeros((2, 4)))
        array([[0.5, 0.5]])
    """
    if np.ndim(query) < 2 or np.ndim(key) < 2 or query.shape[-1] != key.shape[-1]:
        raise OperationError(
            f"attention: query and key must be (..., positions, features) with as many features, "
            f"got {np.shape(query)} and {np.shape(key)}; project them to one size"
        )
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = (query * scale) @ np.swapaxes(key, -1, -2)
    if is_causal:
        seen = np.tri(*scores.shape[-2:]) > 0
        attn_mask = seen if attn_mask is None else _both(seen, attn_mask)
    if attn_mask is None:
        return softmax(scores)
    if attn_mask.dtype == bool:
        return softmax(np.where(attn_mask, scores, -np.inf))
    return softmax(scores + attn_mask)


def _both(seen: Result, attn_mask: Array) -> Result:
    return seen & attn_mask if attn_mask.dtype == bool else np.where(seen, attn_mask, -np.inf)
