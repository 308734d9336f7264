"""A metadata server as Google's machines have one, of which a test decides when the machine is taken back."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

PREEMPTED = "/computeMetadata/v1/instance/preempted"


@dataclass
class Metadata:
    """What it answers. `asked` are the requests; while `broken` is set none gets an answer that makes sense."""

    address: str
    asked: list[str] = field(default_factory=list)
    broken: bool = False
    _preempted: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def preempt(self) -> None:
        """Take the machine back."""
        with self._changed:
            self._preempted = True
            self._changed.notify_all()

    def answer(self, etag: str, seconds: float) -> tuple[str, str]:
        """The value and its tag: at once where `etag` is of another one, else when it changes or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self._tag != etag, timeout=seconds)
            return ("TRUE" if self._preempted else "FALSE"), self._tag

    @property
    def _tag(self) -> str:
        return "b" if self._preempted else "a"


@contextmanager
def metadata_server() -> Iterator[Metadata]:
    """One on this machine, as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            way, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            if told.broken or way != PREEMPTED or self.headers.get("Metadata-Flavor") != "Google":
                self.send_error(403)
                return
            waits = query.get("wait_for_change") == ["true"]
            seconds = float(query.get("timeout_sec", ["60"])[0]) if waits else 0.0
            value, tag = told.answer(query.get("last_etag", [""])[0], seconds)
            self.send_response(200)
            self.send_header("Metadata-Flavor", "Google")
            self.send_header("ETag", tag)
            self.end_headers()
            self.wfile.write(value.encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told = Metadata(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
