"""`tinygrad-lab graph`: a picture of a model or a computation from the command line."""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lab.cli.imported import imported
from tinygrad_lab.cli.options import shape
from tinygrad_lab.errors import ArgumentError, LabError, MissingExtraError, TinygradError
from tinygrad_lab.nn import Module

if TYPE_CHECKING:
    from tinygrad_lab.viz import Graph

HELP = "draw a computation graph"
DESCRIPTION = "Draw the network of a run, or the graph of a Value, model or function of your own."
EXAMPLES = """examples:
  tinygrad-lab graph runs/xor-1                                    the network of a run, as text
  tinygrad-lab graph runs/xor-1 --out network.svg
  tinygrad-lab graph models:build --input 8,3 --out graph.html     what models.build() returns, on an (8, 3) array
  tinygrad-lab graph models:loss --level op --view both --out graph.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    # fmt: off
    parser.add_argument("what", metavar="FOLDER|MODULE:NAME", help="a folder that `tinygrad-lab train` wrote, or an "
                        "import; a function without arguments is called for the model or Value it returns")
    parser.add_argument("--input", type=shape, action="append", default=[], metavar="N,N,…", help="the shape of an "
                        "argument, drawn from a normal distribution; once for each (not for a run: it has its data)")
    parser.add_argument("--out", type=Path, metavar="FILE", help=".svg, .html, .png, .txt, .dot or .json "
                        "(default: text, to the terminal)")
    parser.add_argument("--view", choices=("forward", "backward", "both"), help="(default: both, "
                        "if backward has run, else forward)")
    parser.add_argument("--level", choices=("module", "op", "scalar"), default="module")
    parser.add_argument("--depth", type=int, metavar="N", help="how many levels of modules to open (default: all)")
    parser.add_argument("--direction", choices=("down", "right"), help="(default: right for scalars, else down)")
    parser.add_argument("--color", choices=("kind", "grad"), default="kind")
    parser.add_argument("--max-nodes", type=int, metavar="N", default=150, help="at most N boxes (default: 150)")
    # fmt: on


def run(options: dict[str, Any]) -> int:
    """Draw the graph, and return the exit status.

    Raises:
        LabError: what was named cannot be found, built or drawn.
    """
    chosen = {name: options[name] for name in ("view", "level", "depth", "color", "max_nodes", "direction")}
    try:
        folder = Path(options["what"])
        graph = _of_run(folder, chosen) if folder.is_dir() else _of_name(options["what"], options["input"], chosen)
        if options["out"] is None:
            sys.stdout.write(graph.text())
        else:
            graph.save(options["out"])
    except (LabError, MissingExtraError):
        raise
    except (TinygradError, ValueError, TypeError, ImportError, AttributeError) as error:
        raise LabError(f"graph: {error}") from error
    return 0


def _of_run(folder: Path, chosen: dict[str, Any]) -> Graph:
    """Draw a run's model with its loss, on its data."""
    from tinygrad_lab.lab.loading import load, read_config
    from tinygrad_lab.lab.network import network

    read_config(folder, "graph")
    return network(load(folder), **chosen)


def _of_name(name: str, shapes: list[tuple[int, ...]], chosen: dict[str, Any]) -> Graph:
    from tinygrad_lab.viz import Graph, draw

    if ":" not in name:
        raise ArgumentError(f"{name!r} is neither a run's folder nor module:name; write it like models:build")
    found = imported(name, "models:build")
    if callable(found) and not isinstance(found, Module) and not inspect.signature(found).parameters:
        found = found()
    if isinstance(found, Graph):
        return found
    if callable(found) and not shapes:
        raise ArgumentError(
            f"{name} takes arguments, and there is no input for it; add its shape, for example --input 8,3"
        )
    rng = np.random.default_rng(0)
    return draw(found, *(rng.normal(size=shape) for shape in shapes), **chosen)
