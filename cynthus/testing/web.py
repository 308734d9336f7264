"""A web server on loopback with files, whose faults a test decides. The fakes of data hubs are made of it.

::

    with serving(WebServer()) as web:
        web.put("/data.zip", content)
        web.cut_after(1000, times=3)
        ...
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Request(NamedTuple):
    """What a client asked for; `path` without the query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """What it gets. A body of status 200 with an ETag is given in parts, too."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


@dataclass
class WebServer:
    """Files by path. `asked` are the requests, `latency` seconds that each answer takes, `sent` the bytes of bodies.
    While `validators` is off nothing tells a content from a later one."""

    address: str = ""
    latency: float = 0.0
    validators: bool = True
    asked: list[Request] = field(default_factory=list)
    sent: int = 0
    _files: dict[str, bytes] = field(default_factory=dict)
    _redirects: dict[str, str] = field(default_factory=dict)
    _failures: list[tuple[str, Answer]] = field(default_factory=list)
    _cut: int | None = None
    _cuts: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, path: str, content: bytes) -> str:
        """Have a file there; gives its address."""
        self._files[path] = content
        return self.address + path

    def redirect(self, path: str, target: str) -> str:
        """Send whoever asks for `path` elsewhere; gives its address."""
        self._redirects[path] = target
        return self.address + path

    def fail(self, status: int, *, times: int = 1, retry_after: str | None = None, path: str = "") -> None:
        """Answer the next requests (of paths that begin so) with an error."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        self._failures += [(path, Answer(status, b"", headers))] * times

    def cut_after(self, size: int, *, times: int) -> None:
        """Cut the connection of the next answers that are longer, after so many bytes of their body."""
        self._cut, self._cuts = size, times

    def heard(self, path: str) -> list[Request]:
        """The requests for what begins so."""
        return [each for each in self.asked if each.path.startswith(path)]

    def answer(self, request: Request) -> Answer:
        """What there is to say, faults aside. A fake of something else says more."""
        if request.path in self._redirects:
            return Answer(302, b"", {"Location": self._redirects[request.path]})
        if request.path not in self._files:
            return Answer(404)
        content = self._files[request.path]
        tag = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'} if self.validators else {}
        return Answer(200, content, {**tag, "Accept-Ranges": "bytes"})

    def answered(self, request: Request) -> Answer:
        """What is said, with the faults that are due."""
        with self._lock:
            self.asked.append(request)
            due = next((each for each in self._failures if request.path.startswith(each[0])), None)
            if due is not None:
                self._failures.remove(due)
                return due[1]
        return _in_part(self.answer(request), request)

    def cut_of(self, size: int) -> int:
        """How many of so many bytes go out."""
        with self._lock:
            if self._cut is None or not self._cuts or size <= self._cut:
                return size
            self._cuts -= 1
            return self._cut


def _in_part(whole: Answer, request: Request) -> Answer:
    """The part that a Range asks for, if what it is of has not changed."""
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or whole.status != 200:
        return whole
    tag, wanted = whole.headers.get("ETag"), request.headers.get("if-range")
    if wanted is not None and wanted != tag:
        return whole
    size, start = len(whole.body), int(match[1])
    end = min(int(match[2] or size - 1), size - 1)
    if start >= size:
        return Answer(416, b"", {**whole.headers, "Content-Range": f"bytes */{size}"})
    return Answer(
        206, whole.body[start : end + 1], {**whole.headers, "Content-Range": f"bytes {start}-{end}/{size}"}
    )


Served = TypeVar("Served", bound=WebServer)


@contextmanager
def serving(web: Served) -> Iterator[Served]:
    """Serve it on this machine, as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._respond()

        do_HEAD = do_POST = do_GET  # noqa: N815 - the names that the server looks for

        def _respond(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            said = web.answered(Request(self.command, unquote(parts.path), parts.query, headers, body))
            time.sleep(web.latency)
            self.send_response(said.status)
            for key, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            size = web.cut_of(len(said.body))
            web.sent += size
            self.wfile.write(said.body[:size])
            self.close_connection = self.close_connection or size < len(said.body)

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True  # the client has hung up

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
