"""A Google Cloud Storage on this machine, for tests of Cynthus and of your own programs.

It speaks as much of the JSON API as `google-cloud-storage` needs for objects, and keeps what others leave out:
preconditions, pages, generations, hashes, and all that can go wrong.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from cynthus.testing.gcs_faults import Fault, Faults, Request
from cynthus.testing.gcs_objects import Content, Objects, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.testing.gcs_uploads import Upload


class FakeGcs:
    """Point a client at `endpoint`: `GcsBucket(name, endpoint=...)`, or STORAGE_EMULATOR_HOST for any program.

    `latency` (seconds) passes before each answer. A list has at most `page` objects at a time. Where `token` is set,
    who does not bring it is answered 401; where everybody is `listing`, only to what is no list. Buckets in `closed`
    exist and are somebody else's: 403. `requests` is what was asked so far, in order. See
    `Faults.plan` for what can be made to fail.
    """

    def __init__(self, *buckets: str, latency: float = 0.0, page: int = 1000, token: str = "") -> None:
        self.latency = latency
        self.page = page
        self.token = token
        self.listing = False
        self.closed: set[str] = set()
        self.requests: list[Request] = []
        self.faults = Faults()
        self.endpoint = ""
        self.uploads: dict[str, Upload] = {}
        """Resumable ones that go on, by id."""
        self._buckets = {name: Objects() for name in buckets}

    def keep(self, bucket: str, files: Mapping[str, bytes]) -> None:
        """Have these objects there, each in the place of what had its name."""
        for name, data in files.items():
            content = Content()
            content.add(data)
            self._buckets[bucket].put(name, content, {}, {})

    def objects(self, bucket: str) -> Objects:
        """Raises: Refusal, where there is no such bucket, or it is closed."""
        if bucket in self.closed:
            raise Refusal(403, f"the caller does not have storage.objects access to {bucket}", reason="forbidden")
        if bucket not in self._buckets:
            raise Refusal(404, "The specified bucket does not exist.", reason="notFound")
        return self._buckets[bucket]

    def admit(self, request: Request, authorization: str) -> Fault:
        """Let a request in, after the time that it takes to come here; gives what is to go wrong with it.

        Raises:
            Refusal: who asks is not known.
        """
        self.requests.append(request)
        if self.latency:
            time.sleep(self.latency)
        if self.token and not (self.listing and request.lists) and authorization != f"Bearer {self.token}":
            raise Refusal(401, "Invalid Credentials", reason="authError")
        return self.faults.next(request)

    @contextmanager
    def serving(self) -> Iterator[FakeGcs]:
        """Answer on a port of loopback, as long as the block lasts."""
        from cynthus.testing.gcs_handler import handler

        server = _Server(("127.0.0.1", 0), handler(self))
        self.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    # Connections that a client keeps open end with the process.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the game."""
