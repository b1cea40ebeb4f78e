"""bfloat16, which NumPy does not have: arguments of it are float32 here, and bfloat16 in the function's hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

UNIT = 2.0**-7


class BFloat16:
    """A container of one array: rounded to bfloat16 where it is float32, and left wide where it is the reference's."""

    def __init__(self, array: Any, text: str = "np.array({}, np.float32)") -> None:
        self.array, self.text = array, text

    def tree_flatten(self) -> tuple[list[Any], Callable[[list[Any]], BFloat16]]:
        """See `tinygrad_lab.tree`."""
        return [self.array], lambda leaves: BFloat16(leaves[0], self.text)

    def __repr__(self) -> str:
        return self.text.format(self.array)


def opened(arg: Any, cast: Callable[[Any], Any]) -> Any:
    """Return an argument with `cast(array)` in place of each `BFloat16` in Python's containers."""
    if isinstance(arg, BFloat16):
        return cast(arg.array)
    if isinstance(arg, dict):
        return {key: opened(value, cast) for key, value in arg.items()}
    if isinstance(arg, (list, tuple)):
        parts = [opened(value, cast) for value in arg]
        return type(arg)(*parts) if hasattr(arg, "_fields") else type(arg)(parts)
    return arg
