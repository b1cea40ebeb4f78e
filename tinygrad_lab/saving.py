"""Saving what a training needs to go on: parameters, optimizers, generators and numbers, in one safetensors file.

Never pickle: a file holds arrays and a JSON header, and loading it runs no code of its author's.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.core.value import Value
from tinygrad_lab.drafts import draft
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError
from tinygrad_lab.extras import extra
from tinygrad_lab.generators import is_generator, set_state
from tinygrad_lab.typing import NDArray, Tree

_PLAIN = (str, int, float, bool, type(None))
_WIDEST = {"b": 1, "i": 8, "u": 8, "f": 8, "c": 16}  # bytes of a number, by the kinds of dtype that files hold


def save(state: Tree, path: str | os.PathLike[str]) -> None:
    """Write a model, or a dict of models, optimizers, generators, arrays and numbers, to a safetensors file.

    The file is written beside `path` and renamed, so that an interruption leaves the old one whole.

    Arguments:
        state: an object with `state_dict()`, or a dict of such objects, Values, generators (NumPy's, the legacy
            `RandomState` and `tinygrad_lab.random.Generator`), arrays, texts, numbers, and dicts of these. A
            model's random generators, such as Dropout's, are saved with it.
        path: where to write.

    Raises:
        ArgumentTypeError: for anything else, by its name: for arrays of texts or extended precision too.
        ArgumentError: if two things would have the same name in the file.
        MissingExtraError: without safetensors (the extra `lab`).

    Example:
        >>> import numpy as np, tempfile, tinygrad_lab as tl
        >>> model = tl.nn.Linear(2, 1)
        >>> optimizer, rng = tl.optim.Adam(model.parameters()), np.random.default_rng(0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     tl.save({"model": model, "optimizer": optimizer, "rng": rng, "epoch": 3}, f"{folder}/run.safetensors")
        ...     rest = tl.load(f"{folder}/run.safetensors", {"model": model, "optimizer": optimizer, "rng": rng})
        >>> rest
        {'epoch': 3}
    """
    found: dict[str, Any] = {}
    for name, item in _entries("", state):
        if name in found:
            raise _ambiguous(name)
        found[name] = item
    for name in found:
        *folders, _ = name.split(".")
        for folder in itertools.accumulate(folders, "{}.{}".format):
            if folder in found:
                raise _ambiguous(folder)
    arrays = {name: item for name, item in found.items() if isinstance(item, np.ndarray)}
    content = encode(arrays, {name: item for name, item in found.items() if name not in arrays})
    with draft(Path(path)) as new:
        new.write_bytes(content)


def load(path: str | os.PathLike[str], into: Tree = None) -> Tree:
    """Read what `save` wrote, into the objects given, and return the rest.

    Arguments:
        path: the file.
        into: an object with `load_state_dict`, or a dict with such objects, Values and generators under the names they
            were saved by, and dicts of these: they take their states.

    Returns:
        What was saved and not given in `into`: arrays, numbers and texts, nested in dicts; {} for a single object.

    Raises:
        ArgumentError: if the file holds no such state, a name in `into` was not saved, or a Value has another shape.
        ArgumentTypeError: if `into` holds anything that takes no state, such as an array.
        MissingExtraError: without safetensors (the extra `lab`).
    """
    try:
        arrays, about = decode(Path(path).read_bytes())
    except ArgumentError as error:
        raise ArgumentError(f"load: {path} is {error}") from error
    tree = _nested({**arrays, **about})
    if into is None:
        return tree
    found = [("the state", into, tree)] if not isinstance(into, Mapping) else list(_taken(into, tree, path))
    for name, target, state in found:
        _restore(target, state, name)
    return tree if isinstance(into, Mapping) else {}


def encode(arrays: Mapping[str, NDArray], about: Mapping[str, Any]) -> bytes:
    """Return a safetensors file of arrays by name, and of what JSON has."""
    with extra("lab"):
        from safetensors.numpy import save as to_bytes

    wide = [name for name, x in arrays.items() if x.dtype == np.complex128]  # which the format has not: pairs
    pairs = {name: np.asarray(arrays[name], order="C")[..., None].view(np.float64) for name in wide}
    # One note only: the library writes several in any order, and the same state is to give the same bytes.
    return to_bytes({**arrays, **pairs}, {"tinygrad_lab": json.dumps([about, wide] if wide else about)})


def decode(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arrays and the rest of what `encode` made a file of; of another program's, the arrays.

    Raises:
        ArgumentError: the content is damaged.
    """
    with extra("lab"):
        from safetensors import SafetensorError
        from safetensors.numpy import load as from_bytes

    try:
        arrays = from_bytes(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])  # of bytes, the library keeps it
        found = json.loads(header.get("__metadata__", {}).get("tinygrad_lab", "{}"))
        about, wide = found if isinstance(found, list) else (found, [])
        arrays |= {name: arrays[name].view(np.complex128)[..., 0] for name in wide}
        return arrays, about
    except (SafetensorError, ValueError, KeyError) as error:
        raise ArgumentError(f"not a complete safetensors file ({error}); save it again") from error


def _entries(prefix: str, item: Any) -> Iterator[tuple[str, Any]]:
    """Yield the paths below `item`, with an array or with what JSON has."""
    if isinstance(item, Value):
        item = item.data
    if hasattr(item, "state_dict"):
        item = {**item.state_dict(), **_generators_of(item)}
    if isinstance(item, Mapping):
        if prefix and not item:
            yield prefix, {}
        for name, part in item.items():
            if not isinstance(name, str):
                raise ArgumentTypeError(
                    f"save: names must be strings, got {name!r} under {prefix or 'the top'!r}; rename it"
                )
            yield from _entries(f"{prefix}.{name}" if prefix else name, part)
    elif prefix and is_generator(item):
        yield prefix, to_json(item)
    elif prefix and isinstance(item, np.ndarray | np.generic) and item.itemsize <= _WIDEST.get(item.dtype.kind, 0):
        yield prefix, np.array(item, order="C")
    elif prefix and isinstance(item, _PLAIN):
        yield prefix, item
    else:
        kind = f"an array of {item.dtype}" if hasattr(item, "dtype") else f"a {type(item).__name__}"
        raise ArgumentTypeError(
            f"save: cannot save {prefix or 'the state'}, {kind}; save what has a state_dict, or a dict of Values, "
            f"generators, arrays of numbers, texts and numbers"
        )


def _ambiguous(name: str) -> ArgumentError:
    return ArgumentError(f"save: two things would be named {name!r} in the file; rename one")


def _generators_of(item: Any) -> dict[str, Any]:
    """Return the random generators inside a module by name; of anything else, none."""
    return dict(item.named_generators()) if hasattr(item, "named_generators") else {}


def to_json(generator: Any) -> dict[str, Any]:
    """Return the state of a random generator as JSON has it; `from_json` is the way back."""
    if isinstance(generator, np.random.RandomState):
        kind, keys, *rest = generator.get_state(legacy=True)
        return {"generator": [kind, np.asarray(keys).tolist(), *rest]}
    return {"generator": json.loads(json.dumps(generator.bit_generator.state, default=lambda array: array.tolist()))}


def from_json(generator: Any, saved: dict[str, Any]) -> None:
    """Put a random generator into a state that `to_json` returned.

    Raises:
        ArgumentError: it is of another kind.
    """
    state = saved["generator"]
    legacy = isinstance(generator, np.random.RandomState)
    kind = "RandomState" if isinstance(state, list) else state["bit_generator"]
    own = "RandomState" if legacy else type(generator.bit_generator).__name__
    if kind != own:
        raise ArgumentError(f"load: the generator is a {own}, but a {kind} was saved; make it of that kind")
    set_state(generator, tuple(state) if legacy else state)


def _is_state(item: Any) -> bool:
    """Whether something saved is what `to_json` returned, rather than a dict with a thing named "generator"."""
    if not isinstance(item, dict) or item.keys() != {"generator"}:
        return False
    state = item["generator"]
    return isinstance(state, list) or (isinstance(state, dict) and "bit_generator" in state)


def _taken(
    into: Mapping[str, Any], tree: dict[str, Any], path: Any, prefix: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """Yield what is to be filled by name, with its state, which is taken out of the tree."""
    for name, target in into.items():
        if name not in tree:
            raise ArgumentError(
                f"load: {path} holds {', '.join(repr(prefix + other) for other in tree)}, but no {prefix + name!r}; "
                f"leave that out of `into`"
            )
        state = tree.pop(name)
        if isinstance(target, Mapping):
            yield from _taken(target, state, path, f"{prefix}{name}.")
            if state:
                tree[name] = state
        else:
            yield prefix + name, target, state


def _restore(target: Any, state: Any, name: str) -> None:
    if is_generator(target):
        if not _is_state(state):
            raise ArgumentError(f"load: {name} is a generator, but none was saved there; leave that out of `into`")
        from_json(target, state)
    elif isinstance(target, Value):
        if isinstance(state, dict | str) or np.shape(state) != target.shape:
            saved = type(state).__name__ if isinstance(state, dict | str) else np.shape(state)
            raise ArgumentError(f"load: {name} has shape {target.shape}, but {saved} was saved; make it of that shape")
        target.data = np.asarray(state, target.dtype)[()]
    elif hasattr(target, "load_state_dict") and isinstance(state, dict):
        _restore_object(target, _flat(state))
    else:
        raise ArgumentTypeError(
            f"load: cannot fill {name}, a {type(target).__name__}, with a {type(state).__name__}; give a Value, "
            f"a generator or a model for what was saved of one, and take the rest from what load returns"
        )


def _restore_object(target: Any, state: dict[str, Any]) -> None:
    """Restore what has a state of its own, and the generators inside it."""
    generators = _generators_of(target)
    saved = {name: state.pop(name) for name in list(state) if _is_state(state[name])}
    target.load_state_dict(state)
    for name, one in saved.items():
        if name not in generators:
            raise ArgumentError(
                f"load: the model has no random generator {name!r}; build it like the one that was saved"
            )
        from_json(generators[name], one)


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Return entries named by paths as dicts in dicts."""
    tree: dict[str, Any] = {}
    for path, item in flat.items():
        *folders, name = path.split(".")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = item
    return tree


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return dicts in dicts as entries named by paths, as `state_dict()` gives them."""
    flat: dict[str, Any] = {}
    for name, item in tree.items():
        path = f"{prefix}.{name}" if prefix else name
        flat |= _flat(item, path) if isinstance(item, dict) and not _is_state(item) else {path: item}
    return flat
