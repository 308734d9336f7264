"""A metadata server as Google's machines have one, of which a test decides when the machine is taken back, and as whom
the machine is known."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

PREEMPTED = "/computeMetadata/v1/instance/preempted"
_ACCOUNTS = "/computeMetadata/v1/instance/service-accounts/"
_EMAIL = "machine@example.iam.gserviceaccount.com"


@dataclass
class Metadata:
    """What it answers. `asked` are the requests; while `broken` is set none gets an answer that makes sense. `token` is
    what the machine's account gets; a machine has none while it is ''."""

    address: str
    asked: list[str] = field(default_factory=list)
    broken: bool = False
    token: str = ""
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

    def account(self, way: str) -> bytes | None:
        """What is told of the machine's account; None where there is none."""
        told = {
            "token": {"access_token": self.token, "expires_in": 3599, "token_type": "Bearer"},
            "": {"aliases": ["default"], "email": _EMAIL, "scopes": []},
        }
        # It is asked for by both its names.
        way = way.removeprefix(_ACCOUNTS).removeprefix("default/").removeprefix(f"{_EMAIL}/")
        return json.dumps(told[way]).encode() if self.token and way in told else None

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
            if told.broken or self.headers.get("Metadata-Flavor") != "Google":
                self.send_error(403)
                return
            if way != PREEMPTED:
                self._tell_of_account(told.account(way))
                return
            waits = query.get("wait_for_change") == ["true"]
            seconds = float(query.get("timeout_sec", ["60"])[0]) if waits else 0.0
            value, tag = told.answer(query.get("last_etag", [""])[0], seconds)
            self.send_response(200)
            self.send_header("Metadata-Flavor", "Google")
            self.send_header("ETag", tag)
            self.end_headers()
            self.wfile.write(value.encode())

        def _tell_of_account(self, said: bytes | None) -> None:
            if said is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Metadata-Flavor", "Google")
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(said)

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
