"""What distributions share: parameters that broadcast against each other, and the shapes of draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.calls.spelling import as_shape
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import ArgumentError, GradientLostError, UndefinedMethodError
from tinygrad_lab.refusals import making, names
from tinygrad_lab.typing import Array, ArrayLike, NumPyRng, Result

Size = int | tuple[int, ...]


class Distribution:
    """Base of distributions: a batch of them, one for each element of their broadcast parameters.

    Parameters are checked where there are numbers to look at: not while a function is compiled, and not in arrays of
    another library.

    Attributes:
        batch_shape: the shape of the parameters, broadcast.
        event_shape: the shape of one draw of one of them, () unless a draw is a vector.
    """

    event_shape: tuple[int, ...] = ()
    batch_shape: tuple[int, ...] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        making.tell(cls)

    def log_prob(self, x: Array) -> Array:
        """Return the logarithm of the density, or of the probability, of `x`, one number per distribution."""
        raise UndefinedMethodError(f"{type(self).__name__}: has no log_prob method; write def log_prob(self, x)")

    def sample(self, rng: NumPyRng, size: Size = ()) -> Array:
        """Draw, `size` times, from each of the distributions.

        Arguments:
            rng: `np.random.Generator` or `RandomState`; `tl.random.Generator` in compiled steps.
            size: how often, a number or a shape.

        Returns:
            An array of shape (*size, *batch_shape, *event_shape). Where the text of the class says so it is
            differentiable with respect to the parameters: a smooth function of them and of numbers that are drawn.
        """
        raise UndefinedMethodError(f"{type(self).__name__}: has no sample method; write one")

    def _shape(self, size: Size) -> tuple[int, ...]:
        return (*as_shape(size), *self.batch_shape, *self.event_shape)

    def __repr__(self) -> str:
        held = ", ".join(f"{name}={np.asarray(plain(x))}" for name, x in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__name__}({held})".replace("\n", "")


names.tell_distributions(Distribution)


def array(x: ArrayLike) -> Result:
    """Return a parameter as an array, or as the Value that it is."""
    return x if hasattr(x, "dtype") else np.asarray(x, np.float64)[()]


def has_numbers(x: Any) -> bool:
    """Whether the elements of a plain array can be looked at: those of one that is traced or lazy cannot."""
    return isinstance(x, np.ndarray | np.generic)


def batch(name: str, **parameters: Any) -> tuple[int, ...]:
    """Return the shape of parameters that are broadcast against each other."""
    shapes = {parameter: np.shape(x) for parameter, x in parameters.items()}
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        told = " and ".join(f"{parameter} {shape}" for parameter, shape in shapes.items())
        raise ArgumentError(f"{name}: the parameters do not broadcast, {told}; give them shapes that do") from None


def positive(name: str, **parameters: Any) -> None:
    """Raise an ArgumentError unless all elements of these parameters are above 0."""
    for parameter, x in parameters.items():
        least = np.min(plain(x), initial=np.inf)
        if has_numbers(least) and not least > 0:
            raise ArgumentError(
                f"{name}: {parameter} must be positive, got {least}; pass np.exp or softplus of a free parameter"
            )


def constant(name: str, x: ArrayLike) -> Result:
    """Return the array of a parameter that draws are not differentiable with respect to.

    Raises:
        GradientLostError: if a gradient could be asked for.
    """
    if getattr(x, "requires_grad", False):
        raise GradientLostError(
            f"{name}: a draw has no gradient with respect to this parameter; sample from a distribution of v.data, "
            f"and weigh the loss by log_prob (the score function estimator)"
        )
    return plain(x)
