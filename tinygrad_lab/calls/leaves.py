"""What leaves answer to, those that nothing computed: freezing, and updates by hand under no_grad."""

from __future__ import annotations

from typing import Any, Self, cast

from tinygrad_lab import refusals
from tinygrad_lab.calls.methods import ArrayMethods
from tinygrad_lab.typing import ArrayLike, Result


class LeafMethods(ArrayMethods, metaclass=refusals.names.Told):
    """Methods that change a leaf itself, under PyTorch's names."""

    __slots__ = ()

    trainable: bool  # of a user's leaf: whether it ever was to be trained, so that it is a parameter when frozen

    def __dir__(self) -> list[str]:
        return refusals.names.present(self, super().__dir__())

    @property
    def is_leaf(self) -> bool:
        """Whether this Value was made by the user rather than by a recorded operation."""
        return self.op is None

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say whether a leaf is to be differentiated, and return it; a parameter that is not stays in `state_dict()`.

        Raises:
            GraphError: for the result of an operation.

        Example:
            >>> import tinygrad_lab as tl
            >>> model = tl.nn.Linear(2, 1)
            >>> model.bias.requires_grad_(False).requires_grad, len(model.parameters())
            (False, 2)
        """
        if self.op is not None:
            raise refusals.graph.no_leaf(self.op.name)
        leaf: Any = self  # whose slots are Value's
        leaf.trainable = requires_grad or getattr(self, "trainable", False)
        leaf.requires_grad = requires_grad
        return self

    # fmt: off
    # Under no_grad, as PyTorch's manual updates want it, a leaf takes the new data; elsewhere the name is bound anew.
    def __iadd__(self, other: ArrayLike) -> Result: return _taken(self, cast(Any, self) + other)
    def __isub__(self, other: ArrayLike) -> Result: return _taken(self, cast(Any, self) - other)
    def __imul__(self, other: ArrayLike) -> Result: return _taken(self, cast(Any, self) * other)
    def __itruediv__(self, other: ArrayLike) -> Result: return _taken(self, cast(Any, self) / other)
    # fmt: on


refusals.names.tell_values(LeafMethods)


def _taken(leaf: LeafMethods, result: Any) -> Result:
    """Return a result; if it was not recorded, a leaf that requires a gradient takes its data and stays the leaf."""
    if result.requires_grad or leaf.op is not None or not leaf.requires_grad:
        return result
    if result.shape != leaf.shape:
        raise refusals.arrays.another_shape(leaf.shape, result.shape)
    leaf.data = result.data.astype(leaf.dtype)
    return leaf
