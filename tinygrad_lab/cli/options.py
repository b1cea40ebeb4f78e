"""The options of a configuration, made from the fields of `Config`, and how words of the command line are read."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import Field, fields
from typing import Any

from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.options import FLAG, WIDTHS, Kind, kind_of


def add_options(parser: argparse.ArgumentParser, groups: dict[str, Any]) -> None:
    """Add an option for every field of a configuration.

    Arguments:
        parser: what to add them to.
        groups: argument groups that are there already, by heading; the table's other headings are added.
    """
    for one in fields(Config):
        heading = one.metadata["group"]
        if heading not in groups:
            groups[heading] = parser.add_argument_group(heading)
        groups[heading].add_argument(flag(one.name), default=argparse.SUPPRESS, help=_help(one), **_form(one))


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a configuration that were given on the command line."""
    chosen = {one.name: options[one.name] for one in fields(Config) if one.name in options}
    if "hidden" in chosen:
        chosen["hidden"] = sum(chosen["hidden"], ())
    return chosen


def flag(name: str) -> str:
    """Return the option of a field.

    Example:
        >>> flag("batch_size")
        '--batch-size'
    """
    return f"--{name.replace('_', '-')}"


def _form(one: Field[Any]) -> dict[str, Any]:
    kind = kind_of(one)
    if kind is FLAG:
        return {"action": argparse.BooleanOptionalAction}
    several: dict[str, Any] = {"nargs": "*"} if kind is WIDTHS else {}
    return several | {"type": reader(kind), "metavar": kind.metavar, "choices": kind.choices}


def reader(kind: Kind) -> Callable[[str], Any]:
    """Return a function that reads a value of a kind, or says what it must be."""

    def read(word: str) -> Any:
        try:
            return kind.read(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be {kind.rule}, got {word!r}") from None

    return read


def shape(text: str) -> tuple[int, ...]:
    """Read the shape of an array.

    Example:
        >>> shape("8,3"), shape("()")
        ((8, 3), ())
    """
    try:
        sizes = tuple(int(part) for part in text.strip("()").split(",") if part.strip())
    except ValueError:
        sizes = (-1,)
    if min(sizes, default=0) < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape; write it like 8,3")
    return sizes


def _help(one: Field[Any]) -> str:
    text = str(one.metadata["help"])
    if one.default is None or "(default:" in text or kind_of(one) is FLAG:
        return text.replace("%", "%%")
    default = " ".join(map(str, one.default)) if isinstance(one.default, tuple) else one.default
    return f"{text} (default: {default})".replace("%", "%%")
