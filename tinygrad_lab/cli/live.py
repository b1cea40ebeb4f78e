"""A page beside a terminal: opened, kept open, and ended by Ctrl-C or its own button."""

from __future__ import annotations

import importlib
import sys
import webbrowser
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tinygrad_lab.extras import extra

if TYPE_CHECKING:
    from tinygrad_lab.lab.running import Run
    from tinygrad_lab.play.live import Onlooker
    from tinygrad_lab.play.session import Session


def libraries() -> None:
    """Look for what a page needs, before any time is spent.

    Raises:
        MissingExtraError: a library of the extra `[play]` is missing.
    """
    with extra("play"):
        for library in ("starlette", "uvicorn", "websockets"):
            importlib.import_module(library)


def page_of(run: Run, stack: ExitStack) -> Onlooker:
    """Open a page that looks on at a run, until the stack is left; the error stream says where."""
    from tinygrad_lab.play.live import Onlooker
    from tinygrad_lab.play.serving import serve

    session = Onlooker(run)
    address = stack.enter_context(serve(session))
    sys.stderr.write(f"live: {address}\n")
    webbrowser.open(address)
    return session


def linger(session: Session) -> None:
    """Let a page stay open until Ctrl-C or its button ends it."""
    if not session.over:
        sys.stderr.write("the page stays open until its stop button, or Ctrl-C, ends it\n")
    try:
        session.work()
    except KeyboardInterrupt:
        session.over = True
