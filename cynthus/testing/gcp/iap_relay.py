"""Google's relay for TCP on this machine: a WebSocket in front, and a port of a host behind it.

It speaks the protocol of `cynthus.targets.iap.frames`: sessions with an id that outlive a connection, a window, words
about what was received, and the rest once more after a cut. That 4010 is said where the machine hangs up is what
iap-desktop knows of it (`DESTINATION_READ_FAILED`).
"""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct
from websockets.exceptions import InvalidHandshake
from websockets.http11 import Request
from websockets.server import ServerProtocol

from cynthus.targets.iap.books import Books
from cynthus.targets.iap.ends import Ends
from cynthus.targets.iap.frames import ORIGIN, SUBPROTOCOL, WINDOW
from cynthus.targets.iap.line import Line
from cynthus.testing.gcp.relay_connection import Carried, RelayConnection, Told
from cynthus.testing.gcp.relay_faults import RelayFaults

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 30.0
"""Seconds for a client's first words."""


class Asked(Struct, frozen=True):
    """Who wants to go where. `authorization` is the header."""

    authorization: str
    project: str
    zone: str
    instance: str
    interface: str
    port: int


class Turned(Exception):
    """Somebody is turned away, with a status of HTTP."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status


class IapRelay:
    """Answers on loopback until it is closed. `admit` says where a machine answers, or raises
    `Turned` or `Told`. `keep` is how many seconds a session without a connection is kept, `window` how many bytes go
    to a client that confirms nothing."""

    def __init__(
        self, admit: Callable[[Asked], tuple[str, int]], *, keep: float = 60.0, window: int = 64 * WINDOW,
        where: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self.faults = RelayFaults()
        self.keep = keep
        self.window = window
        self.connections = 0
        """How many were taken so far."""
        self._admit = admit
        self._sessions: dict[str, Carried] = {}
        self._lock = threading.Lock()
        self._listening = socket.create_server(where, backlog=64)
        self.url = "ws://{}:{}/v4".format(*self._listening.getsockname()[:2])
        threading.Thread(target=self._take_all, daemon=True).start()

    def close(self) -> None:
        """End it, and all sessions."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            sessions = list(self._sessions.values())
            self._sessions.clear()
        for each in sessions:
            each.end()

    @property
    def sessions(self) -> int:
        """How many there are, with a connection or without."""
        return len(self._sessions)

    def _take_all(self) -> None:
        while True:
            try:
                there, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(there,), daemon=True).start()

    def _take(self, there: socket.socket) -> None:
        with there, suppress(OSError):
            there.settimeout(PATIENCE)
            there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            protocol = ServerProtocol(origins=[ORIGIN], subprotocols=[SUBPROTOCOL])  # type: ignore[list-item]  # plain texts
            request = _first_words(there, protocol)
            if request is not None:
                self.connections += 1
                self._answer(there, protocol, request)

    def _answer(self, there: socket.socket, protocol: ServerProtocol, request: Request) -> None:
        fault = self.faults.next()
        path = urlsplit(request.path)
        query = dict(parse_qsl(path.query))
        response = protocol.accept(request)
        try:
            if fault.status:
                raise Turned(fault.status)
            if response.status_code != 101:
                raise Turned(response.status_code, "no WebSocket of a tunneler")
            if path.path not in ("/v4/connect", "/v4/reconnect"):
                raise Turned(404)
            told: Told | None = None
            session, renewed = None, path.path == "/v4/reconnect"
            try:
                session = self._again(query) if renewed else self._new(request, query)
            except Told as words:
                told = words
        except Turned as turned:
            protocol.send_response(protocol.reject(turned.status, str(turned)))
            there.sendall(b"".join(protocol.data_to_send()))
            return
        protocol.send_response(response)
        there.settimeout(0)
        line = Line(there, protocol)
        connection = RelayConnection(there, line, fault, self.window)
        if session is None:
            connection.turn_away(told or Told(4000, "unknown error"))
            return
        self._serve(session, connection, renewed=renewed)

    def _serve(self, session: Carried, connection: RelayConnection, *, renewed: bool) -> None:
        try:
            over = session.through(connection, renewed=renewed)
        except OSError:
            over = False
        if over or connection.fault.forget:
            self._drop(session.id)
        else:
            # It waits for another connection, for a while.
            waits = threading.Timer(self.keep, self._expire, (session, session.count))
            waits.daemon = True
            waits.start()

    def _expire(self, session: Carried, count: int) -> None:
        if session.count == count:
            self._drop(session.id)

    def _drop(self, name: str) -> None:
        with self._lock:
            session = self._sessions.pop(name, None)
        if session is not None:
            session.end()

    def _new(self, request: Request, query: dict[str, str]) -> Carried:
        """Raises: Turned, Told."""
        try:
            asked = Asked(
                request.headers.get("Authorization", ""), query["project"], query["zone"], query["instance"],
                query["interface"], int(query["port"]),
            )  # fmt: skip
        except (KeyError, ValueError):
            raise Turned(400, "project, zone, instance, interface and port are wanted") from None
        where = self._admit(asked)
        try:
            behind = socket.create_connection(where, timeout=10)
        except OSError:
            raise Told(4003, "failed to connect to backend") from None
        behind.settimeout(0)
        session = Carried(secrets.token_urlsafe(24), behind, Ends(behind.fileno(), behind.fileno()), Books())
        with self._lock:
            self._sessions[session.id] = session
        return session

    def _again(self, query: dict[str, str]) -> Carried:
        """Raises: Turned, Told."""
        session = self._sessions.get(query.get("sid", ""))
        if session is None:
            raise Told(4001, "sid unknown")
        try:
            session.renew(int(query["ack"]))
        except (KeyError, ValueError):
            raise Turned(400, "sid and ack are wanted") from None
        return session


def _first_words(there: socket.socket, protocol: ServerProtocol) -> Request | None:
    while True:
        data = there.recv(1 << 16)
        if not data:
            return None
        with suppress(InvalidHandshake):
            protocol.receive_data(data)
        for event in protocol.events_received():
            return event if isinstance(event, Request) else None
