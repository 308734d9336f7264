"""Cgroups for hosts: one in each hierarchy of the machine, whichever version it has (cgroups(7))."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Hierarchy:
    """One tree of cgroups. `options` is how it is mounted; a host mounts it by the same `name` below /sys/fs/cgroup."""

    folder: Path
    options: str

    @property
    def name(self) -> str:
        return self.folder.relative_to(ROOT).as_posix()

    def make(self, bed: str, host: str) -> Path:
        """A cgroup for a host, below the one for its bed."""
        folder = self.folder
        for part in (bed, host):
            _delegate(folder)
            folder = folder / part
            folder.mkdir(exist_ok=True)
            _fill_cpuset(folder)
        _delegate(folder.parent)
        return folder


def hierarchies() -> tuple[Hierarchy, ...]:
    """What the machine has mounted where systemd looks for it."""
    named = {line.split(":")[1] for line in Path("/proc/self/cgroup").read_text().splitlines()}
    known = {word for names in named for word in names.split(",")}
    found = []
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind not in ("cgroup", "cgroup2") or not Path(place).is_relative_to(ROOT):
            continue
        words = [f"none,{word}" if word.startswith("name=") else word for word in options.split(",") if word in known]
        found.append(Hierarchy(Path(place), "cgroup2" if kind == "cgroup2" else ",".join(words)))
    return tuple(found)


def mounts(present: tuple[Hierarchy, ...]) -> str:
    """The hierarchies in the words of boot.sh."""
    if [each.name for each in present] == ["."]:
        return "unified"
    return " ".join(f"{each.name}:{each.options}" for each in present)


def remove(bed: str, host: str = "") -> None:
    """Remove a host's cgroups, or all of a bed's, with what is below. Their processes have ended or are ending."""
    deadline = time.monotonic() + 10
    for hierarchy in hierarchies():
        folder = hierarchy.folder / bed / host
        while folder.exists():
            _remove_tree(folder)
            if time.monotonic() > deadline:
                raise RuntimeError(f"{folder} has processes that do not end")
            if folder.exists():
                time.sleep(0.01)


def _remove_tree(folder: Path) -> None:
    with suppress(OSError):  # processes that end right now, or somebody who removes it with us
        for below in folder.iterdir():
            if below.is_dir():
                _remove_tree(below)
        folder.rmdir()


def _fill_cpuset(folder: Path) -> None:
    """A new cpuset of version 1 is empty, and takes no process."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        own, above = folder / name, folder.parent / name
        if own.exists() and above.exists() and not own.read_text().strip():
            own.write_text(above.read_text())


def _delegate(folder: Path) -> None:
    """Version 2 gives a cgroup only the controllers that the one above hands down."""
    available = folder / "cgroup.controllers"
    for controller in available.read_text().split() if available.exists() else ():
        with suppress(OSError):  # one that cannot be handed down is one that hosts do without
            (folder / "cgroup.subtree_control").write_text(f"+{controller}")
