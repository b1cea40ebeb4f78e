"""How a graph is to be shown, checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.refusals.nearest import meant
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
        for name, kind, optional in (
            ("view", Shown, True), ("level", Level, False), ("color", Color, False), ("direction", Direction, True)
        ):  # fmt: skip
            check_choice("draw", name, getattr(self, name), kind, optional)
        check("draw", "fold", self.fold, self.fold in ("auto", True, False), "'auto', True or False")
        depth = self.depth is None or is_whole(self.depth, 0)
        check("draw", "depth", self.depth, depth, "None or a whole number from 0")
        check("draw", "max_nodes", self.max_nodes, is_whole(self.max_nodes, 4), "a whole number from 4")


def check_choice(call: str, name: str, value: object, kind: Any, optional: bool = False) -> None:
    """Refuse what is not among the choices of a `Literal`, nor None where that may be.

    Raises:
        ArgumentError: if it is none of them.
    """
    choices = get_args(kind)
    good = value in choices or (optional and value is None)
    check(call, name, value, good, " or ".join(map(repr, choices)), choices)


def check(call: str, name: str, value: object, good: bool, rule: str, known: Iterable[str] = ()) -> None:
    """Refuse an argument of `draw`, or of a method of the graph, that is not as the rule says.

    Raises:
        ArgumentError: if it is not good.
    """
    if not good:
        advice = meant(value, known, f"see help(viz.{'draw' if call == 'draw' else 'Graph'})")
        raise ArgumentError(f"{call}: {name} must be {rule}, got {value!r}; {advice}")


def is_whole(x: Any, least: int) -> bool:
    """Whether an argument is a whole number (True and False are none), and not below the least."""
    return isinstance(x, int) and not isinstance(x, bool) and x >= least
