"""What becomes of every public function of NumPy when it meets a Value: the classes of `docs/operations.md`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from scipy import special

import tinygrad_lab.rules.special  # the page lists SciPy's functions too
from tinygrad_lab.core.registry import OPS, REFUSED, ZERO

MODULES = (np, np.linalg, np.fft)
DERIVATIVE, NO_DERIVATIVE, IN_REFUSAL, NO_VALUE = "has a rule", "zero derivative", "refused", "no Value in sight"

# What takes no array that could be a Value, by what it is for.
APART: dict[str, set[str]] = {
    "dtypes": {"isdtype", "issubdtype", "info", "mintypecode", "promote_types", "typename", "isscalar", "iterable"},
    "printing and errors": {
        "base_repr", "binary_repr", "format_float_positional", "format_float_scientific", "get_printoptions",
        "printoptions", "set_printoptions", "errstate", "geterr", "geterrcall", "seterr", "seterrcall", "getbufsize",
        "setbufsize", "show_config", "show_runtime", "get_include", "test",
    },
    "files and other buffers": {"load", "fromregex", "from_dlpack"},
    "arrays made from sizes": {
        "bartlett", "blackman", "hamming", "hanning", "kaiser", "indices", "diag_indices", "tril_indices",
        "triu_indices", "mask_indices", "broadcast_shapes", "fftfreq", "rfftfreq", "datetime_data",
    },
    "wrappers that convert what they are given, which a Value refuses": {
        "asarray_chkfinite", "asmatrix", "bmat", "frompyfunc", "isfortran", "nested_iters", "row_stack",
    },
}  # fmt: skip


def public() -> Iterator[tuple[str, Any]]:
    """Yield name and object of every public callable of NumPy's three modules."""
    for module in MODULES:
        for name in dir(module):
            thing = getattr(module, name, None) if not name.startswith("_") else None
            if callable(thing):
                yield f"{module.__name__}.{name}", thing


def classify(name: str, thing: Any) -> str | None:
    """Return the class of a callable, or None if nobody has thought of it."""
    if isinstance(thing, type) or any(name.rpartition(".")[2] in names for names in APART.values()):
        return NO_VALUE
    if thing in REFUSED:
        return IN_REFUSAL
    op = OPS.get(thing)
    return None if op is None else NO_DERIVATIVE if op.kind == ZERO else DERIVATIVE


def differentiable() -> dict[Callable[..., Any], str]:
    """Return the functions of NumPy and SciPy that have a derivative here, each once, with their family."""
    functions = [thing for name, thing in public() if classify(name, thing) == DERIVATIVE]
    functions += [op.function for op in OPS.values() if op.family == "special" and isinstance(op.function, np.ufunc)]
    return {function: OPS[function].family for function in functions}


def resolve(qualified: str) -> Any:
    """Return what a peer's name stands for in NumPy or SciPy, or None."""
    path = qualified.split(".")
    modules: dict[str, ModuleType] = {module.__name__: module for module in (*MODULES, special)}
    return getattr(modules[".".join(path[:-1])], path[-1], None)


def comparison() -> str:
    """Return a table of how many functions of each family have a derivative here and with two peers."""
    ours = differentiable()
    peers = json.loads(Path(__file__).with_name("peers.json").read_text(encoding="utf-8"))
    theirs = {peer: {f for f in map(resolve, names) if callable(f)} for peer, names in peers.items()}
    families = Counter(ours.values())
    rows = ["| family | tinygrad_lab | " + " | ".join(peers) + " |", "|---|" + "---:|" * (1 + len(peers))]
    for family, count in [*sorted(families.items()), ("all", len(ours))]:
        members = {f for f, its in ours.items() if family in (its, "all")}
        counts = [str(count), *(str(len(members & their)) for their in theirs.values())]
        rows.append(f"| {family} | {' | '.join(counts)} |")
    known = {name for name, thing in public() if classify(name, thing) != DERIVATIVE}
    wanted = {name for names in peers.values() for name in names if name not in known}
    missing = sorted(name for name in wanted if callable(resolve(name)) and resolve(name) not in OPS)
    return "\n".join(
        [*rows, "", "They have, and this package has not: " + ", ".join(f"`{n}`" for n in missing) + ".\n"]
    )


assert tinygrad_lab.rules.special, "imported for what it declares"
