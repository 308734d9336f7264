"""The line to Google Cloud Storage for who saves there: requests by the standard library alone, several at once, each
tried again where that may help."""

from __future__ import annotations

import base64
import http.client
import json
import random
import socket
import ssl
import time
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlencode, urlsplit

from cynthus import web
from cynthus.agent import gcs_refusal
from cynthus.agent.bucket import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cynthus.agent.gcs_token import Tokens

LANES = 8
"""How many requests may go on at once."""
SILENCE = 60.0
"""Seconds without a word from the other side, at most: who is in a hurry waits less."""
PATIENCE = 30.0
"""Seconds for which nothing may get on. Then it is told, and whoever sends tries again later."""
_FIRST, _LONGEST = 0.25, 8.0
"""Seconds of the first and the longest pause between two tries."""
_LOOK = 0.2
_ANSWER = 16 << 20
"""Bytes of an answer that are read: more than a page of a list has."""
_UNSURE = (OSError, http.client.HTTPException)


class Reply(NamedTuple):
    """An answer."""

    status: int
    headers: Any
    body: bytes

    def document(self) -> dict[str, Any]:
        """The JSON object that it holds; an empty one where it holds something else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Request(NamedTuple):
    """`name` is the object that it is about, '' for none; `body` is made anew for each try and has `length` bytes.
    A `long` one gets a connection of its own: when one that was kept has been hung up, much may have been said."""

    method: str
    path: str
    query: Mapping[str, str]
    name: str = ""
    headers: Mapping[str, str] = {}
    body: Callable[[], bytes | Iterable[bytes]] | None = None
    length: int = 0
    long: bool = False


class Line:
    """To the service at `endpoint`, for the bucket `bucket`. `go_on` is asked before each try and while we wait."""

    def __init__(self, endpoint: str, bucket: str, tokens: Tokens, go_on: Callable[[], bool], patience: float) -> None:
        self.bucket = bucket
        self.patience = patience
        self._silence = min(SILENCE, 2 * patience)
        self._parts = urlsplit(endpoint)
        self._tokens = tokens
        self._go_on = go_on
        self._idle: list[http.client.HTTPConnection] = []
        self._not_before = 0.0
        self._secure = ssl.create_default_context() if self._parts.scheme == "https" else None

    def ask(self, request: Request, *also: int) -> Reply:
        """The answer, at the first try that works; of the statuses of errors only those in `also`.

        Raises:
            Unavailable, Refused: it is another error's, or none comes.
            Stopped: nobody wants it any more.
        """
        tries = Tries(self)
        while True:
            try:
                return self.once(request, *also)
            except gcs_refusal.Temporary as error:
                tries.again(error)

    def once(self, request: Request, *also: int) -> Reply:
        """The same with one try.

        Raises:
            Temporary: it may help to try it again.
        """
        self.insist()
        reply = self._with_token(request)
        if reply.status < 300 or reply.status in also:
            return reply
        if reply.status in gcs_refusal.TEMPORARY:
            pause = web.wait_of(reply.headers)
            self._not_before = max(self._not_before, time.monotonic() + (pause or 0.0))
        raise gcs_refusal.told(reply.status, reply.document(), self.bucket, request.name)

    def insist(self) -> None:
        """Raises: Stopped."""
        if not self._go_on():
            raise Stopped

    def rest(self, seconds: float, until: float) -> bool:
        """Wait, and for as long as the other side has asked us to; False, and at once, where that is beyond `until`."""
        ready = max(time.monotonic() + seconds, self._not_before)
        if ready > until:
            return False
        while (left := ready - time.monotonic()) > 0:
            self.insist()
            time.sleep(min(_LOOK, left))
        return True

    def close(self) -> None:
        """Let go of the connections."""
        while self._idle:
            self._idle.pop().close()

    def _with_token(self, request: Request) -> Reply:
        header: dict[str, str] = {}
        for last in (False, True):
            try:
                header = self._tokens.header()
            except PermissionError as error:
                raise gcs_refusal.unknown(self.bucket, str(error.strerror)) from None
            except _UNSURE as error:
                raise gcs_refusal.no_token(self.bucket, error) from None
            reply = self._sent(request, header)
            # It may have been taken back before its time.
            if reply.status != 401 or last or not self._tokens.refused(header):
                break
        return reply

    def _sent(self, request: Request, header: Mapping[str, str]) -> Reply:
        # One that the other side has hung up meanwhile says nothing about the others.
        while self._idle and not request.long:
            connection = self._idle.pop()
            try:
                return self._answered(connection, request, header)
            except _UNSURE as error:
                if _of_a_file(error):
                    raise
        try:
            return self._answered(self._connection(), request, header)
        except _UNSURE as error:
            if _of_a_file(error):
                raise
            raise gcs_refusal.silent(self.bucket, error) from None

    def _answered(
        self, connection: http.client.HTTPConnection, request: Request, header: Mapping[str, str]
    ) -> Reply:
        try:
            try:
                self._say(connection, request, header)
            except (BrokenPipeError, ConnectionResetError):
                # Who has been answered already need not say the rest.
                if connection.sock is None:
                    raise
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.headers, answer.read(_ANSWER))
            if not answer.isclosed():
                connection.close()
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._idle.append(connection)
        return reply

    def _say(self, connection: http.client.HTTPConnection, request: Request, header: Mapping[str, str]) -> None:
        where = f"{self._parts.path}{request.path}?{urlencode(request.query)}"
        headers = {"User-Agent": "cynthus", **request.headers, **header}
        if request.body is None:
            connection.request(request.method, where, headers={**headers, "Content-Length": "0"})
        else:
            sized = {**headers, "Content-Length": str(request.length)}
            connection.request(request.method, where, body=request.body(), headers=sized)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = str(self._parts.hostname), self._parts.port
        if self._secure is None:
            made = http.client.HTTPConnection(host, port, timeout=self._silence)
        else:
            made = self._tunnel(host, port or 443, self._secure)
        made.connect()
        # What is small has to go at once: its head and its body come in two pieces.
        made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def _tunnel(self, host: str, port: int, secure: ssl.SSLContext) -> http.client.HTTPSConnection:
        """By way of the proxy that the environment names, if it names one."""
        named = urllib.request.getproxies().get("https", "")
        if not named or urllib.request.proxy_bypass(host):
            return http.client.HTTPSConnection(host, port, timeout=self._silence, context=secure)
        proxy = urlsplit(named if "://" in named else f"http://{named}")
        made = http.client.HTTPSConnection(str(proxy.hostname), proxy.port, timeout=self._silence, context=secure)
        login = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
        told = {"Proxy-Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if proxy.username else {}
        made.set_tunnel(host, port, headers=told)
        return made


class Tries:
    """Those of one thing, until nothing has got on for as long as the line is patient."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.moved()

    def moved(self) -> None:
        """It gets on: begin to wait anew."""
        self._pause = _FIRST
        self._until = time.monotonic() + self._line.patience

    def again(self, error: OSError) -> None:
        """Wait before the next try.

        Raises:
            OSError: the error, where that was long enough.
            Stopped: nobody wants it any more.
        """
        # Not all at the same moment: there are other threads and other machines.
        if not self._line.rest(self._pause * random.uniform(0.5, 1.0), self._until):  # noqa: S311 - no secret
            raise error
        self._pause = min(2 * self._pause, _LONGEST)


def _of_a_file(error: BaseException) -> bool:
    """Whether it is one of what is sent, not of the line."""
    return isinstance(error, OSError) and error.filename is not None
