"""How a play is ended before its time: in order first, and so that nothing of it is left."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.ansible.family import Family


class Stop:
    """ansible-runner asks it several times a second whether the play is over (its `cancel_callback`).

    ansible-runner's own way is SIGKILL to the process group, which leaves the modules of Ansible's workers running:
    each worker has a session of its own. So ansible-playbook gets one SIGINT, which it hands on to its workers, and
    ansible-runner goes on reading what it prints; only after `grace` seconds it is told to kill.
    """

    def __init__(self, family: Family, *, deadline: float, grace: float, monotonic: Callable[[], float]) -> None:
        self._family = family
        self._deadline = deadline
        self._grace = grace
        self._monotonic = monotonic
        self._asked = threading.Event()
        self._since: float | None = None
        self.timed_out = False

    def ask(self) -> None:
        """End the play."""
        self._asked.set()

    def hurry(self) -> None:
        """End the play, and do not wait for it any longer."""
        self._grace = 0
        self._asked.set()

    def __call__(self) -> bool:
        now = self._monotonic()
        if not self._asked.is_set() and now >= self._deadline:
            self.timed_out = True
            self._asked.set()
        if not self._asked.is_set():
            return False
        self._family.look()
        if self._since is None:
            self._since = now
            self._family.interrupt()
        return now - self._since >= self._grace

    def clean(self, *, patience: float = 2) -> None:
        """After a play that was stopped: end what it left behind, SIGKILL after `patience` seconds."""
        if self._since is not None:
            self._family.end(patience=patience)
