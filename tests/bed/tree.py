"""The Debian tree below all hosts, built once by the machine's own apt and kept in a cache."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bed import debian, packages

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALLED = (
    "openssh-server", "sudo", "python3", "python3-apt", "iproute2", "iptables", "procps",
    "systemd-sysv", "libpam-systemd", "dbus", "ca-certificates",
)  # fmt: skip
"""What a host has beyond the least that apt can live with. No Docker: hosts are bare."""

OFFERED = ("docker.io", "docker-registry", "python3-venv", "rsync", "curl", "gnupg", "acl", "pciutils")
"""What a host can install: apt finds these, and what they need, on the host's own disk."""

DOCKER = ("docker.io",)
"""What the hosts have that ask for Docker."""

_SCRIPTS = Path(__file__).parent


@dataclass(frozen=True)
class Tree:
    """Where the layers of a host lie. None of them is ever written to again."""

    folder: Path

    @property
    def base(self) -> Path:
        return self.folder / "base"

    @property
    def docker(self) -> Path:
        """A layer above `base` with Docker installed."""
        return self.folder / "docker"

    @property
    def registry(self) -> Path:
        """The program docker-registry."""
        return self.folder / "registry" / "usr" / "bin" / "docker-registry"

    def lower(self, *, docker: bool) -> str:
        """The layers in overlayfs' words: the uppermost first."""
        return f"{self.docker}:{self.base}" if docker else str(self.base)


def cache() -> Path:
    """Where trees and living beds are."""
    named = os.environ.get("CYNTHUS_TEST_CACHE")
    beside = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(named or f"{beside}/cynthus-tests").expanduser().absolute()


def place() -> Path:
    """Where the tree for this machine's distribution is, or will be once it is built."""
    return cache() / f"tree-{debian.suite()}-{_key()}"


def tree() -> Tree:
    """The tree for this machine's distribution, built now if it is not there (one to two minutes, 700 MB).

    Raises:
        NoTree: it cannot be built.
    """
    with alone(cache()):
        if not place().exists():
            _build(place())
    return Tree(place())


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process builds; the others wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _key() -> str:
    """Another list of packages or another script is another tree."""
    scripts = [(_SCRIPTS / name).read_text() for name in ("furnish.sh", "layer.sh", "packages.py")]
    return hashlib.sha256(json.dumps([INSTALLED, OFFERED, DOCKER, scripts]).encode()).hexdigest()[:12]


def _build(whole: Path) -> None:
    half = whole.with_suffix(".building")
    shutil.rmtree(half, ignore_errors=True)
    made = Tree(half)
    half.mkdir()
    # Readable for all: hosts have users that are not root.
    half.chmod(0o755)
    debian.bootstrap(made.base, INSTALLED, _SCRIPTS / "furnish.sh", BED_OFFERED=" ".join(OFFERED))
    packages.index(made.base / "srv" / "packages")
    packages.unpack(made.base / "srv" / "packages", "docker-registry", half / "registry")
    debian.run_or_tell("unshare", "--mount", str(_SCRIPTS / "layer.sh"), str(made.base), str(made.docker), *DOCKER)
    half.rename(whole)
