"""The lock of a deployment: one at a time changes it, and everybody else can see who that is."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from cynthus.core.clock import stamp
from cynthus.errors import Locked
from cynthus.process import birth
from cynthus.state.holder import Holder, Place, here, parse_holder, read_holder
from cynthus.writing import writing

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from cynthus.core.clock import Clock

BEAT = 5.0
"""Seconds between two heartbeats."""
TRIES = 20
PAUSE = 0.05
"""How often, and after how many seconds, a lock is tried again whose new holder has not written its name yet."""


BRIEF = "pull --watch"
"""What takes the lock again and again, for moments: it is waited for."""
MOMENTS = 20.0
"""Seconds, at most."""


class Lock:
    """A lock that lasts until its process ends, however that ends: the kernel keeps it (flock).

    The file tells who holds it and is never deleted, for two processes could then lock two files of one name. On a
    folder shared by several machines flock may not reach the others; there the heartbeat in the file speaks for the
    holder, which stops everybody but two who come within the same moment.
    """

    def __init__(
        self, path: Path, *, operation: str, clock: Clock, place: Place | None = None, beat_every: float = BEAT
    ) -> None:
        self._path = path
        self._operation = operation
        self._clock = clock
        self._place = place or here()
        self._beat_every = beat_every
        self._descriptor: int | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self.took_over: Holder | None = None
        """Who held it before and never gave it back: killed, or on another machine and silent for a minute."""

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock; nobody is waited for but who will give it back in a moment.

        Raises:
            Locked: somebody else holds it; the message says who, since when and with what.
            FolderNotWritable, DiskFull: the lock's file cannot be written.
        """
        holder, begun, tries = None, self._clock.monotonic(), 0
        while tries < TRIES:
            with writing(self._path):
                if self._try():
                    return
            holder = read_holder(self._path)
            # A name that is not true any more: the one who has the lock now is about to write its own.
            if holder is None or not holder.at_work(self._place, self._clock.now()):
                tries += 1
            elif holder.operation != BRIEF or self._clock.monotonic() - begun >= MOMENTS:
                break
            self._clock.sleep(PAUSE)
        raise _locked(holder)

    def release(self) -> None:
        """Give the lock back. The file stays, empty. In a forked child, which has no part in it, nothing happens."""
        if self._descriptor is None or self._pid != os.getpid():
            return
        self._stop.set()
        if self._thread is not None:
            # Without a limit: the number of a closed descriptor is soon that of another file.
            self._thread.join()
        descriptor, self._descriptor = self._descriptor, None
        _held.discard(descriptor)
        # What is left in the file says nothing once the kernel has let go.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
        os.close(descriptor)

    def _try(self) -> bool:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            taken = self._take(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if not taken:
            os.close(descriptor)
        return taken

    def _take(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not _is_at(descriptor, self._path):
            return False
        before = parse_holder(os.pread(descriptor, 4096, 0))
        if before is not None and not self._place.reaches(before) and not before.silent(self._clock.now()):
            raise _locked(before)
        holder = describe(self._place, self._operation, self._clock.now())
        _write(descriptor, holder)
        self.took_over = before
        self._hold(descriptor, holder)
        return True

    def _hold(self, descriptor: int, holder: Holder) -> None:
        _leave_to_no_child()
        _held.add(descriptor)
        self._descriptor, self._pid = descriptor, os.getpid()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._beat, args=(descriptor, holder), name="cynthus-lock-heartbeat", daemon=True
        )
        self._thread.start()

    def _beat(self, descriptor: int, holder: Holder) -> None:
        while not self._stop.wait(self._beat_every):
            # A beat that is lost is no harm: on this machine the kernel keeps the lock.
            with suppress(OSError):
                _write(descriptor, replace(holder, beat_at=stamp(self._clock.now())))


def describe(place: Place, operation: str, now: datetime) -> Holder:
    """This process as the holder of a lock."""
    pid, at = os.getpid(), stamp(now)
    return Holder(place.owner, place.host, place.boot, pid, birth(pid) or "", operation, since=at, beat_at=at)


def _write(descriptor: int, holder: Holder) -> None:
    data = holder.document()
    if os.pwrite(descriptor, data, 0) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.ftruncate(descriptor, len(data))


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the file that was opened still has its name: somebody may have deleted the folder meanwhile."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _locked(holder: Holder | None) -> Locked:
    said = str(holder) if holder else "somebody is at work here who has not said who it is"
    return Locked(said, hint="wait until that has ended, or end that process: its lock goes with it")


_held: set[int] = set()


@cache
def _leave_to_no_child() -> None:
    """A program that we start closes our descriptors by itself; a forked copy of us must be made to."""
    os.register_at_fork(after_in_child=_close_held)


def _close_held() -> None:
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()
