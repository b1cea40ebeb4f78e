"""Saving what a training needs to go on: parameters, optimizers, generators and numbers, in one safetensors file.

Never pickle: a file holds arrays and a JSON header, and loading it runs no code of its author's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab import generators
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError
from tinygrad_lab.extras import extra
from tinygrad_lab.generators import is_generator
from tinygrad_lab.typing import Tree

_PLAIN = (str, int, float, bool, type(None))


def save(state: Tree, path: str | os.PathLike[str]) -> None:
    """Write a model, or a dict of models, optimizers, generators, arrays and numbers, to a safetensors file.

    The file is written beside `path` and renamed, so that an interruption leaves the old one whole.

    Arguments:
        state: an object with `state_dict()`, or a dict of such objects, Values, generators (NumPy's, the legacy
            `RandomState` and `tinygrad_lab.random.Generator`), arrays, texts, numbers, and dicts of these. A
            model's random generators, such as Dropout's, are saved with it.
        path: where to write.

    Raises:
        ArgumentTypeError: for anything else, by its name.
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
    with extra("lab"):
        from safetensors.numpy import save as to_bytes

    arrays: dict[str, Any] = {}
    about: dict[str, Any] = {}
    _collect("", state, arrays, about)
    wide = [name for name, x in arrays.items() if x.dtype == np.complex128]  # which the format has not: pairs
    arrays |= {name: np.stack([arrays[name].real, arrays[name].imag], axis=-1) for name in wide}
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_bytes(to_bytes(arrays, {"tinygrad_lab": json.dumps(about), "complex128": json.dumps(wide)}))
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


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
        MissingExtraError: without safetensors (the extra `lab`).
    """
    with extra("lab"):
        from safetensors import SafetensorError
        from safetensors.numpy import load as from_bytes

    content = Path(path).read_bytes()
    try:
        arrays = from_bytes(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        notes = header.get("__metadata__", {})
        about = json.loads(notes.get("tinygrad_lab", "{}"))
        arrays |= {name: arrays[name].view(np.complex128)[..., 0] for name in json.loads(notes.get("complex128", "[]"))}
    except (SafetensorError, ValueError, KeyError) as error:
        raise ArgumentError(f"load: {path} is not a complete safetensors file ({error}); save it again") from error
    tree = _nested({**arrays, **about})
    if into is None:
        return tree
    if not isinstance(into, Mapping):
        _restore(into, tree, "the state")
        return {}
    _restore_all(into, tree, path)
    return tree


def _collect(prefix: str, item: Any, arrays: dict[str, Any], about: dict[str, Any]) -> None:
    """Note the arrays below `item` by path, and what is no array."""
    if isinstance(item, Value):
        item = item.data
    if hasattr(item, "state_dict"):
        generators = dict(item.named_generators()) if hasattr(item, "named_generators") else {}
        item = {**item.state_dict(), **generators}
    if isinstance(item, Mapping):
        if not item:
            about[prefix] = {}
        for name, part in item.items():
            if not isinstance(name, str):
                raise ArgumentTypeError(
                    f"save: names must be strings, got {name!r} under {prefix or 'the top'!r}; rename it"
                )
            _collect(f"{prefix}.{name}" if prefix else name, part, arrays, about)
    elif is_generator(item):
        about[prefix] = to_json(item)
    elif isinstance(item, np.ndarray | np.generic):
        arrays[prefix] = np.array(item, order="C")
    elif isinstance(item, _PLAIN):
        about[prefix] = item
    else:
        raise ArgumentTypeError(
            f"save: cannot save {prefix or 'the state'}, a {type(item).__name__}; save arrays, Values, numbers, "
            f"generators, what has a state_dict, or dicts of these"
        )


def to_json(generator: Any) -> Any:
    """Return the state of a random generator as JSON has it; `from_json` is the way back."""
    if isinstance(generator, np.random.RandomState):
        kind, keys, *rest = generator.get_state(legacy=True)
        return {"generator": [kind, np.asarray(keys).tolist(), *rest]}
    return {"generator": json.loads(json.dumps(generator.bit_generator.state, default=lambda array: array.tolist()))}


def _restore_all(into: Mapping[str, Any], tree: dict[str, Any], path: Any, prefix: str = "") -> None:
    """Fill what is given under its name, and take its state out of the tree."""
    for name, target in into.items():
        if name not in tree:
            raise ArgumentError(
                f"load: {path} holds {', '.join(repr(prefix + other) for other in tree)}, but no {prefix + name!r}; "
                f"leave that out of `into`"
            )
        state = tree.pop(name)
        if isinstance(target, Mapping):
            _restore_all(target, state, path, f"{prefix}{name}.")
            if state:
                tree[name] = state
        else:
            _restore(target, state, prefix + name)


def _restore(target: Any, state: Any, name: str) -> None:
    if is_generator(target):
        from_json(target, state["generator"])
        return
    if isinstance(target, Value):
        if np.shape(state) != target.shape:
            raise ArgumentError(
                f"load: {name} has shape {target.shape}, but {np.shape(state)} was saved; make it of that shape"
            )
        target.data = np.asarray(state, target.dtype)[()]
        return
    generators = dict(target.named_generators()) if hasattr(target, "named_generators") else {}
    flat = _flat(state)
    given = {name: flat.pop(name)["generator"] for name in list(flat) if isinstance(flat[name], dict)}
    target.load_state_dict(flat)
    for name, saved in given.items():
        if name not in generators:
            raise ArgumentError(
                f"load: the model has no random generator {name!r}; build it like the one that was saved"
            )
        from_json(generators[name], saved)


def from_json(generator: Any, saved: Any) -> None:
    """Put a generator into the state under `to_json(…)["generator"]`.

    Raises:
        ArgumentError: it is of another kind.
    """
    legacy = isinstance(generator, np.random.RandomState)
    kind = "RandomState" if isinstance(saved, list) else saved["bit_generator"]
    own = "RandomState" if legacy else type(generator.bit_generator).__name__
    if kind != own:
        raise ArgumentError(f"load: the generator is a {own}, but a {kind} was saved; make it of that kind")
    generators.set_state(generator, tuple(saved) if legacy else saved)


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
        flat |= _flat(item, path) if isinstance(item, dict) and "generator" not in item else {path: item}
    return flat
