"""The network that hosts share: a namespace with one bridge, and the mounts that outlive a single host.

One idle process holds both. They are gone with it, so that nothing of a bed has a name on the machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import DEVNULL

from cynthus.process import Command, Completed, run, start
from tests.processes import wait_for

ADDRESS = "10.77.0.1"
PREFIX = 16

SEARCHED = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Where programs are looked for: root may have come by a way that leaves the folders for administrators out."""

_HOLD = ("setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--propagation", "slave", "sleep", "infinity")


class Hub:
    """The process that holds the namespaces, and how to do something in them."""

    def __init__(self) -> None:
        self._process = start(Command(_HOLD), stdout=DEVNULL, stderr=DEVNULL)
        self.pid = self._process.pid
        wait_for(self._apart, "the hub's namespaces")
        self.run("ip", "link", "set", "lo", "up")
        # No spanning tree, no delay: a port forwards at once.
        self.run("ip", "link", "add", "bridge", "type", "bridge", "stp_state", "0", "forward_delay", "0")
        self.run("ip", "address", "add", f"{ADDRESS}/{PREFIX}", "dev", "bridge")
        self.run("ip", "link", "set", "bridge", "up")

    def run(self, *argv: str, check: bool = True) -> Completed:
        """Run in the hub's network, with the hub's mounts."""
        answer = run(Command((*self.entry, *argv), env={**os.environ, "PATH": SEARCHED}), timeout=60)
        if check and answer.returncode:
            raise RuntimeError(f"{' '.join(argv)}: {answer.stderr.decode()}")
        return answer

    @property
    def entry(self) -> tuple[str, ...]:
        """What to put before a command, so that it runs inside."""
        return ("nsenter", f"--net=/proc/{self.pid}/ns/net", f"--mount=/proc/{self.pid}/ns/mnt", "--")

    def path(self, path: Path) -> Path:
        """The path by which we see what the hub has at `path`."""
        return Path(f"/proc/{self.pid}/root{path}")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _apart(self) -> bool:
        # setpriv becomes unshare, and unshare becomes the command, once its work is done.
        return Path(f"/proc/{self.pid}/comm").read_text() == "sleep\n"
