"""How to write down a function so that somebody else can run it: what to import or define, and what to call it."""

from __future__ import annotations

import functools
import inspect
import sys
import types
import unittest
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.source import defined, is_plain

ADAPTERS = "from tinygrad_lab.testing import adapters"


class Named(NamedTuple):
    """An expression for an object, the statements it needs before, and a remark for whoever runs it."""

    text: str
    before: tuple[str, ...] = ()
    remark: str = ""


def named(what: Any, expression: Callable[[Any], str] = repr, name: str = "fn") -> Named:
    """Return how to write down a function or an adapter.

    What has no name that can be imported, such as a lambda inside a function, is defined by its source. Where the
    source refers to what cannot be written down, it is called `fn`, with a remark.

    Arguments:
        what: a function or an adapter.
        expression: writes down arrays and numbers.
        name: what a lambda is called.

    Example:
        >>> import numpy as np
        >>> named(np.linalg.det).text
        'np.linalg.det'
        >>> named(functools.partial(np.sum, axis=0)).text
        'functools.partial(np.sum, axis=0)'
        >>> factor = 2.0
        >>> named(lambda x: factor * x)
        Named(text='fn', before=('factor = 2.0', 'fn = lambda x: factor * x'), remark='')
    """
    target = what.function if isinstance(what, Adapter) and type(what) is Adapter else what
    found = _importable(target) or _composed(target, expression)
    if found is not None:
        return found

    def write(value: Any) -> tuple[str, tuple[str, ...]] | None:
        if is_plain(value):
            text = expression(value)
            return text, ("import numpy as np",) if "np." in text else ()
        inner = _importable(value) or _composed(value, expression)
        return None if inner is None or inner.remark else (inner.text, inner.before)

    made = defined(target, write, name)
    return Named(name, (), f"# {name} is {_described(target)}") if made is None else Named(*made)


def _importable(target: Any) -> Named | None:
    """Return an object's name and import, if it can be imported."""
    for module in _modules(target):
        path = _path(target, module)
        if path:
            return _imported(module, path)
    return None


def _composed(target: Any, expression: Callable[[Any], str]) -> Named | None:
    """Return how to make an object of others: an adapter, a partial, a method."""
    if isinstance(target, Adapter) and target.maker:
        parts = [named(part, expression, name) for part, name in zip(target.parts, ("fn", "vjp", "jvp"), strict=False)]
        parts[2:] = [part._replace(text=f"jvp={part.text}") for part in parts[2:]]
        return _joined(f"adapters.{target.maker}(", parts, f", name={target.name!r})", ADAPTERS)
    if isinstance(target, functools.partial):
        inner = named(target.func, expression)
        given = [(f"{name}=", value) for name, value in target.keywords.items()]
        written = [(start, _thing(value, expression)) for start, value in [*(("", arg) for arg in target.args), *given]]
        if any(thing is None for _, thing in written):
            return None
        parts = [inner, *(thing._replace(text=f"{start}{thing.text}") for start, thing in written if thing is not None)]
        return _joined("functools.partial(", parts, ")", "import functools")
    owner_of = getattr(target, "__self__", None)
    if owner_of is not None and not isinstance(owner_of, types.ModuleType) and hasattr(target, "__name__"):
        found = (
            _importable(owner_of) if isinstance(owner_of, type) else _instance(owner_of, expression) or _held(owner_of)
        )
        return found and Named(f"{found.text}.{target.__name__}", found.before, found.remark)
    return None


def _held(owner: Any) -> Named | None:
    """Return how to get at an instance that stands in the module of its class."""
    module = type(owner).__module__
    names = (
        [name for name, value in list(vars(sys.modules[module]).items()) if value is owner]
        if module in sys.modules
        else []
    )
    return _imported(module, names[0]) if names else None


def _thing(thing: Any, expression: Callable[[Any], str]) -> Named | None:
    """Return how to write down what a function is bound to: a function, an instance, or numbers."""
    if isinstance(thing, unittest.TestCase) or not callable(thing):
        return _instance(thing, expression)
    found = named(thing, expression)
    return None if found.remark else found


def _instance(thing: Any, expression: Callable[[Any], str]) -> Named | None:
    """Return how to make an object again: a test case, or what its class makes without arguments."""
    if is_plain(thing):
        return Named(expression(thing))
    kind = _importable(type(thing))
    if kind is None:
        return None
    if isinstance(thing, unittest.TestCase):
        return Named(f"{kind.text}({thing._testMethodName!r})", kind.before)
    return None if vars(thing) else Named(f"{kind.text}()", kind.before)


def _joined(start: str, parts: list[Named], end: str, *imports: str) -> Named:
    before = tuple(dict.fromkeys([*imports, *(line for part in parts for line in part.before)]))
    remark = next((part.remark for part in parts if part.remark), "")
    return Named(f"{start}{', '.join(part.text for part in parts)}{end}", before, remark)


def _modules(target: Any) -> list[str]:
    """Return the modules that may hold an object: its own, and those of what it is made of."""
    parts = [target, getattr(target, "function", None), getattr(target, "vjp", None)]
    names: list[Any] = [getattr(part, "__module__", None) for part in parts if part is not None]
    names += ["numpy", "numpy.linalg", "numpy.fft"] if str(names[0] or "numpy").startswith("numpy") else []
    if isinstance(target, np.ufunc):  # which do not say where they are, such as those of SciPy
        modules = [(name, getattr(module, "__dict__", {})) for name, module in list(sys.modules.items())]
        loaded = [name for name, held in modules if held.get(target.__name__) is target]
        names.extend(sorted(loaded, key=lambda name: ("._" in name, len(name))))
    return [name for name in dict.fromkeys(names) if isinstance(name, str) and name in sys.modules]


def _path(target: Any, module: str) -> str:
    """Return where an object is in a module: by its own name, by any name, or behind a gradient test."""
    try:
        found: Any = functools.reduce(getattr, str(getattr(target, "__qualname__", "")).split("."), sys.modules[module])
        if found is target:
            return str(target.__qualname__)
        if getattr(found, "is_gradient_test", False) and found.function is target:
            return f"{target.__qualname__}.function"
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
    if module == "builtins":
        return Named(path)
    if module.split(".")[0] == "numpy":
        public = next((m for m in ("numpy", "numpy.linalg", "numpy.fft") if hasattr(sys.modules[m], path)), module)
        return Named(f"{public.replace('numpy', 'np', 1)}.{path}", ("import numpy as np",))
    return Named(path, (f"from {module} import {path.split('.')[0]}",))


def _described(target: Any) -> str:
    code = getattr(inspect.unwrap(getattr(target, "function", target)), "__code__", None)
    name = getattr(target, "__qualname__", None) or getattr(target, "name", type(target).__name__)
    return f"{name}, line {code.co_firstlineno} of {code.co_filename}" if code is not None else str(name)
