"""From an address to a line: the socket, TLS, the web proxy that may be in between, and the first words."""

from __future__ import annotations

import base64
import http.client
import select
import ssl
import time
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from cynthus.targets.iap.frames import ORIGIN, SUBPROTOCOL
from cynthus.targets.iap.line import Line

if TYPE_CHECKING:
    import socket
    from urllib.parse import SplitResult

PATIENCE = 9.0
"""Seconds for all of it. `ssh` is told to wait for ten, and should hear why it was in vain."""
_LARGEST = 1 << 20


class NoLine(Exception):
    """There is none. The text is `[what: why]`, as that of an end that the relay gives."""

    def __init__(self, what: str, why: object) -> None:
        super().__init__(f"[{what}: {str(why)!r}]")


def dial(address: str, token: str, *, agent: str, patience: float = PATIENCE) -> Line:
    """A line that stands.

    Raises:
        NoLine: nobody answers, or not as a relay.
    """
    end = time.monotonic() + patience
    parts = urlsplit(address)
    there = _socket(parts, patience)
    protocol = ClientProtocol(
        parse_uri(address), origin=ORIGIN, subprotocols=[SUBPROTOCOL], max_size=_LARGEST  # type: ignore[arg-type, list-item]  # plain texts: those types are for checkers alone
    )
    request = protocol.connect()
    request.headers["User-Agent"] = agent
    if token:
        request.headers["Authorization"] = f"Bearer {token}"
    protocol.send_request(request)
    line = Line(there, protocol)
    try:
        there.settimeout(0)
        _await_open(line, end)
    except BaseException:
        line.hang_up()
        raise
    return line


def wait(line: Line, end: float) -> bool:
    """Until something comes, or the time has passed."""
    line.flush()
    poll = select.poll()
    poll.register(line.fileno(), select.POLLIN | (select.POLLOUT if line.queued else 0))
    return bool(poll.poll(max(0.0, end - time.monotonic()) * 1000))


def _await_open(line: Line, end: float) -> None:
    while not line.open:
        if not wait(line, end):
            raise NoLine("network", "no answer")
        line.keep(line.hear())
        if line.refused is not None:
            raise NoLine(f"HTTP {line.refused.status_code}", line.refused.reason_phrase)
        if line.ended is not None and not line.open:
            raise NoLine("network", "the connection was closed before anything was said")


def _socket(parts: SplitResult, patience: float) -> socket.socket:
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)
    proxy = None if parts.scheme == "ws" else _proxy(host)
    near = (proxy.hostname or "", proxy.port or 80) if proxy else (host, port)
    if parts.scheme == "wss":
        made: http.client.HTTPConnection = http.client.HTTPSConnection(
            *near, timeout=patience, context=ssl.create_default_context()
        )
    else:
        made = http.client.HTTPConnection(*near, timeout=patience)
    if proxy:
        made.set_tunnel(host, port, _login(proxy))
    try:
        made.connect()
    except ssl.SSLError as error:
        raise NoLine("TLS", getattr(error, "verify_message", "") or error.reason or error) from None
    except (OSError, http.client.HTTPException) as error:
        told = getattr(error, "strerror", None) or error
        raise NoLine(f"proxy {near[0]}" if proxy else "network", told) from None
    found: socket.socket = made.sock
    return found


def _proxy(host: str) -> SplitResult | None:
    """The web proxy that the environment, or the system, names for this host."""
    named = urllib.request.getproxies().get("https", "")
    if not named or urllib.request.proxy_bypass(host):
        return None
    return urlsplit(named if "://" in named else f"http://{named}")


def _login(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}
