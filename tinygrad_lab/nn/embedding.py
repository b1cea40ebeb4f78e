"""Layers for tokens and their places: `Embedding` and positional encodings."""

from __future__ import annotations

import numpy as np

from tinygrad_lab import functional
from tinygrad_lab.calls.defaults import given_or_default
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, OperationError
from tinygrad_lab.generators import or_fresh
from tinygrad_lab.nn.init import check_positive
from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Array, DTypeLike, Result, Rng


class Embedding(Module):
    """A table of vectors, looked up by number: `y[...] = weight[x[...]]`.

    Arguments:
        num_embeddings: the number of rows.
        embedding_dim: the size of each vector.
        padding_idx: a row that starts at 0 and gets no gradient.
        rng: `np.random.Generator` or `RandomState`; rows are drawn from the standard normal distribution, as in
            PyTorch. Fresh randomness without it.
        dtype: the table's dtype.

    Attributes:
        weight: Value of shape (num_embeddings, embedding_dim).

    Raises:
        OperationError: on a call with anything but integers from 0 to num_embeddings − 1.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.Embedding(10, 3)
        >>> layer
        Embedding(10, 3)  weight (10, 3), 30 parameters
        >>> layer(np.array([[1, 2], [4, 1]])).shape
        (2, 2, 3)
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *,
        rng: Rng | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        check_positive("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ArgumentError(
                f"Embedding: padding_idx must be one of the {num_embeddings} rows, got {padding_idx}; "
                f"leave it out for no padding"
            )
        rng = or_fresh(rng)
        table = np.asarray(rng.normal(size=(num_embeddings, embedding_dim)), given_or_default(dtype))
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        if self.padding_idx is not None:
            table[self.padding_idx] = 0
        self.weight = Value(table)

    def forward(self, x: Array) -> Result:
        """Return the rows of the table that the integers in `x` name."""
        return functional.embedding(x, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """Return the sizes."""
        rows, columns = self.weight.shape
        return f"{rows}, {columns}" + ("" if self.padding_idx is None else f", padding_idx={self.padding_idx}")


class SinusoidalEncoding(Module):
    """Adds sines and cosines of geometrically growing periods, which tell where in the sequence a vector stands.

    `y[..., t, 2i] = x + sin(t / 10000^(2i/d))` and `y[..., t, 2i + 1] = x + cos(t / 10000^(2i/d))`.

    Arguments:
        features: the size d of the vectors.

    Raises:
        OperationError: on a call with vectors of another size.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> np.round(tl.nn.SinusoidalEncoding(4)(np.zeros((2, 4))), 2)
        array([[0.  , 1.  , 0.  , 1.  ],
               [0.84, 0.54, 0.01, 1.  ]])

    Source: A. Vaswani and others, "Attention is all you need", 2017.
    """

    def __init__(self, features: int) -> None:
        check_positive("SinusoidalEncoding", features=features)
        self.features = features

    def forward(self, x: Array) -> Result:
        """Return `x`, of shape (..., positions, features), plus its encoding."""
        if np.ndim(x) < 2 or x.shape[-1] != self.features:
            raise OperationError(
                f"SinusoidalEncoding: input must be (..., positions, {self.features}), got {np.shape(x)}; "
                f"build the encoding with the features of your input"
            )
        column = np.arange(self.features)
        angles = np.arange(x.shape[-2])[:, None] / 10000 ** (column // 2 * 2 / self.features)
        return x + np.where(column % 2, np.cos(angles), np.sin(angles)).astype(x.dtype)

    def extra_repr(self) -> str:
        """Return the number of features."""
        return str(self.features)


class LearnedEncoding(Module):
    """Adds a learned vector to each position.

    Arguments:
        positions: the largest number of positions.
        features: the size of the vectors.
        rng: `np.random.Generator` or `RandomState`; drawn from a normal distribution of standard deviation 0.02.
        dtype: the table's dtype.

    Attributes:
        weight: Value of shape (positions, features).

    Raises:
        OperationError: on a call with more positions or another size.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.LearnedEncoding(16, 4)(np.zeros((2, 10, 4))).shape
        (2, 10, 4)
    """

    def __init__(self, positions: int, features: int, *, rng: Rng | None = None, dtype: DTypeLike = None) -> None:
        check_positive("LearnedEncoding", positions=positions, features=features)
        rng = or_fresh(rng)
        self.weight = Value(np.asarray(rng.normal(0, 0.02, (positions, features)), given_or_default(dtype)))

    def forward(self, x: Array) -> Result:
        """Return `x`, of shape (..., positions, features), plus its encoding."""
        positions, features = plain(self.weight).shape
        if np.ndim(x) < 2 or x.shape[-2] > positions or x.shape[-1] != features:
            raise OperationError(
                f"LearnedEncoding: input must be (..., at most {positions}, {features}), got {np.shape(x)}; "
                f"build the encoding with more positions, or with the features of your input"
            )
        return x + self.weight[: x.shape[-2]]

    def extra_repr(self) -> str:
        """Return the sizes."""
        return ", ".join(map(str, self.weight.shape))
