"""Waiting, but not through a signal that concerns a supervisor: a child's end, or the wish to stop."""

from __future__ import annotations

import os
import select
import signal


class Alarm:
    """Takes over SIGCHLD and SIGTERM of this process."""

    def __init__(self) -> None:
        self._terminated = False
        self._ear, mouth = os.pipe()
        for descriptor in (self._ear, mouth):
            os.set_blocking(descriptor, False)
        # The pipe also remembers a signal that comes between a look and the wait.
        signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._terminate)

    @property
    def asked(self) -> str:
        """Why this process should stop its run; '' as long as no signal said so."""
        return "cancelled: the supervisor got SIGTERM" if self._terminated else ""

    def wait(self, seconds: float) -> None:
        """At most `seconds`, less where a signal comes or came since the last wait."""
        select.select([self._ear], [], [], seconds)
        try:
            os.read(self._ear, 512)
        except BlockingIOError:
            return

    def _terminate(self, *_: object) -> None:
        self._terminated = True
