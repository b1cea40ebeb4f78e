"""Who may use the playground: whoever has the token, and comes from the playground's own address."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' {socket}; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Decides from a request's headers whether to answer it.

    Arguments:
        hosts: the playground's host names, without the port.
        port: its port.
        addresses: whether any numeric address will do as well, which a forged name server cannot fake.

    Attributes:
        token: is part of the first address, and a cookie from then on.
    """

    def __init__(self, hosts: Iterable[str], port: int, addresses: bool = False) -> None:
        self.port, self.addresses = port, addresses
        self.token = secrets.token_urlsafe(24)
        self.cookie = f"tinygrad_lab_play_{port}"
        self.names = {f"{host}:{port}" for host in hosts} | ({*hosts} if port == 80 else set())

    def refusal(self, headers: dict[str, str], socket: bool) -> str | None:
        """Return why a request is refused, or None.

        Arguments:
            headers: the request's, by lower-case name.
            socket: whether it opens a WebSocket: browsers then always send their origin.
        """
        if not self.is_own_host(headers):
            return "this is not the playground's own address; open the one that the terminal shows"
        origin = headers.get("origin")
        if (origin is not None or socket) and not self._is_own(origin):
            return "the request does not come from the playground's own page; open the address that the terminal shows"
        if not self.knows(self._cookie(headers)):
            return "the token is missing; open the address that the terminal shows, with its token"
        return None

    def knows(self, token: str) -> bool:
        """Return whether a token is the right one, in a time that gives nothing away."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def is_own_host(self, headers: dict[str, str]) -> bool:
        """Return whether a request names this host."""
        return self._is_name(headers.get("host", ""))

    def _is_own(self, origin: str | None) -> bool:
        try:
            parts = urlsplit(origin or "")
            return parts.scheme in ("http", "https") and self._is_name(parts.netloc)
        except ValueError:
            return False

    def _is_name(self, name: str) -> bool:
        if name.lower() in self.names:
            return True
        host, _, port = name.rpartition(":")
        if not self.addresses or port != str(self.port):
            return False
        try:
            ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return True

    def _cookie(self, headers: dict[str, str]) -> str:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return ""
        return found.value if found is not None else ""


def headers_for(host: str) -> dict[str, str]:
    """Return the headers of every answer: run nothing from elsewhere, keep nothing, stay out of other pages' frames."""
    return {name: value.replace("{socket}", f"ws://{host}") for name, value in _HEADERS.items()}


def lower(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers as text by lower-case name; a host or origin that comes twice counts as missing."""
    found: dict[str, Any] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        found[key] = "" if key in found and key in ("host", "origin") else value.decode("latin-1")
    return found
