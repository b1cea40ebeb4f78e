"""A page beside a terminal: opening it, and keeping it open until Ctrl-C or its own button ends it."""

from __future__ import annotations

import sys
import webbrowser
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinygrad_lab.lab.running import Run
    from tinygrad_lab.play.live import Onlooker
    from tinygrad_lab.play.session import Session


def page_of(run: Run, stack: ExitStack) -> Onlooker:
    """Open a page that watches a run, until the stack is left; standard error says where."""
    from tinygrad_lab.play.live import Onlooker
    from tinygrad_lab.play.serving import serve

    session = Onlooker(run)
    address = stack.enter_context(serve(session))
    sys.stderr.write(f"live: {address}\n")
    webbrowser.open(address)
    return session


def linger(session: Session) -> None:
    """Keep a page open until Ctrl-C or its button ends it."""
    if not session.over:
        sys.stderr.write("the page stays open until its stop button, or Ctrl-C, ends it\n")
    try:
        session.work()
    except KeyboardInterrupt:
        session.over = True
