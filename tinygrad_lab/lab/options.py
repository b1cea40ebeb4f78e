"""Kinds of options: how a word of the command line is read, which values are valid, and how the help describes them."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

from tinygrad_lab.errors import ArgumentError, LabError
from tinygrad_lab.refusals.nearest import meant

T = TypeVar("T")


@dataclass(frozen=True)
class Kind:
    """A kind of value.

    Arguments:
        rule: the rule for values, as in "a whole number".
        holds: whether a value keeps the rule.
        read: turns a word of the command line into a value, or raises ValueError.
        metavar: stands for a value in the help.
        advice: what to do about an invalid value.
        choices: the names to choose from, if there are any.
    """

    rule: str
    holds: Callable[[Any], bool]
    read: Callable[[str], Any] = str
    metavar: str | None = None
    advice: str = "correct it"
    choices: tuple[str, ...] | None = None

    def check(self, name: str, value: Any) -> None:
        """Raise a LabError unless the value is of this kind."""
        if not self.holds(value):
            shown = value if isinstance(value, int | float) else " ".join(repr(value).split())
            advice = self.advice if self.choices is None else meant(value, self.choices, self.advice)
            raise LabError(f"config: {name} must be {self.rule}, got {shown}; {advice}")


def choice(names: Iterable[str]) -> Kind:
    """Return the kind of a name from a table."""
    names = tuple(names)
    return Kind(f"one of {', '.join(names)}", names.__contains__, advice="check the spelling", choices=names)


def whole(least: int, metavar: str = "N") -> Kind:
    """Return the kind of a whole number of at least `least`."""
    return Kind(f"a whole number of at least {least}", lambda n: is_whole(n) and n >= least, int, metavar)


def real(rule: str, holds: Callable[[float], bool], advice: str) -> Kind:
    """Return the kind of a finite number that keeps a rule."""
    return Kind(
        rule,
        lambda x: isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) and holds(x),
        float,
        "F",
        advice,
    )


def is_whole(n: Any) -> bool:
    """Return whether a value is an integer, and not a bool."""
    return isinstance(n, int) and not isinstance(n, bool)


def text(metavar: str) -> Kind:
    """Return the kind of a text that is checked when it is read."""
    return Kind("a text", lambda value: isinstance(value, str), metavar=metavar)


_WIDTH = whole(1)


class _Widths(Kind):
    def check(self, name: str, value: Any) -> None:
        if not isinstance(value, tuple):
            super().check(name, value)
        for width in value:
            _WIDTH.check(name, width)


WIDTHS = _Widths(
    "a list of whole numbers",
    lambda value: isinstance(value, tuple),
    lambda word: tuple(int(width) for width in re.split(r"\s*,\s*|\s+", word.strip())) if word.strip() else (),
    "N",
)
FLAG = Kind("true or false", lambda value: isinstance(value, bool))


def option(default: Any, kind: Kind, group: str, help: str) -> Any:
    """Return a field of a configuration, which is an option of the command line as well.

    Arguments:
        default: the default; None if the option may stay open.
        kind: the kind of its values.
        group: the heading in the help.
        help: the text in the help.
    """
    return field(default=default, metadata={"kind": kind, "group": group, "help": help})


def by_name(kind: type[T]) -> type[T]:
    """Let a class of options refuse what is none of them in one line, before Python does in words of its own."""
    init = vars(kind)["__init__"]

    @functools.wraps(init)
    def checked(self: T, *unnamed: Any, **given: Any) -> None:
        if unnamed:
            raise LabError(f"config: options are given by name, got {unnamed[0]!r}; write data={unnamed[0]!r}")
        check_names("config", given, kind)
        init(self, **given)

    setattr(kind, "__init__", checked)  # noqa: B010 a method that the dataclass has made
    return kind


def check_names(where: str, given: Iterable[str], kind: type) -> None:
    """Refuse names that are not fields of a configuration.

    Raises:
        LabError: there is no such option; the text begins with `where` the name comes from.
    """
    known = [one.name for one in fields(kind)]
    for name in given:
        if name not in known:
            advice = meant(name, known, f"the options are {', '.join(known)}")
            raise LabError(f"{where}: there is no option {name!r}; {advice}")


def interval(text: str) -> tuple[int | None, float | None]:
    """Read how often to write a checkpoint: every so many epochs, or seconds if there is an s behind the number.

    Example:
        >>> interval("500"), interval("30s")
        ((500, None), (None, 30.0))

    Raises:
        ValueError: it is neither.
    """
    if text.endswith("s"):
        seconds = float(text[:-1])
        if not seconds >= 0:
            raise ArgumentError(f"interval: seconds must be at least 0, got {text}; try 30s")
        return None, seconds
    epochs = int(text)
    if epochs < 1:
        raise ArgumentError(f"interval: epochs must be at least 1, got {text}; try 500")
    return epochs, None


def kind_of(one: Field[Any]) -> Kind:
    """Return the kind of a field that `option` made."""
    kind: Kind = one.metadata["kind"]
    return kind


def check(config: Any) -> None:
    """Check every field of a configuration by itself.

    Raises:
        LabError: a value is not of its field's kind.
    """
    for one in fields(config):
        value = getattr(config, one.name)
        if value is not None or one.default is not None:
            kind_of(one).check(one.name, value)
