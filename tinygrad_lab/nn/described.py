"""What a module says of itself: its arguments, its parameters with their shapes, and the modules below it."""

from __future__ import annotations

from typing import Any

from tinygrad_lab.core.value import Value
from tinygrad_lab.nn.copies import walk


def text(module: Any) -> str:
    """Return a line for a module and each one below it."""
    own = {n: x for n, x in walk("", module._attributes()) if type(x) is Value and module._is_parameter(x)}
    count = sum(parameter.size for parameter in module.parameters())
    line = f"{type(module).__name__}({arguments(module)})"
    if count:
        line += "  " + "".join(f"{name} {value.shape}, " for name, value in own.items())
        line += f"{count:,} parameter{'s' if count > 1 else ''}"
    below = (f"{name}: {child!r}".replace("\n", "\n  ") for name, child in module.named_children())
    return "\n  ".join((line, *below))


def arguments(module: Any) -> str:
    """Return its `extra_repr`, or nothing for a Jacobian, whose parameters have shapes that no such layer has."""
    try:
        return str(module.extra_repr())
    except (TypeError, ValueError, IndexError):
        if not module._stand_ins:
            raise
        return ""
