"""A Debian tree below all hosts, built once by the machine's own apt and kept in a cache."""

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

from tests.bed import packages
from tests.bed.debian import NoTree, bootstrap, run_or_tell
from tests.bed.suite import docker

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALLED = (
    "openssh-server", "sudo", "python3", "python3-apt", "iproute2", "iptables", "procps",
    "systemd-sysv", "libpam-systemd", "dbus", "ca-certificates",
)  # fmt: skip
"""What a host has beyond the least that apt can live with. No Docker: hosts are bare."""

OFFERED = ("docker.io", "docker-registry", "python3-venv", "rsync", "curl", "gnupg", "acl", "pciutils")
"""What a host can install: apt finds these, and what they need, on the host's own disk. So it does with Docker's."""

_LARGE = 20_000_000
"""Bytes of a package that is worth storing uncompressed: those of Docker and of containerd are larger."""

_SCRIPTS = Path(__file__).parent


@dataclass(frozen=True)
class Tree:
    """Where the layers of a host lie. None of them is ever written to again."""

    folder: Path
    suite: str

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

    @property
    def python(self) -> str:
        """The version of its Python: "3.11"."""
        return (self.base / "usr/bin/python3").readlink().name.removeprefix("python")

    def lower(self, *, docker: bool) -> str:
        """The layers in overlayfs' words: the uppermost first."""
        return f"{self.docker}:{self.base}" if docker else str(self.base)


def cache() -> Path:
    """Where trees and living beds are."""
    named = os.environ.get("CYNTHUS_TEST_CACHE")
    beside = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(named or f"{beside}/cynthus-tests").expanduser().absolute()


def place(suite: str) -> Path:
    """Where the tree of a suite is, or will be once it is built."""
    return cache() / f"tree-{suite}-{_key(suite)}"


def tree(suite: str) -> Tree:
    """The tree of a suite, built now if it is not there (one to two minutes, 900 MB).

    Raises:
        NoTree: it cannot be built.
    """
    made = Tree(place(suite), suite)
    # Who has one does not wait for who builds another. It gets its name only when it is whole.
    if not made.folder.exists():
        with alone(cache()):
            if not made.folder.exists():
                _build(made.folder, suite)
    return made


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process builds; the others wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _key(suite: str) -> str:
    """Another list of packages or another script is another tree."""
    scripts = [(_SCRIPTS / name).read_text() for name in ("furnish.sh", "layer.sh", "packages.py")]
    return hashlib.sha256(json.dumps([INSTALLED, OFFERED, docker(suite), scripts]).encode()).hexdigest()[:12]


def _build(whole: Path, suite: str) -> None:
    half = whole.with_suffix(".building")
    # What a killed one has left.
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    try:
        _fill(Tree(half, suite))
        half.rename(whole)
    except NoTree:
        shutil.rmtree(half, ignore_errors=True)
        raise


def _fill(made: Tree) -> None:
    # Readable for all: hosts have users that are not root.
    made.folder.chmod(0o755)
    offered = " ".join(dict.fromkeys((*OFFERED, *docker(made.suite))))
    bootstrap(made.base, made.suite, INSTALLED, _SCRIPTS / "furnish.sh", BED_OFFERED=offered)
    packages.loosen(made.base / "srv" / "packages", above=_LARGE)
    packages.index(made.base / "srv" / "packages")
    packages.unpack(made.base / "srv" / "packages", "docker-registry", made.folder / "registry")
    run_or_tell("unshare", "--mount", str(_SCRIPTS / "layer.sh"), str(made.base), str(made.docker), *docker(made.suite))
