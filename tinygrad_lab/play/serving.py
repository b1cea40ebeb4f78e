"""The server in its own thread beside the training: it starts, says where it listens, and stops cleanly."""

from __future__ import annotations

import asyncio
import functools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tinygrad_lab.errors import LabError
from tinygrad_lab.extras import require
from tinygrad_lab.play import LIBRARIES
from tinygrad_lab.play.guard import Guard
from tinygrad_lab.play.server import MOST_BYTES, Tabs, application
from tinygrad_lab.play.session import Session

PORT = 7860
LOCAL = ("127.0.0.1", "localhost", "[::1]")
_ANY = ("0.0.0.0", "::")  # noqa: S104 only where it is asked for


@contextmanager
def serve(session: Session, host: str = "127.0.0.1", port: int | None = None) -> Iterator[str]:
    """Serve a session inside a `with` block; give the address of its page, with the token.

    Arguments:
        session: what to serve.
        host: the address to listen at; any other than this machine's own also admits others who have the token.
        port: the port; None for the usual one, or a free one if that is taken.

    Raises:
        LabError: it cannot listen there.
        MissingExtraError: a library of the extra `[play]` is missing.
    """
    require("play", *LIBRARIES)
    import uvicorn

    listening = _listen(host, port)
    number = listening.getsockname()[1]
    guard = Guard(_names(host), number, host in _ANY)
    tabs = Tabs(session)
    session.tell = tabs.tell
    settings = uvicorn.Config(
        application(session, guard, tabs), log_level="critical", access_log=False, server_header=False,
        ws="websockets-sansio", ws_max_size=MOST_BYTES, ws_per_message_deflate=False,
        h11_max_incomplete_event_size=16_384, limit_concurrency=64, timeout_keep_alive=5,
        timeout_graceful_shutdown=1, lifespan="off",
    )  # fmt: skip
    server = uvicorn.Server(settings)
    ending = threading.Event()
    serving = functools.partial(_run, server, listening, tabs, ending)
    thread = threading.Thread(target=lambda: asyncio.run(serving()), name="playground", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    try:
        yield f"http://{_names(host)[0]}:{number}/?token={guard.token}"
    finally:
        ending.set()
        thread.join(5)
        listening.close()


async def _run(server: Any, listening: socket.socket, tabs: Tabs, ending: threading.Event) -> None:
    """Serve until told to stop, and say goodbye to the pages before closing the connections."""
    serving = asyncio.create_task(server.serve([listening]))
    while not ending.is_set() and not serving.done():
        await asyncio.sleep(0.05)
    await tabs.close()
    server.should_exit = True
    await serving


def _listen(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in [PORT, 0] if port is None else [port]:
        listening = socket.socket(family)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, number))
        except (OSError, OverflowError) as error:
            listening.close()
            problem = getattr(error, "strerror", None) or str(error)
        else:
            return listening
    raise LabError(f"play: cannot listen at {host}:{number} ({problem}); choose another --port or --host")


def _names(host: str) -> list[str]:
    """Return the names by which requests may call this host, first the one to show."""
    if host in ("127.0.0.1", "localhost"):
        return list(LOCAL)
    if host == "::1":
        return list(LOCAL[::-1])
    if host in _ANY:
        return [socket.gethostname().lower(), *LOCAL]
    return [f"[{host}]" if ":" in host else host.lower()]
