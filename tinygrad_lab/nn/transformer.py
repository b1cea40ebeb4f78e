"""Stacks of transformers' layers: `TransformerEncoder`, `TransformerDecoder`, and the whole, `Transformer`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.calls.defaults import given_or_default
from tinygrad_lab.generators import or_fresh
from tinygrad_lab.nn.containers import ModuleList
from tinygrad_lab.nn.init import check_positive, xavier_uniform
from tinygrad_lab.nn.module import Module
from tinygrad_lab.nn.normalisation import LayerNorm
from tinygrad_lab.nn.transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer
from tinygrad_lab.typing import Array, ArrayLike, DTypeLike, Result, Rng


class _Stack(Module):
    def _copies(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        check_positive(type(self).__name__, num_layers=num_layers)
        # Copies draw their dropout from the one generator of the layer; of its own, each would drop the same.
        shared = {id(generator): generator for _, generator in layer.named_generators()}
        self.layers = ModuleList(copy.deepcopy(layer, dict(shared)) for _ in range(num_layers))
        self.norm = norm


class TransformerEncoder(_Stack):
    """Copies of an encoder layer, one after the other.

    Arguments:
        encoder_layer: what is copied, with its parameters as they are.
        num_layers: how many copies.
        norm: a module at the end, such as a `LayerNorm`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.TransformerEncoderLayer(8, 2, 16, rng=np.random.default_rng(0))
        >>> tl.nn.TransformerEncoder(layer, 3).eval()(np.ones((7, 5, 8))).shape
        (7, 5, 8)

    Source: A. Vaswani and others, "Attention is all you need", 2017.
    """

    def __init__(self, encoder_layer: TransformerEncoderLayer, num_layers: int, norm: Module | None = None) -> None:
        self._copies(encoder_layer, num_layers, norm)

    def forward(
        self,
        src: Array,
        mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        is_causal: bool = False,
    ) -> Result:
        """Return what all layers make of `src`; each gets the masks."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(_Stack):
    """Copies of a decoder layer, one after the other; each attends to the same memory.

    Arguments:
        decoder_layer: what is copied, with its parameters as they are.
        num_layers: how many copies.
        norm: a module at the end, such as a `LayerNorm`.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.TransformerDecoderLayer(8, 2, 16, rng=np.random.default_rng(0))
        >>> tl.nn.TransformerDecoder(layer, 3).eval()(np.ones((4, 5, 8)), np.ones((7, 5, 8))).shape
        (4, 5, 8)

    Source: A. Vaswani and others, "Attention is all you need", 2017.
    """

    def __init__(self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Module | None = None) -> None:
        self._copies(decoder_layer, num_layers, norm)

    def forward(
        self, tgt: Array, memory: Array, tgt_mask: ArrayLike | None = None, memory_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None, memory_key_padding_mask: ArrayLike | None = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Result:  # fmt: skip
        """Return what all layers make of `tgt`, given an encoder's `memory`; each gets the masks."""
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal, memory_is_causal)
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder of one sequence and a decoder of another that attends to it; embeddings and output are yours.

    Arguments:
        num_encoder_layers: the number of encoder layers.
        num_decoder_layers: the number of decoder layers.

    The other arguments are those of `TransformerEncoderLayer`, for every layer of both.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> model = tl.nn.Transformer(8, 2, 1, 1, 16, batch_first=True, rng=np.random.default_rng(0))
        >>> model.eval()(np.ones((5, 7, 8)), np.ones((5, 3, 8)), tgt_is_causal=True).shape
        (5, 3, 8)

    Source: A. Vaswani and others, "Attention is all you need", 2017.
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False, bias: bool = True, *,
        rng: Rng | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        rng = or_fresh(rng)
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        norms = (LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype) for _ in range(2))
        encoder = TransformerEncoderLayer(*options, rng=rng, dtype=dtype)
        decoder = TransformerDecoderLayer(*options, rng=rng, dtype=dtype)
        self.encoder = TransformerEncoder(encoder, num_encoder_layers, next(norms))
        self.decoder = TransformerDecoder(decoder, num_decoder_layers, next(norms))
        for parameter in self.parameters():
            if parameter.ndim > 1:
                parameter.data = xavier_uniform(parameter.shape, rng, dtype)

    def forward(
        self, src: Array, tgt: Array, src_mask: ArrayLike | None = None, tgt_mask: ArrayLike | None = None,
        memory_mask: ArrayLike | None = None, src_key_padding_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None, memory_key_padding_mask: ArrayLike | None = None,
        src_is_causal: bool = False, tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Result:  # fmt: skip
        """Return what the decoder makes of `tgt`, given what the encoder makes of `src`."""
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal, memory_is_causal)
        return self.decoder(tgt, memory, *masks)

    @staticmethod
    def generate_square_subsequent_mask(sz: int, dtype: DTypeLike = None) -> Array:
        """Return a mask to add: −∞ above the diagonal, so that no position sees those behind it.

        Arguments:
            sz: the number of positions.
            dtype: the mask's dtype; the default dtype without it.

        Example:
            >>> import tinygrad_lab as tl
            >>> tl.nn.Transformer.generate_square_subsequent_mask(2)
            array([[  0., -inf],
                   [  0.,   0.]])
        """
        mask: Array = np.triu(np.full((sz, sz), -np.inf, given_or_default(dtype)), 1)
        return mask
