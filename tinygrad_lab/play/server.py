"""The web application: the page and its files, a WebSocket for each tab, and downloads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from tinygrad_lab.errors import TinygradError
from tinygrad_lab.extras import extra
from tinygrad_lab.lab.text import visible
from tinygrad_lab.play.guard import Guard, headers_for, lower
from tinygrad_lab.play.session import Session

MOST_TABS = 16
MOST_BYTES = 32_768  # bytes, of a message from a page
_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]


@cache
def assets() -> dict[str, bytes]:
    """Return the page's files by name; no other file can be asked for."""
    folder = resources.files(__package__).joinpath("assets")
    found = {path.name: path.read_bytes() for path in folder.iterdir() if PurePosixPath(path.name).suffix in _KINDS}
    numbers = resources.files("tinygrad_lab.viz").joinpath("assets", "numbers.js").read_bytes()
    return found | {"graph-numbers.js": numbers + b"\nexport { format };\n"}  # one way to write numbers


class Tabs:
    """The open pages: each gets every message, but only the newest frame if it cannot keep up."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.loop: asyncio.AbstractEventLoop | None = None
        self.tabs: set[Tab] = set()

    def tell(self, message: str | bytes) -> None:
        """Send a message to all; called from the training's thread."""
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._tell, message)

    def _tell(self, message: str | bytes) -> None:
        for tab in self.tabs:
            tab.offer(message)

    async def run(self, socket: Any) -> None:
        """Serve one page until it closes."""
        self.loop = asyncio.get_running_loop()
        if len(self.tabs) >= MOST_TABS:
            await socket.close(1013)
            return
        await socket.accept()
        tab = Tab(socket)
        self.tabs.add(tab)
        self._count()
        sending = asyncio.create_task(tab.send())
        try:
            async for text in socket.iter_text():
                await self._hear(tab, text)
        except (ValueError, KeyError, RuntimeError):  # bytes instead of text, or a page that is gone already
            await tab.close(1003)
        finally:
            self.tabs.discard(tab)
            sending.cancel()
            self._count()

    def _count(self) -> None:
        self.session.tabs = len(self.tabs)
        self.session.ask("repeat", {}).add_done_callback(lambda _: self.session.fresh())  # in its own thread

    async def _hear(self, tab: Tab, text: str) -> None:
        asked = _command(text)
        if asked is None:
            tab.offer(_message("error", None, "play: this message is no command; reload the page"))
            return
        name, arguments, number = asked
        try:
            answer = await asyncio.wrap_future(self.session.ask(name, arguments))
        except TinygradError as error:
            tab.offer(_message("error", number, visible(str(error))))
        else:
            tab.offer(_message("answer", number, answer))

    async def close(self) -> None:
        """Say goodbye to all pages."""
        for tab in list(self.tabs):
            tab.offer(_message("bye", None, "the playground has ended"))
        await asyncio.sleep(0.05)
        for tab in list(self.tabs):
            await tab.close(1001)


class Tab:
    """One page, and the messages still to be sent to it."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.waiting: list[str] = []
        self.frame: bytes | None = None
        self.told = False  # whether it knows the state: until then a frame says less than the page believes
        self.news = asyncio.Event()

    def offer(self, message: str | bytes) -> None:
        """Queue a message; a frame replaces one that is still waiting, and is left out before the state is told."""
        if isinstance(message, bytes):
            self.frame = message if self.told else None
        else:
            self.told = True  # what is told first is the state, as our page asks for nothing before
            self.waiting.append(message)
        self.news.set()

    async def send(self) -> None:
        """Send messages as they come, forever."""
        while True:
            await self.news.wait()
            self.news.clear()
            while self.waiting:
                await self.socket.send_text(self.waiting.pop(0))
            if self.frame is not None:
                frame, self.frame = self.frame, None
                await self.socket.send_bytes(frame)

    async def close(self, code: int) -> None:
        """Close the connection if it is still open."""
        try:
            await self.socket.close(code)
        except RuntimeError:
            return


def _command(text: str) -> tuple[str, dict[str, Any], Any] | None:
    """Return the name, arguments and number of a command from a page; None if it is not a command."""
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(asked, dict) or not isinstance(asked.get("do"), str):
        return None
    arguments, number = asked.get("with", {}), asked.get("id")
    good = isinstance(arguments, dict) and isinstance(number, int | None)
    return (asked["do"], arguments, number) if good else None


def _message(kind: str, number: Any, content: Any) -> str:
    return json.dumps({"type": kind, "id": number, "content": content})


def application(session: Session, guard: Guard, tabs: Tabs) -> Any:
    """Return the ASGI application, guarded."""
    with extra("play"):
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse, Response
        from starlette.routing import Route, WebSocketRoute

    async def page(request: Any) -> Any:
        return Response(assets()["page.html"], media_type="text/html")

    async def asset(request: Any) -> Any:
        name = request.path_params["name"]
        if name not in assets():
            return PlainTextResponse("there is no such file", 404)
        return Response(assets()[name], media_type=_KINDS[PurePosixPath(name).suffix])

    async def asked(request: Any, name: str, arguments: dict[str, Any], media_type: str, headers: Any = None) -> Any:
        try:
            content = await asyncio.wrap_future(session.ask(name, arguments))
        except TinygradError as error:
            return PlainTextResponse(visible(str(error)), 400)
        return Response(content, media_type=media_type, headers=headers)

    async def why(request: Any) -> Any:
        given = request.query_params
        point = given.get("point", "")
        arguments = {
            "part": given.get("part", ""),
            "point": int(point) if point.isascii() and point.isdecimal() and len(point) < 9 else point,
            "theme": given.get("theme", "auto"),
        }
        response = await asked(request, "explain", arguments, "text/html")
        # This page has a policy of its own, with the hash of its script, and is shown in a frame of ours.
        response.headers["Content-Security-Policy"] = "frame-ancestors 'self'"
        return response

    async def program(request: Any) -> Any:
        kept = {"Content-Disposition": 'attachment; filename="model.py"'}
        return await asked(request, "program", {}, "text/x-python", kept)

    routes = [
        Route("/", page),
        Route("/assets/{name}", asset),
        Route("/why", why),
        Route("/model.py", program),
        WebSocketRoute("/live", tabs.run),
    ]
    return Guarded(Starlette(routes=routes), guard)


class Guarded:
    """Passes on to an application what the guard allows, and turns the token in an address into a cookie."""

    def __init__(self, application: Any, guard: Guard) -> None:
        self.application, self.guard = application, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        if scope["type"] not in ("http", "websocket"):
            await self.application(scope, receive, send)
            return
        headers = lower(scope["headers"])
        common = headers_for(headers.get("host", "")) if self.guard.is_own_host(headers) else headers_for("invalid")
        token = self._token(scope, headers)
        if token is not None:
            cookie = f"{self.guard.cookie}={token}; HttpOnly; SameSite=Lax; Path=/"
            await _respond(send, 303, "", common | {"Location": "/", "Set-Cookie": cookie})
            return
        refused = self.guard.refusal(headers, scope["type"] == "websocket")
        if refused is None and scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            await _respond(send, 405, "only GET is allowed here; a page asks through its socket\n", common)
        elif refused is None:
            await self.application(scope, receive, _with(send, common))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _respond(send, 403, f"{refused}\n", common)

    def _token(self, scope: Scope, headers: dict[str, str]) -> str | None:
        """Return the token in an address if it is the right one."""
        name, _, value = scope.get("query_string", b"").decode("latin-1").partition("=")
        fits = scope["type"] == "http" and scope["path"] == "/" and name == "token" and self.guard.is_own_host(headers)
        return value if fits and self.guard.knows(value) else None


def _with(send: Send, headers: dict[str, str]) -> Send:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            more = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            message["headers"] = [*message["headers"], *(pair for pair in more if pair[0] not in given)]
        await send(message)

    return sending


async def _respond(send: Send, status: int, text: str, headers: dict[str, str]) -> None:
    kind = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(text.encode()))}
    pairs = [(name.lower().encode(), value.encode()) for name, value in (kind | headers).items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": text.encode()})
