"""Functions that are made for real numbers: what they compute of complex ones would have no meaning, or no gradient."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from tinygrad_lab.errors import OperationError
from tinygrad_lab.typing import Result

F = TypeVar("F", bound=Callable[..., Any])


def of_real(function: F) -> F:
    """Let a function of arrays refuse complex ones as its first argument.

    Example:
        >>> import numpy as np
        >>> half = of_real(lambda x: np.maximum(x, 0) / 2)
        >>> half(np.array([-1.0, 2.0]))
        array([0., 1.])
    """

    @functools.wraps(function)
    def checked(x: Any, *args: Any, **kwargs: Any) -> Result:
        require_real(function.__name__, x)
        return function(x, *args, **kwargs)

    return checked  # type: ignore[return-value]


def require_real(name: str, *arrays: Any) -> None:
    """Refuse complex numbers.

    Raises:
        OperationError: if the dtype of an array is complex.
    """
    for x in arrays:
        dtype = getattr(x, "dtype", None)
        if type(x) is complex or (dtype is not None and dtype.kind == "c"):
            raise OperationError(
                f"{name}: takes real numbers, got dtype {dtype}; pass np.real(x), np.imag(x) or np.abs(x)"
            )
