"""`tinygrad-lab play`: watch a network learn, and change it as it does."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_lab.cli.imported import imported
from tinygrad_lab.cli.live import linger
from tinygrad_lab.cli.options import add_options, given
from tinygrad_lab.errors import ArgumentError, LabError
from tinygrad_lab.extras import require

if TYPE_CHECKING:
    from tinygrad_lab.play.sources import Source

HELP = "watch a network learn, in the browser"
DESCRIPTION = "Open a page on data, a run or a model of your own, where training is watched, and changed as it goes."
EXAMPLES = """examples:
  tinygrad-lab play                                    the XOR data
  tinygrad-lab play spirals --hidden 8 8 --lr 0.3      another data set, and initial settings
  tinygrad-lab play measurements.csv                   data of your own; or a folder of them
  tinygrad-lab play runs/xor-1                         go on with a run, from where it ended
  tinygrad-lab play models:build                       a model of your own: a function that returns a module,
                                                       or a module with its data, (module, x, y)
  tinygrad-lab play "#data=xor&activation=none&lr=1.0&epochs=300"   all settings of a link
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    # fmt: off
    parser.add_argument("what", nargs="?", metavar="DATA|CONFIG|RUN|MODULE:NAME|LINK", help="what to play with "
                        "(default: xor)")
    page = parser.add_argument_group("page")
    page.add_argument("--host", default="127.0.0.1", metavar="HOST", help="the address to listen at; others can reach "
                      "any but this machine's own, and need the token (default: 127.0.0.1)")
    page.add_argument("--port", type=int, metavar="N", help="(default: 7860, or a free one)")
    page.add_argument("--browser", action=argparse.BooleanOptionalAction, default=True, help="open a browser")
    # fmt: on
    add_options(parser, {})


def run(options: dict[str, Any]) -> int:
    """Serve the page until Ctrl-C or its button, and return the exit status.

    Raises:
        LabError: what to play with cannot be used, or the address is taken.
    """
    from tinygrad_lab.play.serving import serve
    from tinygrad_lab.play.session import Session

    require("lab", "safetensors")
    what: str | None = options["what"]
    link = what if what is not None and "#" in what else None
    if link is not None:
        what = None
    settings = given(options)
    session = Session(_source(what, settings))
    if link is not None:
        session.follow(link)
    elif "epochs" in settings:
        session.ask("play", {"to": settings["epochs"]})
    with serve(session, options["host"], options["port"]) as address:
        sys.stdout.write(f"playground: {address}\n")
        sys.stdout.flush()
        if options["browser"]:
            webbrowser.open(address)
        linger(session)
    return 0


def _source(what: str | None, settings: dict[str, Any]) -> Source:
    from tinygrad_lab.play.sources import of_model, source

    if what is not None and ":" in what and not Path(what).exists():
        try:
            found = imported(what, "models:build")
        except ArgumentError as error:
            raise LabError(f"play: {error}") from error
        return of_model(what, found, settings)
    return source(what, settings)
