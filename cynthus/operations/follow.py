"""Following a run: its log as it grows, until it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable
from cynthus.operations.arrival import CHUNK

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from cynthus.core.clock import Clock
    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.targets.connection import Connection

Sink = Callable[[bytes], None]
"""Takes bytes of the log, in order."""

PAUSE = 0.1
"""Seconds between two looks at a log that does not grow."""


class Reading(Struct):
    """The log of a run on one host, as far as it was read: its bytes up to `offset` have gone to `sink`."""

    agent: HostAgent
    sink: Sink
    offset: int = 0

    def go_on(self, run: Run) -> bool:
        """Hand on what was added; gives whether there was anything."""
        before = self.offset
        for data in read_log(self.agent.connection, self.agent.log(run.id, run.attempt), self.offset):
            self.sink(data)
            self.offset += len(data)
        return self.offset > before


def follow(look: Callable[[], Run], readings: Sequence[Reading], clock: Clock) -> Run:
    """Hand on what the logs get until there is nothing to wait for; gives the run as it is then.

    `look` tells how the run stands. It is asked before the logs are read: what was printed before the end is then
    surely in what is read after it.
    """
    while True:
        run = look()
        preempted = run.state is RunState.PREEMPTED
        grown = [_read(reading, run, alone=len(readings) == 1 and not preempted) for reading in readings]
        if run.over or preempted:
            return run
        if not any(grown):
            clock.sleep(PAUSE)


def _read(reading: Reading, run: Run, *, alone: bool) -> bool:
    try:
        return reading.go_on(run)
    except HostUnreachable:
        # What becomes of the run then is `look`'s to say.
        if alone:
            raise
        return False


def read_log(connection: Connection, path: PurePosixPath, offset: int, end: int | None = None) -> Iterator[bytes]:
    """The log from `offset` to its present end, or to `end`, in chunks."""
    while (limit := CHUNK if end is None else min(CHUNK, end - offset)) and (
        data := connection.read(path, offset=offset, limit=limit)
    ):
        yield data
        offset += len(data)


def tail_offset(connection: Connection, path: PurePosixPath, lines: int) -> int:
    """Where the last `lines` lines of a log begin. Reads from the end, a chunk at a time."""
    end = connection.size(path) or 0
    position, wanted = end, lines
    # A line break at the very end closes the last line; it does not open another.
    if end and connection.read(path, offset=end - 1, limit=1) == b"\n":
        wanted += 1
    while position > 0 and wanted > 0:
        start = max(0, position - CHUNK)
        data = connection.read(path, offset=start, limit=position - start) or b""
        cut = len(data)
        while wanted > 0 and (cut := data.rfind(b"\n", 0, cut)) >= 0:
            wanted -= 1
        if wanted == 0:
            return start + cut + 1
        position = start
    return 0 if lines else end
