"""How to write down a function so that somebody else can run it: what to import, and what to call it."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, NamedTuple

from tinygrad_lab.testing.adapters import Adapter


class Named(NamedTuple):
    """An expression for an object, the statements it needs before, and a remark for whoever runs it."""

    text: str
    imports: tuple[str, ...] = ()
    remark: str = ""


def named(what: Any) -> Named:
    """Return how to write down a function or an adapter.

    What has no name that can be imported, such as a lambda inside a function, is called `fn`, with a remark.

    Example:
        >>> import numpy as np
        >>> named(np.linalg.det).text
        'np.linalg.det'
        >>> named(functools.partial(np.sum, axis=0)).text
        'functools.partial(np.sum, axis=0)'
        >>> named(lambda x: x).remark
        '# fn is <lambda>, line 1 of <doctest tinygrad_lab.testing.naming.named[3]>'
    """
    plain_adapter = isinstance(what, Adapter) and type(what) is Adapter
    target = what.function if plain_adapter else what
    if isinstance(target, functools.partial) and not target.args:
        inner = named(target.func)
        keywords = ", ".join(f"{name}={value!r}" for name, value in target.keywords.items())
        imports = ("import functools", *inner.imports)
        return Named(f"functools.partial({inner.text}, {keywords})", imports, inner.remark)
    for module in _modules(target):
        path = _path(target, module)
        if path:
            return _imported(module, path)
    return Named("fn", (), f"# fn is {_described(target)}")


def _modules(target: Any) -> list[str]:
    """Return the modules that may hold an object: its own, and those of what it is made of."""
    parts = [target, getattr(target, "function", None), getattr(target, "vjp", None)]
    names = [getattr(part, "__module__", None) for part in parts if part is not None]
    names += ["numpy", "numpy.linalg", "numpy.fft"] if str(names[0] or "numpy").startswith("numpy") else []
    return [name for name in dict.fromkeys(names) if isinstance(name, str) and name in sys.modules]


def _path(target: Any, module: str) -> str:
    """Return where an object is in a module: by its own name, by any name, or behind a gradient test."""
    try:
        found: Any = functools.reduce(getattr, str(getattr(target, "__qualname__", "")).split("."), sys.modules[module])
        if found is target:
            return str(target.__qualname__)
    except AttributeError:
        pass
    for name, value in list(vars(sys.modules[module]).items()):
        if value is target:
            return name
        if getattr(value, "is_gradient_test", False) and getattr(value, "function", None) is target:
            return f"{name}.function"
    name = getattr(target, "__name__", "")
    return name if name and getattr(sys.modules[module], name, None) is target else ""


def _imported(module: str, path: str) -> Named:
    if module == "__main__":
        return Named(path)
    if module.split(".")[0] == "numpy":
        public = next((m for m in ("numpy", "numpy.linalg", "numpy.fft") if hasattr(sys.modules[m], path)), module)
        return Named(f"{public.replace('numpy', 'np', 1)}.{path}")
    return Named(path, (f"from {module} import {path.split('.')[0]}",))


def _described(target: Any) -> str:
    code = getattr(inspect.unwrap(getattr(target, "function", target)), "__code__", None)
    name = getattr(target, "__qualname__", None) or getattr(target, "name", type(target).__name__)
    return f"{name}, line {code.co_firstlineno} of {code.co_filename}" if code is not None else str(name)
