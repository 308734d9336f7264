"""A process that outlives the one that started it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def detach(work: Callable[[], None], *, log: Path, keep: Sequence[int] = ()) -> None:
    """Do `work` in a process without terminal, parent or open files of ours, but for the descriptors in `keep`.

    What goes wrong in it is written to `log`. Forked and not started anew: that saves the start of an interpreter.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        # The leader of a session could get a terminal again; its child cannot.
        if os.fork():
            os._exit(0)
        _leave(log, keep)
        work()
    except BaseException:  # noqa: BLE001 - the last line of a process of its own: there is nobody to raise to
        import traceback

        os.write(2, traceback.format_exc().encode())
        os._exit(1)
    os._exit(0)


def _leave(log: Path, keep: Sequence[int]) -> None:
    os.chdir("/")
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in ((0, nothing), (1, nothing), (2, errors)):
        os.dup2(source, target)
    for descriptor in _open_descriptors():
        if descriptor > 2 and descriptor not in keep:
            _close(descriptor)


def _open_descriptors() -> list[int]:
    try:
        return [int(each.name) for each in Path("/dev/fd").iterdir()]
    except OSError:
        return list(range(256))


def _close(descriptor: int) -> None:
    # The listing itself was open while it was made, and is not any more.
    with suppress(OSError):
        os.close(descriptor)
