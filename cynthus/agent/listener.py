"""Whether anybody still waits for what this process will say."""

from __future__ import annotations

import os
import select
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDOUT = 1


@contextmanager
def needed() -> Iterator[None]:
    """Within the block this process is interrupted once nobody reads its answer: its connection was cut off.

    The main thread's block, and for what is worth nothing to whoever comes next.
    """
    over, end = os.pipe()
    watch = threading.Thread(target=_watch, args=(over,), daemon=True)
    watch.start()
    try:
        yield
    finally:
        os.close(end)
        watch.join()
        os.close(over)


def _watch(over: int) -> None:
    lines = select.poll()
    # Nothing is asked about: that the other end of a pipe or a socket is gone is always told. Of a file it never is.
    lines.register(_STDOUT, 0)
    lines.register(over, select.POLLIN)
    if dict(lines.poll()).get(_STDOUT, 0) & (select.POLLERR | select.POLLHUP):
        # Whoever was started in the background has the gentler one switched off.
        gentle = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT if gentle else signal.SIGTERM)
