"""What type-checkers are to believe a Value is, so that NumPy's stubs say no wrong thing of functions called on it.

NumPy's stubs know arrays and scalars, but no class that answers to the protocols. What they say of `np.mean(v)` hangs
on which of a function's overloads take a Value.

* As a scalar that is an object it is taken by `np.tanh`, which gives Any for scalars; by `np.mean` and an array's
  operators, which give Any for objects; and by `np.sum`, which gives what its array holds: a Value.
* mypy can do better. To it a Value is a scalar of any dtype, and generic for no other reason than this: where several
  overloads take an argument whose type holds an Any, and disagree on the result, mypy says Any. Then `np.linalg`, which
  takes no objects, has no complaint either.

Functions that give an array whatever they are called on still do, such as `np.stack`, and `np.maximum` of an array and
a Value. The methods and operators of a Value give Values, and `tinygrad_lab.numpy` is for where neither will do. At run
time there is nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

MYPY = False  # mypy takes this name for true, whatever is assigned to it; other checkers do not

if TYPE_CHECKING:
    from typing import Any, Generic, Self

    import numpy as np
    from typing_extensions import TypeVar

    Anything = TypeVar("Anything", default=Any)

    if MYPY:

        class Checked(np.generic[Any], Generic[Anything]):
            """A scalar of any dtype."""

            def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
            def __array__(self) -> np.ndarray[Any, np.dtype[Any]]: ...  # type: ignore[override]

    else:

        class Checked(np.object_, Generic[Anything]):
            """A scalar that is an object."""

            def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
            def __array__(self) -> np.ndarray[Any, np.dtype[Self]]: ...

else:
    Anything = None

    class Checked:
        """Nothing."""

        __slots__ = ()

        def __class_getitem__(cls, _: None) -> type:
            return cls
