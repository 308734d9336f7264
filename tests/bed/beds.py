"""A bed: a hub, a relay and hosts. Everything of it goes when it is closed, and also when its process is killed."""

from __future__ import annotations

import os
import shutil
import uuid
from itertools import count
from typing import TYPE_CHECKING, Self

from cynthus.process import Command, alive, birth, run
from tests.bed import cgroups
from tests.bed.disk import Disk
from tests.bed.host import Host
from tests.bed.hub import ADDRESS, PREFIX, Hub
from tests.bed.keys import new_certificate, new_key
from tests.bed.relay import Relay
from tests.bed.tree import Tree, cache

if TYPE_CHECKING:
    from pathlib import Path

_TRUSTED = "etc/ssl/certs/ca-certificates.crt"
_PREFIX = "cynthus-bed-"
"""Of a bed's name, which its folder and its cgroups have: the rest is the pid that it belongs to, and its birth."""


class Bed:
    """Hosts that see each other, and nothing else. It starts hosts from the thread that made it, and from no other:
    they are killed when that thread ends.
    """

    def __init__(self, tree: Tree) -> None:
        sweep()
        self.tree = tree
        self.folder = new_folder()
        self.key = self.folder / "key"
        new_key(self.key, "test bed")
        self.certificate = self.folder / "bed.crt"
        new_certificate(self.certificate, "127.0.0.1", ADDRESS)
        self.hub = Hub()
        self.disks = self.folder / "disks"
        self.disks.mkdir()
        if not _takes_overlays(self.disks):
            self.hub.run("mount", "-t", "tmpfs", "tmpfs", str(self.disks))
        self.relay = Relay(self.hub, self.folder / "relay.log")
        self.living: list[Host] = []
        self._numbers = count(1)

    def hosts(self, number: int = 1, *, docker: bool = False, disk: str = "") -> list[Host]:
        """New hosts, started side by side and ready. `disk` is a size that mount takes (300m); '' is the machine's."""
        made = [self._make(docker=docker, disk=disk) for _ in range(number)]
        for host in made:
            host.start()
        for host in made:
            host.await_ready()
        return made

    def host(self, *, docker: bool = False, disk: str = "") -> Host:
        return self.hosts(1, docker=docker, disk=disk)[0]

    def remove(self, host: Host) -> None:
        self.living.remove(host)
        host.remove()

    def close(self) -> None:
        for host in self.living:
            host.stop()
        self.relay.close()
        self.hub.close()
        _forget(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make(self, *, docker: bool, disk: str) -> Host:
        number = next(self._numbers)
        name, address = f"host-{number}", f"10.77.{number // 250}.{number % 250 + 2}"
        folder = self.disks / name
        environment = {
            "HOST_NAME": name,
            "HOST_FOLDER": str(folder),
            "HOST_LOWER": self.tree.lower(docker=docker),
            "HOST_ADDRESS": f"{address}/{PREFIX}",
            "HOST_MAC": f"02:00:00:77:{number // 256:02x}:{number % 256:02x}",
            "HUB_PID": str(self.hub.pid),
            "HUB_PORT": f"port-{number}",
        }
        line = self.relay.add(address, 22)
        host = Host(name, address, self.key, line, Disk(folder, disk, self.hub), self.folder.name, environment)
        host.disk.lay()
        self._introduce(host)
        self.living.append(host)
        return host

    def _introduce(self, host: Host) -> None:
        """Write on its disk who the host is, whom it lets in, and whom it trusts."""
        for folder in ("etc/ssh", "etc/ssl/certs"):
            host.disk.path(folder).mkdir(parents=True)
        host.disk.path("etc/hostname").write_text(f"{host.name}\n")
        host.disk.path("etc/hosts").write_text(f"127.0.0.1 localhost\n{host.internal_address} {host.name}\n")
        # systemd takes a host without one for new, and sets up all its units again.
        host.disk.path("etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
        shutil.copy(self.key.with_suffix(".pub"), host.disk.path("etc/ssh/bed.pub"))
        host.disk.path(_TRUSTED).write_text((self.tree.base / _TRUSTED).read_text() + self.certificate.read_text())
        host.new_key()


def sweep() -> None:
    """Remove what is left of beds whose process was killed. The kernel has ended their processes and mounts."""
    for folder in _beds().glob(f"{_PREFIX}*"):
        if not alive(*_owner(folder)):
            _forget(folder)


def new_folder() -> Path:
    """A folder of this process: `sweep` removes it once the process is gone."""
    folder = _beds() / f"{_PREFIX}{os.getpid()}-{birth(os.getpid())}-{uuid.uuid4().hex[:6]}"
    folder.mkdir(parents=True)
    return folder


def by_hand(folder: Path) -> None:
    """Note that a person has brought it up, who may ask somewhere else that it goes."""
    (folder / "by-hand").touch()


def brought_up_by_hand() -> list[int]:
    """The pids of living beds that a person has brought up."""
    folders = [note.parent for note in _beds().glob("*/by-hand")]
    return [_owner(folder)[0] for folder in folders if alive(*_owner(folder))]


def _owner(folder: Path) -> tuple[int, str]:
    """The process that a bed belongs to: its pid and its birth."""
    pid, born, _ = folder.name.removeprefix(_PREFIX).split("-")
    return int(pid), born


def _beds() -> Path:
    return cache() / "beds"


def _forget(folder: Path) -> None:
    cgroups.remove(folder.name)
    # Others may sweep at the same time.
    shutil.rmtree(folder, ignore_errors=True)


def _takes_overlays(folder: Path) -> bool:
    """Whether an overlay may write here. On another overlay, as in a container, it may not."""
    parts = [folder / f"probe-{part}" for part in ("lower", "upper", "work", "root")]
    for part in parts:
        part.mkdir()
    lower, upper, work, root = parts
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    answer = run(Command(("unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options, str(root))))
    for part in parts:
        shutil.rmtree(part)
    return answer.returncode == 0
