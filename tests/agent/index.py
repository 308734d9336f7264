"""A private package index on loopback: it gives nothing to whoever has no password."""

from __future__ import annotations

import base64
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Index:
    """Has what lies in `folder`; `asked` are the paths that it was asked for with the right password."""

    folder: Path
    port: int
    password: str
    asked: list[str] = field(default_factory=list)

    @property
    def open_address(self) -> str:
        """The address without the login."""
        return f"http://127.0.0.1:{self.port}/simple"

    @property
    def address(self) -> str:
        return self.open_address.replace("://", f"://me:{self.password}@")


@contextmanager
def private_index(folder: Path) -> Iterator[Index]:
    """One with a password that nobody else has."""
    folder.mkdir(parents=True, exist_ok=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            login = base64.b64encode(f"me:{index.password}".encode()).decode()
            if self.headers.get("Authorization") != f"Basic {login}":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
                self.end_headers()
                return
            index.asked.append(self.path)
            found = _page(folder, self.path)
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream")
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_: object) -> None:
            """Nothing: the tests' own output is enough."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index = Index(folder, server.server_address[1], f"sentinel{os.urandom(8).hex()}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _page(folder: Path, path: str) -> bytes | None:
    """A file, or the page that lists those of one project."""
    kind, _, name = path.strip("/").partition("/")
    if kind == "files":
        file = folder / name
        return file.read_bytes() if file.is_file() else None
    files = sorted(folder.glob(f"{name}-*"))
    links = "".join(f'<a href="/files/{each.name}">{each.name}</a>' for each in files)
    return f"<!DOCTYPE html><html><body>{links}</body></html>".encode() if files else None
