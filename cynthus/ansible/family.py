"""The processes that a play has started. Ansible's workers leave its process group, so they are found by descent."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from msgspec import Struct, field

from cynthus.process import kill_group

_PROC = Path("/proc")


class Process(Struct, frozen=True):
    """One line of the process table. `born` is in the kernel's ticks: a pid is used again, pid and birth are not.

    The parent is left out of comparisons: it changes when the first one dies.
    """

    pid: int
    parent: int
    born: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Process) and (self.pid, self.born) == (other.pid, other.born)

    def __hash__(self) -> int:
        return hash((self.pid, self.born))


class Family(Struct):
    """ansible-playbook, known by a variable in its environment, and all that descends from it.

    What has left the family of its own accord (a daemon that forked twice) before we look does not belong to it any
    more: a main.py that was started already goes on. Without /proc nobody is found.
    """

    mark: str
    """`NAME=value`, as it stands in the environment of ansible-playbook and nowhere else."""
    members: set[Process] = field(default_factory=set)

    @classmethod
    def left_by(cls, folder: Path) -> Family:
        """The family of a play whose private `folder` lies there still while whoever played it is gone."""
        # ansible-runner names that file on the command line. Modules, and what they start, do not have that line.
        word = f"@{folder}/env/extravars".encode()
        family = cls("", {process for process in process_table() if word in _strings(process, "cmdline")})
        if family.members:
            family.look()
        return family

    def look(self) -> None:
        """Add whoever is there now. Those seen earlier stay known when their parent has died."""
        table = process_table()
        if not self.members:
            self.members |= {process for process in table if process.parent == os.getpid() and self._marked(process)}
        grown = True
        while grown:
            pids = {member.pid for member in self.members & table}
            found = {process for process in table - self.members if process.parent in pids}
            self.members |= found
            grown = bool(found)

    def interrupt(self) -> None:
        """Ask ansible-playbook to stop, as Ctrl-C would: it leads a process group of its own."""
        for member in self.members:
            if member.parent == os.getpid():
                kill_group(member.pid, signal.SIGINT)

    def end(self, *, patience: float) -> None:
        """End whoever is left: SIGTERM, and after `patience` seconds SIGKILL."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + patience
        while self._living() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._signal(signal.SIGKILL)

    def _living(self) -> set[Process]:
        return self.members & process_table()

    def _signal(self, number: int) -> None:
        for member in self._living():
            try:
                os.kill(member.pid, number)
            except (ProcessLookupError, PermissionError):
                continue

    def _marked(self, process: Process) -> bool:
        return self.mark.encode() in _strings(process, "environ")


def process_table() -> set[Process]:
    """Every process that runs; zombies are left out."""
    found = (_process(entry.name) for entry in os.scandir(_PROC) if entry.name.isdigit()) if _PROC.is_dir() else ()
    return {process for process in found if process}


def _strings(process: Process, name: str) -> list[bytes]:
    """The strings in a file of /proc; none where the process is gone or somebody else's."""
    try:
        return (_PROC / str(process.pid) / name).read_bytes().split(b"\0")
    except OSError:
        return []


def _process(pid: str) -> Process | None:
    try:
        fields = (_PROC / pid / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else Process(int(pid), int(fields[1]), fields[19].decode())
