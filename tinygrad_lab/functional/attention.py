"""Attention: weighted means of values, the weights computed from queries and keys."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.declare import primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional.layers import dropout
from tinygrad_lab.functional.softmaxes import shifted, softmax
from tinygrad_lab.rules.blocks import blocked
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
    if dropout_p:
        if rng is None:
            raise OperationError(
                f"scaled_dot_product_attention: dropout_p={dropout_p} needs an rng; pass np.random.default_rng(seed)"
            )
        return dropout(attention_weights(query, key, attn_mask, is_causal, scale), dropout_p, rng) @ value
    scale = _checked_scale(query, key, scale)
    return _attention(query, key, value, _added(query, key, attn_mask, is_causal), scale=scale)


def _scores(query: Array, key: Array, added: Array | None, scale: float) -> Result:
    scores = (query * scale) @ np.swapaxes(key, -1, -2)
    return scores if added is None else scores + added


def _attend(query: Array, key: Array, value: Array, added: Array | None, scale: float) -> Result:
    """Return the weighted means, and the logarithm of each target's sum of exponentials.

    The weights, an array of targets × sources, are not kept: the rule computes them again, block by block.
    """
    below, top = shifted(_scores(query, key, added, scale), -1)
    weights = np.exp(below)
    total = np.sum(weights, axis=-1, keepdims=True)
    weights /= total
    return weights @ value, np.log(total) + top


def _attend_back(
    g: Array, query: Array, key: Array, value: Array, log_total: Array, added: Array | None, scale: float
) -> Result:
    """Return the gradients of query, key, value and the scores; of these s: w (g vᵀ − Σ w (g vᵀ))."""
    weights = np.exp(_scores(query, key, added, scale) - log_total)
    scores = g @ np.swapaxes(value, -1, -2)
    scores -= np.sum(scores * weights, axis=-1, keepdims=True)
    scores *= weights
    of_key = np.swapaxes(scores, -1, -2) @ query
    return scores @ key * scale, of_key * scale, np.swapaxes(weights, -1, -2) @ g, scores


def _attention_rule(
    needed: tuple[int, ...], g: Array, y: Array, query: Array, key: Array, value: Array, added: Any = None, *,
    scale: float, residuals: Any,
) -> Result:  # fmt: skip
    arrays = g, query, key, value, residuals
    if 3 in needed or (added is not None and added.ndim > 2):
        found = _attend_back(*arrays, added, scale)
    else:
        size = math.prod(query.shape[:-1]) * key.shape[-2]
        found = blocked(lambda *x: _attend_back(*x)[:3], arrays, added, scale, row=2, size=size)
    return tuple(found[position] for position in needed)


@primitive(joint=_attention_rule, residuals=True)
def _attention(query: Array, key: Array, value: Array, added: Any = None, *, scale: float) -> Result:
    if added is not None and added.ndim > 2:
        return _attend(query, key, value, added, scale)
    size = math.prod(query.shape[:-1]) * key.shape[-2]
    return blocked(_attend, (query, key, value), added, scale, row=2, size=size)


def attention_weights(
    query: Array, key: Array, attn_mask: Array | None = None, is_causal: bool = False, scale: float | None = None
) -> Result:
    """Return `softmax(q kᵀ · scale + mask)`, of shape (..., targets, sources); see `scaled_dot_product_attention`.

    Example:
        >>> import numpy as np
        >>> attention_weights(np.zeros((1, 4)), np.zeros((2, 4)))
        array([[0.5, 0.5]])
    """
    scale = _checked_scale(query, key, scale)
    return softmax(_scores(query, key, _added(query, key, attn_mask, is_causal), scale))


def _checked_scale(query: Array, key: Array, scale: float | None) -> float:
    if np.ndim(query) < 2 or np.ndim(key) < 2 or query.shape[-1] != key.shape[-1]:
        raise OperationError(
            f"attention: query of shape {np.shape(query)} and key of shape {np.shape(key)} do not have the same number "
            f"of features; both are (..., positions, features), project them to one size"
        )
    return 1 / math.sqrt(query.shape[-1]) if scale is None else scale


def _added(query: Array, key: Array, attn_mask: Array | None, is_causal: bool) -> Result:
    """Return the masks as numbers to add to the scores, or None."""
    if is_causal:
        seen = beside(np.tri(query.shape[-2], key.shape[-2]) > 0, query)
        if attn_mask is not None and attn_mask.dtype != bool:
            return np.where(seen, attn_mask, -np.inf)
        attn_mask = seen if attn_mask is None else seen & attn_mask
    if attn_mask is None or attn_mask.dtype != bool:
        return attn_mask
    return np.where(attn_mask, 0, -np.inf).astype(query.dtype)
