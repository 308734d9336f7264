"""A download through something that knows no parts."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import requests

from cynthus.storage.gcs_download import Download
from cynthus.storage.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = bytes(range(256)) * 4_000


class _Cache(BaseHTTPRequestHandler):
    """Cuts the first answer in the middle, and gives all of it to who then asks for the rest."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Range", ""))
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA[: 600_000 if len(self.asked) == 1 else None])

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def cache() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Cache", (_Cache,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/x", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_rest_is_found_in_an_answer_that_has_all_of_it() -> None:
    with cache() as (url, asked), requests.Session() as session:
        download = Download(session, url, None, Patience(seconds=5, first=0.01))
        assert b"".join(download.pieces(0)) == DATA
    assert [each.startswith("bytes=") for each in asked] == [False, True]
