"""What two arrays make together: `Bilinear`, `CosineSimilarity`, `PairwiseDistance`."""

from __future__ import annotations

from tinygrad_lab import functional
from tinygrad_lab.core.value import Value
from tinygrad_lab.nn.function import Function
from tinygrad_lab.nn.init import Initialiser, check_positive, layer_parameters
from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Array, DTypeLike, Result, Rng


class Bilinear(Module):
    """A bilinear map of two arrays' last axes, `y[o] = Σ_{i,j} x1[i] w[o, i, j] x2[j] + b[o]`.

    Arguments:
        in1_features: the size of the first input's last axis.
        in2_features: the size of the second input's last axis.
        out_features: the size of the output's last axis.
        bias: whether to add a bias.
        rng: `np.random.Generator` or `RandomState` to draw the first parameters from; fresh randomness without it.
        init: as in `Linear`; without it, both are drawn from U(−a, a) with a = 1 / √in1_features, as in PyTorch.
        dtype: the parameters' dtype; the default dtype without it.

    Attributes:
        weight: Value of shape (out_features, in1_features, in2_features).
        bias: Value of shape (out_features,), or None.

    Raises:
        ArgumentError: if a size is not positive.
        OperationError: on a call with other shapes.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> layer = tl.nn.Bilinear(2, 3, 4)
        >>> layer
        Bilinear(2, 3, 4)  weight (4, 2, 3), bias (4,), 28 parameters
        >>> layer(np.zeros((10, 2)), np.zeros((10, 3))).shape
        (10, 4)
    """

    operation = "bilinear"

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, *,
        rng: Rng | None = None, init: str | Initialiser | None = None, dtype: DTypeLike = None,
    ) -> None:  # fmt: skip
        check_positive("Bilinear", in1_features=in1_features, in2_features=in2_features, out_features=out_features)
        # The initialisers take what follows the first axis as what is summed; here it is the first input alone.
        shape = (out_features * in2_features, in1_features)
        weight, offset = layer_parameters(shape, (out_features,) if bias else None, rng, init, dtype)
        self.weight = Value(weight.reshape(out_features, in2_features, in1_features).swapaxes(1, 2).copy())
        self.bias = None if offset is None else Value(offset)

    def forward(self, x1: Array, x2: Array) -> Result:
        """Return the bilinear map of both."""
        return functional.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes."""
        out_features, in1_features, in2_features = self.weight.shape
        return f"{in1_features}, {in2_features}, {out_features}" + ", bias=False" * (self.bias is None)


class CosineSimilarity(Function):
    """The cosine of the angle between vectors, `a · b / (max(|a|, eps) max(|b|, eps))`.

    Arguments:
        axis: the vectors' axis.
        eps: the least length that a vector counts with.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.CosineSimilarity()(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]]))
        array([0.70710678])
    """

    function = staticmethod(functional.cosine_similarity)

    def __init__(self, axis: int = 1, eps: float = 1e-8) -> None:
        self.axis, self.eps = axis, eps


class PairwiseDistance(Function):
    """The distances between vectors along the last axis, `‖a − b + eps‖ₚ`.

    Arguments:
        p: the exponent of the norm.
        eps: is added to each difference, so that equal vectors have a gradient.
        keepdims: whether the last axis stays, with one element.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.PairwiseDistance(eps=0.0)(np.array([[3.0, 4.0]]), np.zeros((1, 2)))
        array([5.])
    """

    function = staticmethod(functional.pairwise_distance)

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False) -> None:
        self.p, self.eps, self.keepdims = p, eps, keepdims
