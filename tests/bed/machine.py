"""A virtual machine: a kernel of its own, cgroups of version 2, cloud-init, and a way in on loopback."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cynthus.process import Command, CommandTimeout, Completed, run, start
from tests.bed import beds, debian
from tests.bed.hub import SEARCHED
from tests.bed.keys import new_key
from tests.bed.login import ssh_argv
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import Popen

    from tests.bed.disk_image import DiskImage

MEMORY = 2048
"""In MiB."""

SILENCE = 10
"""For how many seconds a kernel on real hardware may say nothing. Some have a /dev/kvm on which none ever speaks."""

PATIENCE = 900
"""For how many seconds a machine that is emulated may take to let somebody in, while others work here."""

_REGISTRY_PORT = 5000
_CARRIED = ("-accel", "kvm", "-cpu", "host")
_EMULATED = ("-accel", "tcg,thread=multi", "-cpu", "max")


@dataclass(eq=False)
class VirtualMachine:
    """A machine that is bare but for what its image has. It reaches no network, and it goes with the thread that has
    started it.
    """

    image: DiskImage
    name: str = "machine"
    user: str = "tester"
    address: str = "127.0.0.1"
    port: int = field(default_factory=free_port)
    registry_port: int = field(default_factory=free_port)
    """Where we find the registry on its disk; it has no password. To the machine itself it is at `registry`."""
    registry: str = f"127.0.0.1:{_REGISTRY_PORT}"
    folder: Path = field(default_factory=beds.new_folder)
    accelerator: str = ""
    """`kvm` or `tcg`, once it runs."""
    _process: Popen[bytes] | None = field(default=None, repr=False)

    @property
    def key(self) -> Path:
        return self.folder / "key"

    @property
    def public_key(self) -> str:
        return " ".join(self._own_key.with_suffix(".pub").read_text().split()[:2])

    def start(self) -> None:
        """Start it for the first time, and wait until cloud-init has made its user, who can log in."""
        new_key(self.key, "test bed")
        new_key(self._own_key, self.name)
        self._seed()
        debian.run_or_tell(
            "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(self.image.disk), str(self._disk)
        )
        if os.access("/dev/kvm", os.R_OK | os.W_OK):
            self._power("kvm", *_CARRIED)
            if self._speaks():
                self.await_login()
                return
            self.close(keep=True)
        self._power("tcg", *_EMULATED)
        self.await_login()

    def close(self, *, keep: bool = False) -> None:
        """Pull the plug, and throw its disk away unless it is to be kept."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def ssh_argv(self, *words: str) -> tuple[str, ...]:
        return ssh_argv(self, *words, patience=60)

    def run(self, *argv: str, stdin: bytes = b"", timeout: float = 300) -> Completed:
        """Run as root, by SSH and sudo."""
        return run(Command(self.ssh_argv("sudo", shlex.join(argv)), stdin=stdin), timeout=timeout)

    def text(self, *argv: str, stdin: bytes = b"", timeout: float = 300) -> str:
        """What that prints; fails the test where it fails."""
        answer = self.run(*argv, stdin=stdin, timeout=timeout)
        assert answer.returncode == 0, f"{self.name}: {' '.join(argv)}: {answer.stderr.decode()}"
        return answer.stdout.decode()

    def until(self, holds: str, timeout: float = PATIENCE) -> None:
        """Wait until a command of root's shell succeeds. The machine itself looks: a login a second would be dear."""
        self.text("timeout", str(int(timeout)), "sh", "-c", f"until {holds}; do sleep 1; done", timeout=timeout + 60)

    def boot_id(self) -> str:
        """Which start of the kernel this is; '' while nobody can log in."""
        try:
            answer = run(Command(self.ssh_argv("cat", "/proc/sys/kernel/random/boot_id")), timeout=60)
        except CommandTimeout:
            # A machine that was reset in the middle of it has forgotten the connection, and does not say so.
            return ""
        return answer.stdout.decode().strip() if answer.returncode == 0 else ""

    def reboot(self, *, hard: bool = False) -> None:
        """Reboot in good order, or at once with nothing written and nobody told, and wait until it is back."""
        before = self.boot_id()
        assert before, f"{self.name} lets nobody in"
        # By a unit of its own, so that the login can end before.
        how = ("sh", "-c", "echo b >/proc/sysrq-trigger") if hard else ("systemctl", "reboot")
        self.text("systemd-run", "--on-active=1", "--timer-property=AccuracySec=100ms", *how)
        self._await(lambda: self.boot_id() not in ("", before), "to come back")

    def await_login(self) -> None:
        self._await(self.boot_id, "to let its user in")

    def told(self) -> str:
        """The end of what its console has said."""
        return self._console.read_text(errors="replace")[-2000:]

    @property
    def _own_key(self) -> Path:
        return self.folder / "machine-key"

    @property
    def _disk(self) -> Path:
        return self.folder / "disk.qcow2"

    @property
    def _console(self) -> Path:
        return self.folder / "console.log"

    def _seed(self) -> None:
        """Write what cloud-init is to do, as clouds tell it (NoCloud)."""
        folder = self.folder / "seed"
        folder.mkdir()
        user = {
            "name": self.user,
            "shell": "/bin/bash",
            "sudo": "ALL=(ALL) NOPASSWD: ALL",
            "ssh_authorized_keys": [self.key.with_suffix(".pub").read_text().strip()],
        }
        wishes = {
            "users": [user],
            "ssh_keys": {
                "ed25519_private": self._own_key.read_text(),
                "ed25519_public": self._own_key.with_suffix(".pub").read_text(),
            },
            "manage_etc_hosts": "localhost",
            # Its packages come from its own disk, and it knows no language.
            "apt": {"preserve_sources_list": True},
            "locale": False,
        }
        (folder / "user-data").write_text(f"#cloud-config\n{json.dumps(wishes)}")
        known = {"instance-id": uuid.uuid4().hex, "local-hostname": self.name}
        (folder / "meta-data").write_text(json.dumps(known))
        made = ("-output", str(self.folder / "seed.iso"), "-volid", "cidata", "-joliet", "-rock", str(folder))
        debian.run_or_tell("xorriso", "-as", "mkisofs", "-quiet", *made)

    def _power(self, accelerator: str, *how: str) -> None:
        self.accelerator = accelerator
        forwards = "".join(
            f",hostfwd=tcp:{self.address}:{here}-:{there}"
            for here, there in ((self.port, 22), (self.registry_port, _REGISTRY_PORT))
        )
        argv = (
            "setpriv", "--pdeathsig", "KILL",
            "qemu-system-x86_64", "-no-user-config", "-nodefaults", "-M", "q35", *how, "-smp", "2",
            "-m", str(MEMORY), "-display", "none", "-serial", f"file:{self._console}",
            "-kernel", str(self.image.kernel), "-initrd", str(self.image.initrd),
            # Nobody listens at its processor's side channels, and defences are dear where it is emulated.
            "-append", "root=/dev/vda rw console=ttyS0 mitigations=off init_on_alloc=0",
            # Nothing of it outlives a crash of ours, so nothing is worth a wait for our own disk.
            "-drive", f"file={self._disk},if=virtio,cache=unsafe",
            "-drive", f"file={self.folder / 'seed.iso'},if=virtio,format=raw,readonly=on",
            "-nic", f"user,model=virtio-net-pci,restrict=on{forwards}",
            "-device", "virtio-rng-pci",
        )  # fmt: skip
        with open(self.folder / "qemu.log", "wb") as log:
            self._process = start(Command(argv, env={**os.environ, "PATH": SEARCHED}), stdout=log, stderr=log)

    def _speaks(self) -> bool:
        """Whether its kernel says something soon."""
        assert self._process
        deadline = time.monotonic() + SILENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._console.exists() and self._console.stat().st_size:
                return True
            time.sleep(0.1)
        return False

    def _await(self, true: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert self._process
            assert self._process.poll() is None, (self.folder / "qemu.log").read_text()
            assert time.monotonic() < deadline, f"it never happened that {self.name} came {what}: {self.told()}"
            time.sleep(1)
