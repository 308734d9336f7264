"""What goes on while a host makes the app's environment: the installer's own last line, as it grows."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Self

from cynthus.agent.steps import own_words, without_credentials
from cynthus.errors import CynthusError
from cynthus.operations.follow import read_log
from cynthus.operations.layers import Layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import PurePosixPath

    from cynthus.operations.host_agent import HostAgent
    from cynthus.targets.connection import Connection

PAUSE = 1.0
"""Seconds until the first look, and between two. An environment without requirements is made in less than one."""
WIDEST = 160
_ROLE = "image"


class Installing:
    """Hands on to `activity` what a play does, and in its role `image` what the installer says besides.

    It looks by the hosts' connections, in a thread of its own, and only as long as that role is at work.
    """

    def __init__(self, agents: Iterable[HostAgent], activity: Callable[[str], None], *, pause: float = PAUSE) -> None:
        self._logs = [Growing(agent.connection, agent.installation_log) for agent in agents]
        self._activity = activity
        self._pause = pause
        self._line = ""
        self._at_work = False
        self._over = threading.Event()
        # It must not keep anybody waiting: a host that does not answer is the play's business.
        self._thread = threading.Thread(target=self._look_on, name="installing", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def activity(self, text: str) -> None:
        """Told by the play which task begins."""
        self._at_work = text.partition(":")[0] == _ROLE
        self._activity(text)

    def look(self) -> None:
        """Tell the installer's last line, if it is at work."""
        for log in self._logs if self._at_work else ():
            self._line = log.news() or self._line
        # Said again where there is no news: a large download is one line for minutes.
        if self._line and self._at_work and not self._over.is_set():
            self._activity(self._line)

    def _look_on(self) -> None:
        while not self._over.wait(self._pause):
            self.look()


class Growing:
    """A log on a host that may come and go."""

    def __init__(self, connection: Connection, path: PurePosixPath) -> None:
        self._connection = connection
        self._path = path
        self._offset = 0
        self._layers = Layers()

    def news(self) -> str:
        """The last line of what was added since the last look, or how far the layers of an image are; '' where that
        says nothing."""
        added = b""
        try:
            for data in read_log(self._connection, self._path, self._offset):
                self._offset += len(data)
                added = data
                self._layers.hear(data)
        except (OSError, CynthusError):
            return ""
        return (self._layers.told if added else "") or last_words(added)


def last_words(said: bytes) -> str:
    """The last line that says something, fit for a terminal and without a password in an address."""
    lines = [own_words(line) for line in re.split(r"[\r\n]+", said.decode(errors="replace"))]
    line = without_credentials(next((line for line in reversed(lines) if line.strip()), ""))
    shown = "".join(letter if letter.isprintable() else " " for letter in line).strip()
    return shown if len(shown) <= WIDEST else f"{shown[: WIDEST - 3]}..."
