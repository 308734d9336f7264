"""How much memory processes had at most, asked of the kernel while they live."""

from __future__ import annotations

import threading
from pathlib import Path

EVERY = 0.05
"""Seconds between two looks. The kernel keeps the highest figure, so only a short-lived process is missed."""


class Peaks(threading.Thread):
    """Looks at one command, and at the agent's processes that name `home`. MB."""

    def __init__(self, home: str) -> None:
        super().__init__(daemon=True)
        self._home = home.encode()
        self._pid = 0
        self._over = threading.Event()
        self.command = 0.0
        self.agent = 0.0

    def watch(self, pid: int) -> None:
        """Begin."""
        self._pid = pid
        self.start()

    def stop(self) -> None:
        """End, and wait for that."""
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(EVERY):
            self.command = max(self.command, peak(self._pid))
            self.agent = max([self.agent, *map(peak, self._agents())])

    def _agents(self) -> list[int]:
        return [pid for pid in processes() if self._is_agent(command_line(pid))]

    def _is_agent(self, line: bytes) -> bool:
        # Ansible's own processes have a path of the agent in their arguments as well.
        words = line.split(b"\0")
        return self._home in line and any(word.endswith((b"agent.pyz",)) for word in words[:4])


def processes() -> list[int]:
    """All that are alive."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def command_line(pid: int) -> bytes:
    """Its words, separated by zero bytes; nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def peak(pid: int) -> float:
    """The most memory that it ever had, in MB; 0 where it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) / 1000 if found else 0.0
