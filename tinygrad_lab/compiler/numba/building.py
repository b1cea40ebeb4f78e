"""Source made into machine code: a file named by its content, which Numba's cache recognises in later processes."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
from numba import types

from tinygrad_lab.drafts import draft
from tinygrad_lab.errors import CompileError

_LONG = 2.0  # seconds of compiling, after which it is said how far it got


def vector_bytes() -> int:
    """Return the bytes of this processor's vectors."""
    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f") and features.get("avx512dq") else 32 if features.get("avx2") else 16


def folder() -> Path:
    """Return where compiled code is kept: `TINYGRAD_LAB_CACHE`, or the user's folder for such files."""
    chosen = os.environ.get("TINYGRAD_LAB_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "tinygrad_lab" / "compiled"


@functools.cache
def _surroundings() -> bytes:
    """Return what compiled code depends on beside its source: the helpers, Numba, the processor."""
    digest = hashlib.sha256(f"{numba.__version__} {llvm.get_host_cpu_name()} {sys.version}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def load_module(name: str, source: str) -> Any:
    """Return the module with this source, from a file that is written unless it is there."""
    digest = hashlib.sha256(source.encode() + _surroundings()).hexdigest()[:24]
    module_name = f"tinygrad_lab_compiled_{digest}"
    if module_name in sys.modules:
        return sys.modules[module_name]
    path = _written(f"{name}_{digest}.py", source)
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[module_name] = module
    return module


def _written(file: str, source: str) -> Path:
    for place in (folder(), Path(tempfile.gettempdir()) / "tinygrad_lab_compiled"):
        path = place / file
        try:
            if not path.exists():
                place.mkdir(parents=True, exist_ok=True)
                with draft(path) as new:  # another process may do the same
                    new.write_text(source, encoding="utf-8")
        except OSError:
            continue
        return path
    raise CompileError(
        f"compile: cannot write compiled code to {folder()}; set TINYGRAD_LAB_CACHE to a folder that is writable"
    )


def _watched() -> bool:
    """Whether somebody reads what this process says; a worker would talk into what the main program shows."""
    return sys.stderr is not None and sys.stderr.isatty() and multiprocessing.parent_process() is None


class Building:
    """Machine code for a module's source.

    Arguments:
        name: what the file begins with.
        source: that of the module.
        inner: the names of its functions of addresses, callees first, and how many addresses each takes.
    """

    def __init__(self, name: str, source: str, inner: list[tuple[str, int]]) -> None:
        self._module = load_module(name, source)
        self._inner = inner

    def entry(self, name: str, arguments: int) -> Callable[..., Any]:
        """Return the machine code of a function that Python calls, after that of the functions that it calls."""
        signature = (types.int64,) * arguments
        dispatcher = getattr(self._module, name)
        done = Path(self._module.__file__).with_suffix(f".{name}.done")
        if not done.exists():
            self._compile_inner()
        dispatcher.compile(signature)
        if not done.exists():
            done.touch()
        run: Callable[..., Any] = dispatcher.overloads[signature].entry_point
        return run

    def _compile_inner(self) -> None:
        start = time.perf_counter()
        for number, (name, arguments) in enumerate(self._inner, 1):
            getattr(self._module, name).compile((types.int64,) * arguments)
            if time.perf_counter() - start > _LONG and _watched():
                end = "\n" if number == len(self._inner) else ""
                print(f"\rcompile: {number} of {len(self._inner)} functions", end=end, file=sys.stderr, flush=True)  # noqa: T201
        self._inner = []
