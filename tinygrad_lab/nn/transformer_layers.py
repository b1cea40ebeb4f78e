"""Layers of transformers: `TransformerEncoderLayer`, `TransformerDecoderLayer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lab import functional
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.generators import or_fresh
from tinygrad_lab.nn.attention import MultiheadAttention
from tinygrad_lab.nn.layers import Dropout, Linear
from tinygrad_lab.nn.module import Module
from tinygrad_lab.nn.normalisation import LayerNorm
from tinygrad_lab.refusals.nearest import none_of
from tinygrad_lab.typing import Array, ArrayLike, DTypeLike, Result, Rng

_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"relu": functional.relu, "gelu": functional.gelu}


class _Layer(Module):
    """What both layers share: two linear maps with an activation between, and where normalisation stands."""

    def _prepare(
        self, d_model: int, dim_feedforward: int, dropout: float, activation: str | Callable[[Any], Any],
        norm_first: bool, bias: bool, rng: Rng, dtype: DTypeLike,
    ) -> None:  # fmt: skip
        if isinstance(activation, str) and activation not in _ACTIVATIONS:
            raise ArgumentError(
                f"{type(self).__name__}: activation {none_of(_ACTIVATIONS, activation, 'or pass a function')}"
            )
        self.linear1 = Linear(d_model, dim_feedforward, bias, rng=rng, dtype=dtype)
        self.linear2 = Linear(dim_feedforward, d_model, bias, rng=rng, dtype=dtype)
        self.dropout = Dropout(dropout, rng=rng)
        self.norm_first = norm_first
        self.activation = _ACTIVATIONS[activation] if isinstance(activation, str) else activation

    def _add(self, x: Array, part: Callable[[Any], Any], norm: LayerNorm) -> Result:
        """Return `x` with what a part makes of it; one of the two is normalised."""
        return x + part(norm(x)) if self.norm_first else norm(x + part(x))

    def _attend(self, attention: MultiheadAttention, x: Array, memory: Array, **masks: Any) -> Result:
        return self.dropout(attention(x, memory, memory, need_weights=False, **masks)[0])

    def _think(self, x: Array) -> Result:
        return self.dropout(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a network of two linear layers on each position, each added to its input and normalised.

    Arguments:
        d_model: the size of the vectors.
        nhead: the number of attention heads.
        dim_feedforward: the size between the two linear layers.
        dropout: the share of elements zeroed in training, in four places.
        activation: "relu", "gelu", or a function, between the two linear layers.
        layer_norm_eps: keeps the normalisations' denominators from 0.
        batch_first: whether arrays are (batch, positions, features) rather than (positions, batch, features).
        norm_first: whether each part normalises what it is given rather than what it returns.
        bias: whether linear layers and normalisations have biases.
        rng: `np.random.Generator` or `RandomState` for the first parameters and for dropout.
        dtype: the parameters' dtype; the default dtype without it.

    Raises:
        ArgumentError: if the heads do not divide d_model, or the activation has no such name.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=np.random.default_rng(0))
        >>> layer.eval()(np.ones((5, 3, 8)), is_causal=True).shape
        (5, 3, 8)

    Source: A. Vaswani and others, "Attention is all you need", 2017.
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, *, rng: Rng | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        rng = or_fresh(rng)
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, rng=rng, dtype=dtype
        )
        self._prepare(d_model, dim_feedforward, dropout, activation, norm_first, bias, rng, dtype)
        self.norm1, self.norm2 = (LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype) for _ in range(2))

    def forward(
        self,
        src: Array,
        src_mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        is_causal: bool = False,
    ) -> Result:
        """Return what the layer makes of `src`; the masks are those of `MultiheadAttention`."""
        masks = {"attn_mask": src_mask, "key_padding_mask": src_key_padding_mask, "is_causal": is_causal}
        x = self._add(src, lambda x: self._attend(self.self_attn, x, x, **masks), self.norm1)
        return self._add(x, self._think, self.norm2)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to what an encoder made, then two linear layers on each position; each part is added.

    Arguments are those of `TransformerEncoderLayer`; dropout is in five places.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True, rng=np.random.default_rng(0))
        >>> target, memory = np.ones((5, 3, 8)), np.ones((5, 7, 8))
        >>> layer.eval()(target, memory, tgt_is_causal=True).shape
        (5, 3, 8)

    Source: A. Vaswani and others, "Attention is all you need", 2017.
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, *, rng: Rng | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        rng = or_fresh(rng)
        self.self_attn, self.multihead_attn = (
            MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, rng=rng, dtype=dtype)
            for _ in range(2)
        )
        self._prepare(d_model, dim_feedforward, dropout, activation, norm_first, bias, rng, dtype)
        self.norm1, self.norm2, self.norm3 = (
            LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype) for _ in range(3)
        )

    def forward(
        self, tgt: Array, memory: Array, tgt_mask: ArrayLike | None = None, memory_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None, memory_key_padding_mask: ArrayLike | None = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Result:  # fmt: skip
        """Return what the layer makes of `tgt`, given an encoder's `memory`; masks are as in `MultiheadAttention`."""
        own = {"attn_mask": tgt_mask, "key_padding_mask": tgt_key_padding_mask, "is_causal": tgt_is_causal}
        other = {"attn_mask": memory_mask, "key_padding_mask": memory_key_padding_mask, "is_causal": memory_is_causal}
        x = self._add(tgt, lambda x: self._attend(self.self_attn, x, x, **own), self.norm1)
        x = self._add(x, lambda x: self._attend(self.multihead_attn, x, memory, **other), self.norm2)
        return self._add(x, self._think, self.norm3)
