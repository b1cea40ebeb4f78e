"""How a graph is to be shown, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.viz.choose.labels import Shown
from tinygrad_lab.viz.choose.view import Fold, Level
from tinygrad_lab.viz.write.picture import Color, Direction


@dataclass(frozen=True)
class Options:
    """How to show a graph; see `draw`."""

    view: Shown | None = None
    level: Level = "module"
    depth: int | None = None
    fold: Fold = "auto"
    color: Color = "kind"
    max_nodes: int = 150
    direction: Direction | None = None

    def __post_init__(self) -> None:
        for name, kind, free in (
            ("view", Shown, True), ("level", Level, False), ("color", Color, False), ("direction", Direction, True)
        ):  # fmt: skip
            choices = get_args(kind)
            good = getattr(self, name) in choices or (free and getattr(self, name) is None)
            _check(name, good, " or ".join(map(repr, choices)), self)
        _check("fold", self.fold in ("auto", True, False), "'auto', True or False", self)
        _check("depth", self.depth is None or _is_whole(self.depth, 0), "None or a whole number from 0", self)
        _check("max_nodes", _is_whole(self.max_nodes, 4), "a whole number from 4", self)


def check_choice(call: str, name: str, value: object, kind: Any) -> None:
    """Refuse what is not among the choices of a `Literal`.

    Raises:
        ArgumentError: if it is none of them.
    """
    choices = get_args(kind)
    if value not in choices:
        allowed = " or ".join(map(repr, choices))
        raise ArgumentError(f"{call}: {name} must be {allowed}, got {value!r}; see help(viz.Graph)")


def _check(name: str, good: bool, rule: str, options: Options) -> None:
    if not good:
        raise ArgumentError(f"draw: {name} must be {rule}, got {getattr(options, name)!r}; see help(viz.draw)")


def _is_whole(x: Any, least: int) -> bool:
    return isinstance(x, int) and x >= least
