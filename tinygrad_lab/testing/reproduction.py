"""Arrays as Python expressions that rebuild their values, dtype and strides, so that a failure can be seen again."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing.differences import Array
from tinygrad_lab.testing.naming import named
from tinygrad_lab.testing.problem import Problem

LONGEST = 400  # elements; a longer array goes into a file


def call(problem: Problem, weights: Array) -> str:
    """Return statements that show a failure again, a line each: imports, and the call of `check_gradients`."""
    origin, order = problem.origin or (problem, weights), 1 if problem.origin is None else 2
    problem, weights = origin
    positions = sorted({leaf.argument for leaf in problem.leaves})
    arguments = [expression(arg) for arg in problem.args[: problem.given]]
    cotangents = [expression(_usual(c)) for c in problem.cotangents(weights)]
    cotangent = cotangents[0] if len(cotangents) == 1 else f"[{', '.join(cotangents)}]"
    keywords = [f"wrt={tuple(positions)}"] if len(positions) < len(arguments) else []
    keywords += [f"cotangent={cotangent}", *(["order=2"] if order == 2 else [])]
    function = named(problem.adapter, expression)
    text = f"check_gradients({', '.join([function.text, *arguments, *keywords])})"
    torch = ["import torch"] if "torch.tensor(" in text else []  # of bfloat16, which NumPy does not have
    jax = ["import jax.numpy as jnp"] if "jnp.array(" in text else []
    lines = ["import numpy as np", "from tinygrad_lab.testing import check_gradients", *torch, *jax, *function.before]
    imports = [line for line in dict.fromkeys(lines) if line.startswith(("import ", "from "))]
    others = [line.replace("\n", "\n    ") for line in lines if line not in imports]
    remark = function.remark or ("" if _is_python(text) else "# an argument cannot be written down")
    call = f"{text}{'  ' * bool(remark)}{remark}"
    return "\n    ".join([f"reproduce: {'; '.join(imports)}", *others, call])


def _usual(array: Array) -> Array:
    """Return an array of long doubles in double precision, which every machine has, others as they are."""
    wide = {np.dtype(np.longdouble): np.float64, np.dtype(np.clongdouble): np.complex128}
    return array.astype(wide.get(array.dtype, array.dtype))


def _is_python(text: str) -> bool:
    try:
        compile(text, "reproduction", "eval")
    except SyntaxError:
        return False
    return True


def expression(argument: Any) -> str:
    """Return Python source for a number, an array or a container of them.

    Example:
        >>> import numpy as np
        >>> expression(np.arange(3.0)[::-1])
        'np.array([0.0, 1.0, 2.0])[::-1]'
        >>> expression([np.float32(0.5), np.broadcast_to(2.0, (3,))])
        '[np.float32(0.5), np.broadcast_to(np.array([2.0]), (3,))]'
    """
    leaves, rebuild = tree.flatten(argument)
    if len(leaves) == 1 and rebuild(leaves) is leaves[0]:
        array = plain(argument)
        return _array(array) if isinstance(array, np.ndarray) else repr(array)

    class Text(str):
        __slots__ = ()
        __repr__ = str.__str__

    return repr(rebuild([Text(expression(leaf)) for leaf in leaves]))


def _array(array: Array) -> str:
    if array.size > LONGEST:
        return _stored(array)
    repeated = [axis for axis, step in enumerate(array.strides) if step == 0 and array.shape[axis] > 1]
    if repeated and array.size:
        once = array[tuple(slice(1) if axis in repeated else slice(None) for axis in range(array.ndim))]
        return f"np.broadcast_to({_laid_out(once)}, {array.shape})"
    text = _laid_out(array)
    # What broadcasting gives cannot be written into.
    return text if array.flags.writeable else f"np.broadcast_to({text}, {array.shape})"


def _laid_out(array: Array) -> str:
    """Return an expression that has an array's strides, where they matter: along axes that are longer than 1."""

    def strides(other: Array) -> list[int]:
        return [step for step, length in zip(other.strides, other.shape, strict=True) if length > 1]

    return next((text for text in _candidates(array) if strides(_rebuilt(text)) == strides(array)), _values(array))


def _stored(array: Array) -> str:
    """Write a long array into a file among the temporary ones, and return what reads it."""
    folder = Path(tempfile.gettempdir()) / "tinygrad_lab"
    folder.mkdir(exist_ok=True)
    file = folder / f"{zlib.crc32(array.tobytes()):08x}.npy"
    np.save(file, array)  # keeps Fortran order; gaps and reversed axes are lost
    return f"np.load({str(file)!r})"


def _candidates(array: Array) -> Iterator[str]:
    """Yield expressions for an array; the first whose strides are right is taken."""
    yield _values(array)
    if array.ndim > 1:
        yield f"np.asfortranarray({_values(array)})"
    # Turn reversed axes round, put the axes into the order they have in memory, and leave gaps where there are any.
    turn = tuple(slice(None, None, -1 if step < 0 else 1) for step in array.strides)
    back = "" if all(part.step == 1 for part in turn) else f"[{', '.join('::-1' if p.step < 0 else ':' for p in turn)}]"
    forward = array[turn]
    order = np.argsort([-step for step in forward.strides], kind="stable")
    text, shown = _values(np.transpose(forward, order)), np.transpose(forward, order)
    moved = "" if np.all(order == np.arange(array.ndim)) else f".transpose({tuple(np.argsort(order).tolist())})"
    yield f"{text}{moved}{back}"
    size = array.itemsize
    for axis in reversed(range(array.ndim)):
        gap = shown.strides[axis] // size
        if gap > 1:
            colons = ", ".join([":"] * axis + [f"::{gap}"])
            yield f"{text}.repeat({gap}, {axis})[{colons}]{moved}{back}"
        size *= shown.shape[axis] * max(gap, 1)
    if array.size and all(step >= 0 and step % array.itemsize == 0 for step in array.strides):
        yield _spread_out(array)


def _spread_out(array: Array) -> str:
    """Write down the memory that an array lies in, with zeros for what is not its own."""
    reach = sum((n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)) // array.itemsize
    memory = np.zeros(reach + 1, array.dtype)
    np.lib.stride_tricks.as_strided(memory, array.shape, array.strides)[...] = array
    return f"np.lib.stride_tricks.as_strided({_values(memory)}, {array.shape}, {array.strides})"


def _values(array: Array) -> str:
    if array.size == 0:
        return f"np.zeros({array.shape}, np.{array.dtype.name})"
    listed = repr(array.astype(float).tolist() if array.dtype == np.longdouble else array.tolist())
    usual = array.dtype in (np.float64, np.int64, np.bool_, np.complex128)
    text = listed.replace("inf", "np.inf").replace("nan", "np.nan")
    return f"np.array({text})" if usual else f"np.array({text}, np.{array.dtype.name})"


def _rebuilt(text: str) -> Array:
    rebuilt: Array = eval(text, {"np": np})  # noqa: S307  the text is our own, of numbers only
    return rebuilt
