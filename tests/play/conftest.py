"""A playground that is served, and a browser's tab on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tinygrad_lab.play.serving import serve
from tinygrad_lab.play.session import Session
from tinygrad_lab.play.sources import source


class Served:
    """A playground in a thread of its own."""

    def __init__(self, session: Session) -> None:
        self.session, self.address = session, ""
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()
        assert self.ready.wait(20)

    def _work(self) -> None:
        with serve(self.session, port=0) as address:
            self.address = address
            self.ready.set()
            self.session.work()

    @property
    def token(self) -> str:
        return self.address.partition("token=")[2]

    @property
    def host(self) -> str:
        return self.address.removeprefix("http://").partition("/")[0]

    def ask(self, name: str, **arguments: Any) -> Any:
        return self.session.ask(name, arguments).result(20)

    def end(self) -> None:
        self.session.ask("stop", {})
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def served(tmp_path, monkeypatch) -> Iterator[Callable[..., Served]]:
    """Serve a playground in an empty folder; it is ended with the test."""
    for library in ("starlette", "uvicorn", "websockets", "safetensors"):
        pytest.importorskip(library)
    monkeypatch.chdir(tmp_path)
    running: list[Served] = []

    def begin(what: Any = None, **settings: Any) -> Served:
        made = what if isinstance(what, Session) else Session(source(what, settings))
        running.append(Served(made))
        return running[-1]

    yield begin
    for one in running:
        one.end()


@pytest.fixture
def visit(tabs: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Open a tab on a playground; in the end, fail if a script failed, or anything of elsewhere was asked for."""
    troubles: list[str] = []

    def open_tab(place: Served, fragment: str = "", **options: Any) -> Any:
        listeners: dict[str, Callable[[Any], Any]] = {
            "pageerror": lambda error: troubles.append(f"error: {error}"),
            "console": lambda message: message.type == "error" and troubles.append(f"console: {message.text}"),
            "dialog": lambda dialog: troubles.append(f"dialog: {dialog.message}"),
            "request": lambda one: f"//{place.host}/" in one.url or troubles.append(f"request: {one.url}"),
        }
        tab = tabs(listeners, **{"reduced_motion": "reduce"} | options)
        tab.goto(place.address + fragment)
        tab.wait_for_selector("#figures td")
        return tab

    yield open_tab
    assert not troubles
