"""What a host is, and how it is asked. Nothing here changes anything."""

from __future__ import annotations

import os
import platform
import pwd
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Answer(NamedTuple):
    """What a command came to; 127 where it cannot be run or does not end."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Host:
    """A host: its files lie below `root`, and `user` is who runs something there."""

    root: Path
    user: str

    def text(self, path: str) -> str:
        """The content of a file; empty where it cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    @property
    def system(self) -> dict[str, Any]:
        """What os-release says: `id` and `codename` are words such as "debian" and "bookworm"."""
        pairs = (line.partition("=") for line in self.text("etc/os-release").splitlines())
        said = {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
        return {
            "id": said.get("ID", ""),
            "like": said.get("ID_LIKE", "").split(),
            "version": said.get("VERSION_ID", ""),
            "codename": said.get("VERSION_CODENAME", ""),
            "name": said.get("PRETTY_NAME") or platform.system(),
        }

    @property
    def kernel(self) -> str:
        """The release of the kernel that runs: what `uname -r` says."""
        return self.text("proc/sys/kernel/osrelease").strip() or platform.release()

    @property
    def uses_apt(self) -> bool:
        """Whether it is Debian, Ubuntu, or made from one of them."""
        return bool({"debian", "ubuntu"} & {self.system["id"], *self.system["like"]})

    @property
    def has_systemd(self) -> bool:
        """Whether it was started by systemd."""
        return (self.root / "run/systemd/system").is_dir()

    def facts(self) -> dict[str, Any]:
        """What a person would ask first. Bytes and seconds."""
        return {
            "python": platform.python_version(),
            "system": self.system,
            "kernel": self.kernel,
            "architecture": platform.machine(),
            "systemd": self.has_systemd,
            "cloud_init": cloud_init(),
            "reboot_required": (self.root / "run/reboot-required").exists(),
            "user": self.user,
            "root": is_root(),
            "sudo": sudo(),
            "cpus": os.cpu_count(),
            "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            "free": {place: self.free(place) for place in ("/", "/var/lib")},
            "clock": time.time(),
        }

    def free(self, place: str) -> int | None:
        """Bytes that everybody may use where `place` lies; None where there is no such place."""
        try:
            disk = os.statvfs(self.root / place.lstrip("/"))
        except OSError:
            return None
        return disk.f_bavail * disk.f_frsize


def this_user() -> str:
    """The name of whoever asks."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def is_root() -> bool:
    """Whether whoever asks may do everything."""
    return os.geteuid() == 0


_ASKS = "(password|authentication) is required"
"""The words of sudo, and of the one in Rust that newer Ubuntus have."""


def sudo() -> str:
    """How this user becomes root: "is root", "without a password", "with a password" or "not at all"."""
    if is_root():
        return "is root"
    # -k leaves out what sudo remembers of a password. Only -v tells who has to give one from who may not at all.
    if ask("sudo", "-k", "-n", "true").code == 0:
        return "without a password"
    return "with a password" if re.search(_ASKS, ask("sudo", "-k", "-n", "-v").err) else "not at all"


def cloud_init(patience: float = 0) -> str:
    """Its state in its own word, empty where there is none; it gets `patience` seconds to finish first.

    A first boot installs packages and holds apt's lock.
    """
    if not shutil.which("cloud-init"):
        return ""
    if patience:
        ask("cloud-init", "status", "--wait", timeout=patience)
    lines = ask("cloud-init", "status").out.splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("status:")), "")


def ask(*words: str, timeout: float = 20) -> Answer:
    """Run a command that only tells something, in plain English and for at most `timeout` seconds."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return Answer(127, "", str(problem))
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
