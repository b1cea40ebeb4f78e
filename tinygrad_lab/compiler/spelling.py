"""Spells calls in Python source."""

from __future__ import annotations

import importlib
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_lab.compiler.passes.naming import identifier
from tinygrad_lab.compiler.program import Call, Variable
from tinygrad_lab.compiler.traced import item_of
from tinygrad_lab.core.operators import getitem
from tinygrad_lab.core.protocols import astype

_SUM, _PRODUCT, _UNARY, _POWER, _ATOM = 1, 2, 3, 4, 5  # precedence of operators
_INFIX = {
    np.add: ("+", _SUM), np.subtract: ("-", _SUM), np.multiply: ("*", _PRODUCT), np.divide: ("/", _PRODUCT),
    np.matmul: ("@", _PRODUCT), np.less: ("<", 0), np.less_equal: ("<=", 0), np.greater: (">", 0),
    np.greater_equal: (">=", 0), np.equal: ("==", 0), np.not_equal: ("!=", 0), np.bitwise_and: ("&", 0),
    np.bitwise_or: ("|", 0), operator.add: ("+", _SUM), operator.sub: ("-", _SUM), operator.mul: ("*", _PRODUCT),
    operator.truediv: ("/", _PRODUCT), operator.floordiv: ("//", _PRODUCT), operator.mod: ("%", _PRODUCT),
    operator.pow: ("**", _POWER), operator.lt: ("<", 0), operator.le: ("<=", 0), operator.gt: (">", 0),
    operator.ge: (">=", 0), operator.eq: ("==", 0), operator.ne: ("!=", 0), operator.and_: ("&", 0),
    operator.or_: ("|", 0),
}  # fmt: skip
_PREFIX = {np.negative: "-", operator.neg: "-", operator.pos: "+", np.invert: "~"}
_BY_KEYWORD = {np.maximum, np.minimum}  # whose third argument must be a keyword
_WORDS = {0: "zero", 1: "one", 2: "two", 3: "three", 0.5: "half"}
_METHODS = {np.sum: "sum", np.mean: "mean", np.max: "max", np.min: "min", np.prod: "prod", np.any: "any", np.all: "all"}


class Speller:
    """Spells calls, and collects what the source has to import and what only the caller can supply.

    Attributes:
        imports: lines such as `from module import name`.
        names: objects without a spelling, by the names that the source uses for them.

    Arguments:
        taken: names that the source uses for something else.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.imports: dict[str, None] = {}
        self.names: dict[str, Any] = {}
        self._taken, self._known = {"np", *taken}, dict[Any, str]()  # functions and constants, by identity or content

    def call(self, call: Call, out: str = "") -> str:
        """Return the expression of a call; `out` names the array that it is written into."""
        function, args = call.function, list(call.args)
        if function is getitem:
            index = args[1] if len(args) > 1 else call.kwargs["index"]
            return f"{self.operand(args[0])}[{self.index(index)}]"
        if function is astype:
            return f"{self.operand(args[0])}.astype({self.operand((*args, call.kwargs.get('dtype'))[1])})"
        if function is item_of:
            return f"{self.operand(args[0])}.item()"
        if not call.kwargs and len(args) == 1 and function is np.transpose:
            return f"{self.operand(args[0])}.T"
        product = function is np.matmul and _matrices(args)
        if not call.kwargs and not out and not product:
            if function in _INFIX and len(args) == 2:
                a, b = map(_literal, args) if _double(call) else args
                symbol, binding = _INFIX[function]
                return f"{self.operand(a)} {symbol} {self.operand(b, binding)}"
            if function in _PREFIX and len(args) == 1:
                return f"{_PREFIX[function]}{self.operand(args[0])}"
        name = "np.dot" if product else self.function(function)  # np.dot takes 2/3 of matmul's time on small matrices
        if function in _METHODS and type(args[0]) is Variable and not args[0].weak:
            name, args = f"{args[0].name}.{_METHODS[function]}", args[1:]
        if isinstance(function, np.ufunc) and out and function not in _BY_KEYWORD:  # faster than the keyword
            return f"{name}({', '.join([*map(self.operand, _as_arrays(call)), out])})"
        operands = [self.operand(x) for x in args]
        operands += [f"{key}={self.operand(x)}" for key, x in call.kwargs.items()]
        return f"{name}({', '.join([*operands, f'out={out}'] if out else operands)})"

    def function(self, function: Any) -> str:
        """Return the name of a function in the source."""
        name = str(getattr(function, "__name__", ""))
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.ufunc):
            return f"{self.function(owner)}.{name}"
        if isinstance(function, np.ufunc) and getattr(np, name, None) is function:
            return f"np.{name}"
        module = str(getattr(function, "__module__", "") or "")
        if module.partition(".")[0] == "numpy" and _find(module, name, function):
            return f"{module}.{name}".replace("numpy", "np", 1)
        if _find(module, name, function) and module != "__main__":
            if id(function) not in self._known:
                public = self._known[id(function)] = self._unique(name.lstrip("_"))
                self.imports[f"from {module} import {name}" + (f" as {public}" if public != name else "")] = None
            return self._known[id(function)]
        return self._supplied(function, name or type(function).__name__)

    def operand(self, x: Any, binding: int = _ATOM) -> str:  # noqa: C901  one line a kind
        """Return an operand in the source, in parentheses if it would otherwise be torn apart by an operator."""
        if type(x) is Variable:
            return x.name
        if isinstance(x, np.generic) and not isinstance(x, np.void):
            return self._supplied(x, f"{x.dtype.name}_{x}")
        if isinstance(x, np.ndarray) and x.ndim == 0:
            return self._supplied(
                x, f"{_WORDS.get(x.item(), f'c_{x.item()}')}{'' if x.dtype in _DOUBLES else f'_{x.dtype}'}"
            )
        if type(x) in (bool, int, str, type(None)) or x is Ellipsis:
            return "..." if x is Ellipsis else f"({x!r})" if type(x) is int and x < 0 else repr(x)
        if type(x) in (float, complex):
            return _number(x)
        if type(x) is tuple:
            return f"({', '.join(map(self.operand, x))}{',' if len(x) == 1 else ''})"
        if type(x) is list:
            return f"[{', '.join(map(self.operand, x))}]"
        if type(x) is dict:
            return "{" + ", ".join(f"{key!r}: {self.operand(part)}" for key, part in x.items()) + "}"
        if type(x) is slice:
            return f"slice({self.operand(x.start)}, {self.operand(x.stop)}, {self.operand(x.step)})"
        if isinstance(x, np.dtype) and x.isnative and not x.hasobject and hasattr(np, x.type.__name__):
            return f"np.{x.type.__name__}"
        if isinstance(x, type) and x.__module__ in ("builtins", "numpy"):
            return x.__name__ if x.__module__ == "builtins" else f"np.{x.__name__}"
        return self.function(x) if callable(x) else self._supplied(x, type(x).__name__)

    def index(self, x: Any) -> str:
        """Return an index as it is written between brackets."""
        if type(x) is tuple and x:
            return ", ".join(map(self._part, x)) + ("," if len(x) == 1 else "")
        return self._part(x)

    def _part(self, x: Any) -> str:
        if type(x) is slice:
            start, stop, step = ("" if part is None else self.operand(part) for part in (x.start, x.stop, x.step))
            return f"{start}:{stop}" + (f":{step}" if step else "")
        return self.operand(x).strip("()") if type(x) is int else self.operand(x)

    def _supplied(self, x: Any, wanted: str) -> str:
        known = isinstance(x, np.generic) or (isinstance(x, np.ndarray) and x.ndim == 0)
        key: Any = (type(x), x.dtype, repr(x.item())) if known else id(x)
        if key not in self._known:
            name = self._known[key] = self._unique(identifier(wanted))
            self.names[name] = x
        return self._known[key]

    def _unique(self, base: str) -> str:
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        return name


_DOUBLES = (np.dtype(np.float64), np.dtype(np.complex128))


def _double(call: Call) -> bool:
    """Whether a float64 scalar may be a Python number in a call: beside float64 arrays it changes no dtype."""
    return any(type(x) is Variable and not x.weak and x.dtype in _DOUBLES for x in call.args)


def _literal(x: Any) -> Any:
    return float(x) if isinstance(x, np.float64) else x


def _matrices(args: list[Any]) -> bool:
    return all(type(x) is Variable and len(x.shape) == 2 for x in args)


def _as_arrays(call: Call) -> list[Any]:
    """Return operands with numbers as 0-d arrays of the other operand's dtype: ufuncs take those faster."""
    args = list(map(_literal, call.args) if _double(call) else call.args)
    others = [x for x in args if type(x) is Variable and not x.weak]
    if len(args) == 2 and len(others) == 1:
        dtype = others[0].dtype
        (i,) = (i for i, x in enumerate(args) if x is not others[0])
        if type(args[i]) in (int, float) and dtype.kind in "fc" and dtype in (call.output.dtype, *_DOUBLES):
            args[i] = np.array(args[i], dtype)
    return args


def _number(x: Any) -> str:
    text = repr(x)
    if any(word in text for word in ("inf", "nan")):
        return f"float({text!r})" if type(x) is float else f"complex({text!r})"
    return f"({text})" if text[0] in "-(" and type(x) is float else text


def _find(module: str, name: str, function: Any) -> str:
    """Return `module.name` if that is where a function is, and "" if not."""
    try:
        found = getattr(importlib.import_module(module), name, None) if module and name.isidentifier() else None
    except ImportError:
        return ""
    return f"{module}.{name}" if found is function else ""
