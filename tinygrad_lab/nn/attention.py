"""`MultiheadAttention`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.calls.defaults import given_or_default
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, OperationError
from tinygrad_lab.generators import or_fresh
from tinygrad_lab.nn.init import check_positive, xavier_uniform
from tinygrad_lab.nn.layers import Linear
from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Array, ArrayLike, DTypeLike, Result, Rng


class MultiheadAttention(Module):
    """Attention in several heads: each projects queries, keys and values, attends, and the results are joined.

    `head_i = softmax(q_i k_iᵀ / √d) v_i` with `q_i = query W_qᵀ` and so on; the output is `[head_1 … head_h] W_oᵀ`.

    Arguments:
        embed_dim: the size of the vectors; each head works on embed_dim / num_heads of it.
        num_heads: the number of heads.
        dropout: the share of attention weights zeroed in training.
        bias: whether the projections have biases.
        kdim, vdim: the sizes of keys and values, where they are others.
        batch_first: whether arrays are (batch, positions, features) rather than (positions, batch, features).
        rng: `np.random.Generator` or `RandomState` for the first parameters and for dropout.
        dtype: the parameters' dtype; the default dtype without it.

    Attributes:
        in_proj_weight: Value of shape (3 · embed_dim, embed_dim): queries, keys, values; or, with other sizes of keys
            or values, q_proj_weight, k_proj_weight and v_proj_weight.
        in_proj_bias: Value of shape (3 · embed_dim,), or None.
        out_proj: a `Linear`.

    Raises:
        ArgumentError: if the heads do not divide embed_dim.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.MultiheadAttention(8, 2, batch_first=True, rng=np.random.default_rng(0))
        >>> x = np.ones((5, 3, 8))
        >>> y, weights = layer(x, x, x)
        >>> y.shape, weights.shape
        ((5, 3, 8), (5, 3, 3))

    Source: A. Vaswani and others, "Attention is all you need", 2017.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, kdim: int | None = None,
        vdim: int | None = None, batch_first: bool = False, *, rng: Rng | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        check_positive("MultiheadAttention", embed_dim=embed_dim, num_heads=num_heads)
        if embed_dim % num_heads:
            raise ArgumentError(
                f"MultiheadAttention: num_heads must divide embed_dim, got {num_heads} for {embed_dim}; "
                f"change either number"
            )
        self._rng = rng = or_fresh(rng)
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        sizes = (embed_dim, kdim or embed_dim, vdim or embed_dim)
        if set(sizes) == {embed_dim}:
            self.in_proj_weight = Value(xavier_uniform((3 * embed_dim, embed_dim), rng, dtype))
        else:
            self.q_proj_weight, self.k_proj_weight, self.v_proj_weight = (
                Value(xavier_uniform((embed_dim, size), rng, dtype)) for size in sizes
            )
        self.in_proj_bias = Value(np.zeros(3 * embed_dim, given_or_default(dtype))) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, rng=rng, dtype=dtype)
        if self.out_proj.bias is not None:
            self.out_proj.bias.data = np.zeros(embed_dim, given_or_default(dtype))

    def forward(
        self, query: Array, key: Array, value: Array, key_padding_mask: ArrayLike | None = None,
        need_weights: bool = True, attn_mask: ArrayLike | None = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:  # fmt: skip
        """Return the output and the attention weights.

        Arguments:
            query: array of shape (targets, batch, embed_dim), (targets, embed_dim), or with the batch first.
            key: likewise, (sources, batch, kdim).
            value: likewise, (sources, batch, vdim).
            key_padding_mask: booleans (batch, sources), true for sources that nobody may see, or numbers to add.
            need_weights: whether to return the weights; None in their place if not.
            attn_mask: booleans (targets, sources), true where a target may NOT see a source, or numbers to add; also
                (batch · num_heads, targets, sources).
            average_attn_weights: whether the weights are averaged over the heads.
            is_causal: whether target i sees the sources 0 to i only.
        """
        batched, own = np.ndim(query) == 3, query is key is value
        query, key, value = (self._with_batch_first(x, batched) for x in (query, key, value))
        q, k, v = (self._heads(x) for x in (self._project_once(query) if own else self._project(query, key, value)))
        added = self._added(key_padding_mask, attn_mask, q, k)
        weights: Any = None
        if need_weights or (self.dropout and self.training):
            weights = functional.attention_weights(q, k, added, is_causal)
            if self.dropout and self.training:
                weights = functional.dropout(weights, self.dropout, self._rng)
            heads = weights @ v
        else:
            heads = functional.scaled_dot_product_attention(q, k, v, added, is_causal=is_causal)
        joined = np.reshape(np.swapaxes(heads, 1, 2), (q.shape[0], q.shape[2], self.embed_dim))
        y = self.out_proj(joined)
        y = (y if self.batch_first else np.swapaxes(y, 0, 1)) if batched else y[0]
        if not need_weights:
            return y, None
        weights = np.mean(weights, axis=1) if average_attn_weights else weights
        return y, weights if batched else weights[0]

    def _with_batch_first(self, x: Array, batched: bool) -> Result:
        if np.ndim(x) != (3 if batched else 2):
            raise OperationError(
                f"MultiheadAttention: query, key and value must all have a batch axis or all have none, got shape "
                f"{np.shape(x)} beside others; add the axis with x[None]"
            )
        if not batched:
            return np.expand_dims(x, 0)
        return x if self.batch_first else np.swapaxes(x, 0, 1)

    def _project_once(self, x: Array) -> list[Any]:
        """Return queries, keys and values of one array, by one product where one weight holds all three."""
        if "in_proj_weight" not in vars(self):
            return self._project(x, x, x)
        n, y = self.embed_dim, functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        return [y[..., i * n : (i + 1) * n] for i in range(3)]

    def _project(self, query: Array, key: Array, value: Array) -> list[Any]:
        n = self.embed_dim
        if "in_proj_weight" in vars(self):
            weights = [self.in_proj_weight[i * n : (i + 1) * n] for i in range(3)]
        else:
            weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        bias = self.in_proj_bias
        biases = [None if bias is None else bias[i * n : (i + 1) * n] for i in range(3)]
        return [functional.linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)]

    def _heads(self, x: Array) -> Result:
        """Return (batch, positions, features) as (batch, heads, positions, features of a head)."""
        return np.swapaxes(np.reshape(x, (*x.shape[:2], self.num_heads, self.embed_dim // self.num_heads)), 1, 2)

    def _added(self, key_padding_mask: ArrayLike | None, attn_mask: ArrayLike | None, q: Array, k: Array) -> Result:
        """Return both masks as one array of numbers to add to the scores."""
        masks: list[Any] = []
        mask: Any
        if key_padding_mask is not None:
            mask = np.asarray(key_padding_mask)
            masks.append(_numbers(np.reshape(mask, (-1, 1, 1, k.shape[2])), q.dtype))
        if attn_mask is not None:
            mask = attn_mask if hasattr(attn_mask, "dtype") else np.asarray(attn_mask)
            if mask.ndim == 3:
                mask = np.reshape(mask, (-1, self.num_heads, q.shape[2], k.shape[2]))
            masks.append(_numbers(mask, q.dtype))
        return None if not masks else masks[0] if len(masks) == 1 else masks[0] + masks[1]

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.embed_dim}, {self.num_heads}" + ", batch_first=True" * self.batch_first


def _numbers(mask: Any, dtype: DTypeLike) -> Result:
    """Return a mask that is added: −∞ where a boolean one is true."""
    return np.where(mask, -np.inf, 0).astype(dtype) if mask.dtype == bool else mask
