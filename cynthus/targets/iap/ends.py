"""Two descriptors of this process as the near end of a tunnel: bytes to send come in by one, those for us go out by
the other. Neither is waited for."""

from __future__ import annotations

import os
import select
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 1 << 18
_SEVERAL = 64
_F_SETPIPE_SZ = 1031
"""Linux alone has it, and Python's name for it there."""
_DEEP = 1 << 20
"""Bytes that a pipe may hold: with its usual 64 kB, processes change places more than they work."""


class Ends:
    """`ended` says that nothing more comes in, `gone` that nobody reads what goes out."""

    def __init__(self, source: int, sink: int) -> None:
        self.source = source
        self.sink = sink
        self.ended = False
        self.gone = False
        self._out: deque[memoryview] = deque()
        self.held = 0
        """How many bytes wait to go out."""

    def take(self) -> bytes:
        """What has come in; b'' for nothing yet, or where it `ended`."""
        try:
            found = os.read(self.source, PIECE)
        except BlockingIOError:
            return b""
        except OSError:
            found = b""
        self.ended = not found
        return found

    def give(self, content: memoryview) -> None:
        """Have that go out."""
        self._out.append(content)
        self.held += len(content)

    def flush(self) -> None:
        """Give out what is taken now."""
        while self._out and not self.gone:
            several = [self._out[index] for index in range(min(_SEVERAL, len(self._out)))]
            try:
                size = os.writev(self.sink, several)
            except BlockingIOError:
                return
            except OSError:
                self.gone = True
                return
            self._given(size)

    def drain(self) -> None:
        """Give out all there is, however long it takes."""
        poll = select.poll()
        poll.register(self.sink, select.POLLOUT)
        self.flush()
        while self._out and not self.gone:
            poll.poll()
            self.flush()

    def _given(self, size: int) -> None:
        self.held -= size
        while size:
            first = self._out.popleft()
            if len(first) > size:
                self._out.appendleft(first[size:])
            size -= min(size, len(first))


@contextmanager
def unwaiting(*descriptors: int) -> Iterator[None]:
    """Descriptors that are not waited for, and are as before afterwards: others may have them, too."""
    before = {each: os.get_blocking(each) for each in descriptors}
    try:
        for each in descriptors:
            os.set_blocking(each, False)
            _deepen(each)
        yield
    finally:
        for each, blocking in before.items():
            with suppress(OSError):
                os.set_blocking(each, blocking)


def _deepen(descriptor: int) -> None:
    import fcntl

    # No pipe, another system, or as many deep ones as one user may have.
    with suppress(OSError):
        fcntl.fcntl(descriptor, _F_SETPIPE_SZ, _DEEP)
