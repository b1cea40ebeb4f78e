"""What a module saves: the arrays of parameters and buffers by name, to be loaded and converted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError
from tinygrad_lab.nn.buffer import Buffer
from tinygrad_lab.nn.copies import walk
from tinygrad_lab.typing import ArrayLike, DTypeLike

Saved = list[tuple[str, Value | Buffer]]


def load(module: Any, state: Mapping[str, ArrayLike]) -> None:
    """Give each parameter and buffer a copy of the array of its name, in its dtype; or complain of all that differs.

    What is shared may come under each of its names, as PyTorch saves it, if that is the same array.
    """
    if not isinstance(state, Mapping):
        raise ArgumentTypeError(
            f"load_state_dict: state must be a dict of arrays by name, got {type(state).__name__}; a file is read by "
            f"tl.load(path, model)"
        )
    held = by_name(module)
    if not state.keys() <= held.keys():
        state = _once(module, held, state)
    _check(held, state)
    for name, item in held.items():
        item.data = np.array(state[name], dtype=item.data.dtype)[()]


def by_name(module: Any) -> dict[str, Value | Buffer]:
    """Return parameters and buffers by name; refuse two of one name, of which a state could hold one only."""
    saved: Saved = module._saved()
    held = dict(saved)
    if len(held) < len(saved):
        names = [name for name, _ in saved]
        twice = next(name for name in names if names.count(name) > 1)
        raise ArgumentError(f"state_dict: two parameters or buffers are called {twice!r}; rename a key of their dict")
    return held


def _once(module: Any, held: dict[str, Value | Buffer], state: Mapping[str, ArrayLike]) -> Mapping[str, ArrayLike]:
    """Return a state without the second names of what is shared."""
    first = {id(item): name for name, item in held.items()}
    found = dict(state)
    for other, item in _everywhere(module):
        name = first.get(id(item), other)
        if name != other and other in state and name in state and np.array_equal(state[other], state[name]):
            del found[other]
    return found


def _everywhere(module: Any, path: str = "", above: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield what a module and those below it hold under each of its paths, shared or not."""
    for name, item in walk(path, module._attributes()):
        if not hasattr(item, "named_parameters"):
            yield name, item
        elif id(item) not in above:
            yield from _everywhere(item, name, (*above, id(item)))


def convert(saved: Saved, dtype: DTypeLike) -> None:
    """Convert what holds floating numbers, and its gradient."""
    found = np.dtype(dtype)
    if found.kind != "f":
        raise ArgumentError(f"astype: dtype must be a floating dtype, got {dtype!r}; use 'float32' or 'float64'")
    for _, held in saved:
        if held.data.dtype.kind == "f":
            held.data = held.data.astype(found)
        if type(held) is Value and held.grad is not None:
            held.grad = held.grad.astype(found)


def _check(held: dict[str, Value | Buffer], state: Mapping[str, ArrayLike]) -> None:
    missing = [name for name in held if name not in state]
    unexpected = [name for name in state if name not in held]
    misshapen = [
        f"{name} {np.shape(state[name])} for {item.data.shape}"
        for name, item in held.items()
        if name in state and np.shape(state[name]) != item.data.shape
    ]
    problems = (("missing", missing), ("unexpected", unexpected), ("misshapen", misshapen))
    if missing or unexpected or misshapen:
        listed = "; ".join(f"{problem}: {', '.join(names)}" for problem, names in problems if names)
        raise ArgumentError(
            f"load_state_dict: the state does not fit the module's parameters and buffers, {listed}; "
            f"load it into a module built like the one that was saved"
        )
