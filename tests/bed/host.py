"""One host: a Debian with systemd and sshd in namespaces of its own, bare until somebody installs something."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.process import Command, Completed, alive, birth, run, start
from tests.bed import cgroups
from tests.bed.hub import SEARCHED
from tests.bed.keys import new_key
from tests.bed.login import ssh_argv
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from subprocess import Popen

    from tests.bed.disk import Disk
    from tests.bed.relay import Line

PASSWORD = "correct horse"
"""What sudo asks the user `locked` for. `tester` is asked nothing, `plain` may not use sudo, and `root` is root."""

ADDRESS = "127.0.0.1"
_SCRIPTS = Path(__file__).parent


@dataclass(eq=False)
class Host:
    """A running host. From the tests it is at `address`:`port`, from other hosts at `internal_address`:22."""

    name: str
    internal_address: str
    key: Path
    line: Line
    disk: Disk
    bed: str
    environment: Mapping[str, str] = field(repr=False)
    """What boot.sh is told."""
    user: str = "tester"
    address: str = ADDRESS
    _keeper: Popen[bytes] | None = field(default=None, repr=False)
    _seen: str | None = field(default=None, repr=False)

    @property
    def port(self) -> int:
        return self.line.port

    @property
    def public_key(self) -> str:
        """The key by which the host shows who it is: type and key, as known_hosts wants them."""
        return " ".join(self.disk.path("etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2])

    @property
    def pid(self) -> int:
        """The pid of its systemd, as the machine counts."""
        return int(self._pid_file.read_text())

    def run(self, *argv: str, stdin: bytes = b"", timeout: float = 120) -> Completed:
        """Run as root inside, past SSH."""
        # Not the user namespace: root inside is root outside.
        inside = ("nsenter", f"--target={self.pid}", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--")
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
        return run(Command((*inside, *argv), env=environment, stdin=stdin), timeout=timeout)

    def text(self, *argv: str, stdin: bytes = b"", timeout: float = 120) -> str:
        """What that prints; fails the test where it fails."""
        answer = self.run(*argv, stdin=stdin, timeout=timeout)
        assert answer.returncode == 0, f"{self.name}: {' '.join(argv)}: {answer.stderr.decode()}"
        return answer.stdout.decode()

    def path(self, path: str) -> Path:
        """The path by which the tests see the running host's `path`. A link in it leads out of the host: use `run`."""
        return Path(f"/proc/{self.pid}/root") / path.lstrip("/")

    def ssh_argv(self, *words: str, user: str = "") -> tuple[str, ...]:
        """An `ssh` to the host that knows its key and asks nothing; `words` is what the shell there gets."""
        return ssh_argv(self, *words, user=user)

    def ssh(self, *words: str, user: str = "", stdin: bytes = b"", timeout: float = 60) -> Completed:
        return run(Command(self.ssh_argv(*words, user=user), stdin=stdin), timeout=timeout)

    def start(self) -> None:
        """Start the host, and do not wait until it is ready. Its disk is as it was left."""
        self._pid_file.unlink(missing_ok=True)
        command = ("setpriv", "--pdeathsig", "KILL", *self.disk.hub.entry, "sh", str(_SCRIPTS / "keep.sh"))
        with open(self._log, "ab") as log:
            self._keeper = start(Command(command, env={**os.environ, **self._environment()}), stdout=log, stderr=log)
        self.line.plug()

    def stop(self) -> None:
        """Pull the plug: everything on it is killed at once, and its disk is kept."""
        self.line.unplug()
        if self._keeper is None:
            return
        self._keeper.kill()
        if self._pid_file.exists():
            pid = self.pid
            born = birth(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            # The kernel lets process 1 go when all others of its namespace are gone.
            wait_for(lambda: born is None or not alive(pid, born), f"the end of {self.name}")
        self._keeper.wait()
        self._keeper = None
        self.disk.hub.run("ip", "link", "delete", self.environment["HUB_PORT"], check=False)
        cgroups.remove(self.bed, self.name)

    def reboot(self) -> None:
        """Reboot as an administrator does, in good order, and wait until the host is back."""
        self.run("systemctl", "reboot", "--no-block")
        self.await_reboot()

    def await_reboot(self) -> None:
        """Wait until a host that somebody reboots is back."""
        wait_for(lambda: self._birth() not in (None, self._seen), f"{self.name} to come back")
        self.await_ready()

    def await_ready(self) -> None:
        """Wait until users can log in."""
        wait_for(self._lets_in, f"{self.name} to let users in: {self._log}")
        self._seen = self._birth()

    def import_image(self, tar: Path, name: str) -> None:
        """Give the host's Docker a tree as the image `name`."""
        self.text("docker", "import", "-", name, stdin=tar.read_bytes())

    def new_key(self) -> None:
        """Give the host another key of its own, as a reinstalled one has."""
        running = self._keeper is not None
        # What lies below a mounted overlay must not be changed behind its back.
        key = (self.path if running else self.disk.path)("/etc/ssh/ssh_host_ed25519_key")
        for old in (key, key.with_suffix(".pub")):
            old.unlink(missing_ok=True)
        new_key(key, self.name)
        if running:
            self.text("systemctl", "restart", "ssh")

    def remove(self) -> None:
        """Stop it and throw its disk away."""
        self.stop()
        self.disk.remove()

    @property
    def _pid_file(self) -> Path:
        return self.disk.hub.path(self._pid_inside)

    @property
    def _pid_inside(self) -> Path:
        """Where the hub sees it: beside the disk, which may be full."""
        return self.disk.folder.with_suffix(".pid")

    @property
    def _log(self) -> Path:
        return self.key.with_name(f"{self.name}.log")

    def _environment(self) -> dict[str, str]:
        present = cgroups.hierarchies()
        own = [str(each.make(self.bed, self.name)) for each in present]
        mine = {"CGROUP_FOLDERS": " ".join(own), "CGROUP_MOUNTS": cgroups.mounts(present)}
        return {**self.environment, **mine, "HOST_PID_FILE": str(self._pid_inside), "PATH": SEARCHED}

    def _birth(self) -> str | None:
        try:
            return birth(self.pid)
        except (OSError, ValueError):
            return None

    def _lets_in(self) -> bool:
        assert self._keeper
        assert self._keeper.poll() is None, self._log.read_text()
        # systemd lays /run/nologin down long before it starts sshd, and takes it away when users may come.
        if self._birth() is None or not self.path("/run/sshd.pid").exists() or self.path("/run/nologin").exists():
            return False
        with suppress(OSError), socket.create_connection((self.address, self.port), timeout=5) as knock:
            return knock.recv(4) == b"SSH-"
        return False
