"""Templates: the result and the changes of a traced call, with holes for the arrays of each call."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.compiler.holders import Holders, is_container, refill
from tinygrad_lab.compiler.traced import Traced
from tinygrad_lab.core.operators import NO_KEYWORDS
from tinygrad_lab.core.value import Value, next_index
from tinygrad_lab.errors import CompileError


@dataclass(frozen=True, slots=True)
class Hole:
    """The place of output `index`; inside a Value if there was one in the traced call."""

    index: int
    value: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A container that is rebuilt from its parts, such as a Module or a named tuple."""

    rebuild: Callable[[list[Any]], Any]
    parts: list[Any]


@dataclass
class Write:
    """A change of the state: `holders[holder][key]` becomes `template`; the whole holder if `key` is None."""

    holder: int
    key: Any
    template: Any


def template(x: Any, outputs: list[Any], keep: Any = ()) -> Any:
    """Return `x` with a Hole for each Traced array, which is appended to `outputs`.

    Arguments:
        x: nested containers, Values and Modules.
        outputs: the arrays found, in order.
        keep: identities of objects to keep as they are.
    """
    kind = type(x)
    if kind is Traced:
        outputs.append(x)
        return Hole(len(outputs) - 1)
    if id(x) in keep:
        return x
    if kind is np.ndarray:  # equal in every call, but a new object each time
        return Rebuilt(functools.partial(_copied, x), [])
    if kind is Value:
        if type(x.data) is not Traced:
            return x
        outputs.append(x.data)
        return Hole(len(outputs) - 1, True, x.name)
    if kind is list or kind is tuple:
        return kind(template(part, outputs, keep) for part in x)
    if kind is dict:
        return {key: template(part, outputs, keep) for key, part in x.items()}
    if isinstance(x, tuple | dict) or hasattr(x, "tree_flatten"):
        leaves, rebuild = tree.flatten(x)
        return Rebuilt(rebuild, [template(leaf, outputs, keep) for leaf in leaves])
    return _of_object(x, outputs, keep)


def _of_object(x: Any, outputs: list[Any], keep: Any) -> Any:
    """Return the template of an object that is not a container: a dataclass may hold arrays, others may not."""
    attributes = getattr(x, "__dict__", {})
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        parts = [template(part, outputs, keep) for part in attributes.values()]
        return Rebuilt(functools.partial(_with_attributes, x, list(attributes)), parts)
    inside = next((name for name, part in attributes.items() if _is_traced(part)), None)
    if inside is not None:
        raise CompileError(
            f"compile: the function returns a {type(x).__name__} with computed data in {inside}; return arrays in "
            f"lists, tuples, dicts, dataclasses or modules"
        )
    return x


def _copied(x: Any, parts: list[Any]) -> Any:
    return x.copy()


def _is_traced(x: Any) -> bool:
    return type(x) is Traced or (type(x) is Value and type(x.data) is Traced)


def _with_attributes(x: Any, names: list[str], parts: list[Any]) -> Any:
    """Return a copy of an object with these attributes."""
    made = copy.copy(x)
    vars(made).update(zip(names, parts, strict=True))
    return made


def filled(x: Any, arrays: Sequence[Any]) -> Any:
    """Return a template with its holes filled."""
    kind = type(x)
    if kind is Hole:
        array = arrays[x.index]
        return held(array, x.name) if x.value else array
    if kind is Rebuilt:
        return x.rebuild([filled(part, arrays) for part in x.parts])
    if kind is list or kind is tuple:
        return kind(filled(part, arrays) for part in x)
    if kind is dict:
        return {key: filled(part, arrays) for key, part in x.items()}
    return x


def held(array: Any, name: str | None) -> Value:
    """Return `Value(array, requires_grad=False, name=name)`, without the checks of Value."""
    if type(array) not in _KEPT:
        return Value(array, requires_grad=False, name=name)
    value = _new(Value)
    value.data, value.name, value.index = array, name, next_index()
    value.requires_grad = value.trainable = value.masked = False
    value.parents = value.saved = ()
    value.kwargs = NO_KEYWORDS
    value.op = value.grad = value.watch = value.origin = value.call = None
    return value


_new = Value.__new__
_KEPT = frozenset({np.float64, np.float32})


def leave(holders: Holders, writes: Sequence[Write], arrays: Sequence[Any]) -> None:
    """Make the changes that the function would have made."""
    for write in writes:
        holder, x = holders.holders[write.holder][1], filled(write.template, arrays)
        if write.key is None:
            refill(holder, x)
        elif is_container(holder):
            holder[write.key] = x
        else:
            setattr(holder, write.key, x)
