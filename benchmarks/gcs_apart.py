"""A simulated Google Cloud Storage in a process of its own, as the real one is not in ours either."""

from __future__ import annotations

import multiprocessing
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cynthus.testing.gcs import FakeGcs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

BUCKET = "bench"


class Apart:
    """It, and how often it was asked."""

    def __init__(self, endpoint: str, line: Connection) -> None:
        self.endpoint = endpoint
        self._line = line

    def asked(self) -> list[str]:
        """What was asked since the last time: LIST, GET, POST, ..."""
        self._line.send("asked")
        found: list[str] = self._line.recv()
        return found


@contextmanager
def gcs_apart(latency: float = 0.0) -> Iterator[Apart]:
    """One with an empty bucket, as long as the block lasts."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, latency), daemon=True)
    process.start()
    try:
        yield Apart(ours.recv(), ours)
    finally:
        ours.send("end")
        process.join()


def _serve(line: Connection, latency: float) -> None:
    with FakeGcs(BUCKET, latency=latency).serving() as fake:
        line.send(fake.endpoint)
        while line.recv() == "asked":
            line.send(["LIST" if each.lists else each.method for each in fake.requests])
            fake.requests.clear()
