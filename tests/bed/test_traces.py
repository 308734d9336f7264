"""Nothing of a bed stays on the machine, whether it is closed or killed."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, alive, birth, start
from tests.bed import beds, cgroups
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen

    from tests.bed.beds import Bed

pytestmark = pytest.mark.hosts

_REPOSITORY = Path(__file__).parents[2]
_MAKE = """
import signal
from tests.bed.beds import Bed
from tests.bed.registry import Registry
from tests.bed.suite import usual
from tests.bed.tree import tree
with Bed(tree(usual())) as bed, Registry(bed):
    bed.host()
    print(bed.folder, flush=True)
    signal.pause()
"""


@dataclass(frozen=True)
class Other:
    """A bed with a host and a registry, which belongs to a process of its own."""

    owner: Popen[bytes]
    folder: Path
    processes: frozenset[tuple[int, str]]

    def running(self) -> list[str]:
        """What still runs of it."""
        return [f"{pid} of {self.folder.name}" for pid, born in self.processes if alive(pid, born)]

    def kept(self) -> list[Path]:
        """Folders and cgroups that are still there. Mounts and networks have no name: they end with the processes."""
        places = [self.folder, *(each.folder / self.folder.name for each in cgroups.hierarchies())]
        return [place for place in places if place.exists()]


@pytest.fixture
def other(bed: Bed, tmp_path: Path) -> Iterator[Other]:
    said = tmp_path / "said"
    with open(said, "wb") as out:
        owner = start(Command((sys.executable, "-c", _MAKE), cwd=_REPOSITORY), stdout=out, stderr=DEVNULL)
    try:
        wait_for(lambda: said.read_text().endswith("\n") or owner.poll() is not None, "another bed")
        folder = Path(said.read_text().strip())
        yield Other(owner, folder, frozenset(descendants(owner.pid)))
    finally:
        owner.kill()
        owner.wait()
        beds.sweep()


def test_a_bed_that_is_closed_leaves_nothing(other: Other) -> None:
    assert len(other.processes) > 5
    other.owner.send_signal(signal.SIGINT)
    other.owner.wait(20)
    assert not other.running()
    assert not other.kept()


def test_a_bed_that_is_killed_leaves_only_what_the_next_one_sweeps(other: Other) -> None:
    other.owner.kill()
    other.owner.wait()
    wait_for(lambda: not other.running(), "the end of all its processes")
    beds.sweep()
    assert not other.kept()


def test_sweeping_leaves_a_living_bed_alone(other: Other) -> None:
    beds.sweep()
    assert other.folder in other.kept()
    assert other.running()


def descendants(pid: int) -> Iterator[tuple[int, str]]:
    """All processes below one, each with its birth; those in a host, too."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    below = {pid}
    while grown := {child for child, parent in parents.items() if parent in below} - below:
        below |= grown
    for each in below - {pid}:
        born = birth(each)
        if born:
            yield each, born
