"""What is refused where a derivative rule is declared: it is read off the code of the functions, at hardly any cost."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from types import CodeType
from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentTypeError

_ANY_NUMBER, _BY_NAME = 0x4, 0x8  # code flags of `*args` and `**kwargs`


def require_functions(verb: str, functions: Collection[Any]) -> None:
    """Refuse what is no function, and the lack of one."""
    if not functions:
        raise ArgumentTypeError(f"{verb}: got no function; give it one or more functions of arrays")
    for function in functions:
        if not callable(function) or not hasattr(function, "__name__") or isinstance(function, type):
            raise ArgumentTypeError(
                f"{verb}: {_short(function)} is not a function; give it a function of arrays, such as np.sin"
            )


def check_rules(
    verb: str,
    function: Callable[..., Any],
    rules: Collection[Any],
    whole: Mapping[str, Any] | None = None,
    keywords: Any = None,
    before: tuple[str, ...] = ("g", "y"),
) -> None:
    """Refuse rules that could not be called, or not for this function.

    Arguments:
        verb: who asks.
        function: what the rules are for.
        rules: one per argument; None for those that are not differentiated.
        whole: one rule for all arguments, by what it is called; None where there is no such rule.
        keywords: rules by the names of arguments.
        before: what a rule takes before the inputs.
    """
    require_functions(verb, [function])
    name, given = function.__name__, {kind: rule for kind, rule in (whole or {}).items() if rule is not None}
    if given and (rules or keywords or len(given) > 1):
        raise ArgumentTypeError(
            f"{verb}: {name} has a variadic or joint rule, which is for all arguments, and more rules; leave those out"
        )
    if not given and not rules and not keywords:
        raise ArgumentTypeError(f"{verb}: {name} got no rules; give one for each argument, or call defzero")
    if keywords is not None and not isinstance(keywords, Mapping):
        raise ArgumentTypeError(f"{verb}: keywords of {name} is {_short(keywords)}; give it a dict from names to rules")
    names = _names(function)
    if names is not None and len(rules) > len(names):
        raise ArgumentTypeError(
            f"{verb}: {name} got {len(rules)} rules for {len(names)} argument{'s' if len(names) != 1 else ''}; "
            f"give one for each argument"
        )
    _check_names(verb, function, keywords or {})
    for rule in (*rules, *(keywords or {}).values()):
        _check_rule(verb, name, rule, before, (names or ())[: len(rules)], len(rules) + len(keywords or {}), names)
    for rule in given.values():
        _check_rule(verb, name, rule, ("needed", *before), (), 0, None)


def checked_primitive(
    function: Any, known: Mapping[Any, Any], rules: Collection[Any], joint: Any, keywords: Any, residuals: bool
) -> Callable[..., Any]:
    """Refuse to decorate what is no function, what is an operation already, and rules that are not for it.

    Return the body of the primitive, which itself refuses to return anything but a pair where it has residuals.
    """
    if not callable(function) or not hasattr(function, "__name__") or isinstance(function, type):
        raise ArgumentTypeError(
            f"primitive: {_short(function)} is not a function; write @primitive(...), with parentheses, above a def"
        )
    if function in known:
        raise ArgumentTypeError(
            f"primitive: {function.__name__} is an operation already; replace its rules with defvjp"
        )
    if rules or joint or keywords:
        check_rules("primitive", function, rules, {"joint": joint}, keywords)
    return _paired(function) if residuals else function


def _paired(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def body(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        pair = function(*args, **kwargs)
        if type(pair) is not tuple or len(pair) != 2:
            raise ArgumentTypeError(
                f"{function.__name__}: with residuals=True the body returns a tuple (result, residuals), got a "
                f"{type(pair).__name__}; return both, or leave residuals out"
            )
        return pair

    return body


def check_shape_of_rules(rules: Collection[Any]) -> None:
    """Refuse what can be a rule of no function: `@primitive` without parentheses takes the function for a rule."""
    for rule in rules:
        code = _code(rule)
        if code is not None and not code.co_flags & _ANY_NUMBER and code.co_argcount < 3:
            raise ArgumentTypeError(
                f"primitive: {_short(rule)} is not a rule(g, y, *inputs); write @primitive(...), with parentheses"
            )


def require_residuals(name: str, rule: Any) -> None:
    """Refuse a rule that does not take what the body of its primitive returns beside the result."""
    code = _code(rule)
    if code is None or code.co_flags & _BY_NAME:
        return
    if "residuals" not in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        raise ArgumentTypeError(
            f"primitive: a rule of {name} takes no residuals, but the body returns some; write it as "
            f"rule(g, y, *inputs, residuals)"
        )


def _check_names(verb: str, function: Any, keywords: Mapping[str, Any]) -> None:
    code = _code(function)
    if code is None or code.co_flags & _BY_NAME:
        return
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    for name in keywords:
        if name not in known:
            raise ArgumentTypeError(
                f"{verb}: {function.__name__} has no argument {name}; its arguments are {', '.join(known)}"
            )


def _check_rule(
    verb: str, name: str, rule: Any, before: tuple[str, ...], inputs: tuple[str, ...], count: int, names: Any
) -> None:
    """Refuse a rule that cannot take what it will be called with: `before`, and `count` inputs."""
    if rule is None:
        return
    if not callable(rule):
        raise ArgumentTypeError(f"{verb}: a rule of {name} is {_short(rule)}; write it as a function, or None")
    code = _code(rule)
    if code is None:
        return
    if code.co_argcount < len(before) + count and not code.co_flags & _ANY_NUMBER:
        raise ArgumentTypeError(
            f"{verb}: a rule of {name} takes only ({', '.join(code.co_varnames[: code.co_argcount])}); "
            f"write it as {_form(before, inputs)}"
        )
    least = code.co_argcount - len(getattr(_unwrapped(rule), "__defaults__", None) or ())
    for one in code.co_varnames[len(before) + count : least]:
        if names is not None and one not in names and one != "residuals":
            raise ArgumentTypeError(
                f"{verb}: a rule of {name} needs {one}, which {name} does not have; write it as {_form(before, inputs)}"
            )


def _form(before: tuple[str, ...], inputs: tuple[str, ...]) -> str:
    return f"rule({', '.join((*before, *(inputs or ('*inputs',))))})"


def _unwrapped(function: Any) -> Any:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def _code(function: Any) -> CodeType | None:
    code = getattr(_unwrapped(function), "__code__", None)
    return code if isinstance(code, CodeType) else None


def _names(function: Any) -> tuple[str, ...] | None:
    """Return the names of the arguments by position; None where there may be any number, or nobody knows."""
    if isinstance(function, np.ufunc):
        return tuple(f"x{i}" for i in range(function.nin))
    code = _code(function)
    return None if code is None or code.co_flags & _ANY_NUMBER else code.co_varnames[: code.co_argcount]


def _short(x: object) -> str:
    text = getattr(x, "__name__", None) or repr(x).partition("\n")[0]
    return f"{type(x).__name__} {text[:40]}"
