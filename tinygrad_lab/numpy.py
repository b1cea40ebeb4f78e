"""NumPy itself, of which type-checkers know nothing: what a function returns may be a Value, so to them it is Any.

NumPy's stubs say that `np.stack` gives an ndarray and `np.linalg.norm` a number, whatever they are called on. Where a
checker's complaint about that is in the way, import this in NumPy's place; at run time nothing changes.

Example:
    >>> import tinygrad_lab as tl, tinygrad_lab.numpy as np
    >>> x = tl.Value([3.0, 4.0])
    >>> np.linalg.norm(x).backward()  # a checker that reads NumPy's stubs would miss `backward` here
    >>> x.grad
    array([0.6, 0.8])
"""

from typing import Any

import numpy


def __getattr__(name: str) -> Any:
    return getattr(numpy, name)


def __dir__() -> list[str]:
    return dir(numpy)
