"""A virtual machine leaves nothing on ours. What it can do is told by tests/journeys/test_virtual_machine.py."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, alive, start
from tests.bed import beds
from tests.bed.fixtures import machine_image
from tests.bed.test_traces import descendants
from tests.bed.tree import cache
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["machine_image"]

pytestmark = [pytest.mark.hosts, pytest.mark.slow]
REPOSITORY = Path(__file__).parents[2]


def folders() -> set[Path]:
    return set((cache() / "beds").glob("*"))


@pytest.mark.usefixtures("machine_image")
def test_a_machine_whose_process_is_killed_is_gone_and_the_next_one_sweeps_its_disk() -> None:
    before = folders()
    owner = start(Command((sys.executable, "-m", "tests.bed", "vm"), cwd=REPOSITORY), stdout=DEVNULL, stderr=DEVNULL)
    try:
        wait_for(lambda: list(emulators(owner.pid)), "the start of a machine")
        (machine,) = emulators(owner.pid)
        (folder,) = (each for each in folders() - before if f"-{owner.pid}-" in each.name)
    finally:
        owner.kill()
        owner.wait()
    wait_for(lambda: not alive(*machine), "the end of the machine")
    beds.sweep()
    assert not folder.exists()


def emulators(pid: int) -> Iterator[tuple[int, str]]:
    """The processes below one that are virtual machines."""
    for each in descendants(pid):
        if Path(f"/proc/{each[0]}/comm").read_text().startswith("qemu-system"):
            yield each
