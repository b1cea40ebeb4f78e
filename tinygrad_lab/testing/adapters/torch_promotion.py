"""PyTorch refuses to mix float32 and float64; the reference in double precision runs on float32 weights as well."""

from __future__ import annotations

from typing import Any

from tinygrad_lab import tree


def promoting(torch: Any) -> Any:
    """Return a context in which float32 tensors become float64 wherever they meet one."""

    def widened(x: Any) -> Any:
        return x.double() if isinstance(x, torch.Tensor) and x.dtype == torch.float32 else x

    class Promoting(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            dtypes = {x.dtype for x in tree.leaves((args, kwargs)) if isinstance(x, torch.Tensor)}
            if {torch.float32, torch.float64} <= dtypes:
                args, kwargs = tree.map(widened, args), tree.map(widened, kwargs)
            return function(*args, **kwargs)

    return Promoting()
