"""Two people, each with a clone of the same folder, and one host."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from tests.journeys.test_silent_host import WORKS, spec_for
from tests.journeys.user import User, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.host import Host

pytestmark = pytest.mark.hosts

HOMES = "/home/tester/.local/share/cynthus"


@pytest.fixture(scope="module")
def ann(tmp_path_factory: pytest.TempPathFactory) -> User:
    return User(tmp_path_factory.mktemp("ann"))


@pytest.fixture(scope="module")
def bob(tmp_path_factory: pytest.TempPathFactory) -> User:
    return User(tmp_path_factory.mktemp("bob"))


@pytest.fixture(scope="module")
def anns(ann: User, machine: Host) -> Path:
    """The folder, from which an app was brought to the host."""
    folder = ann.folder(main=WORKS, cynthus_yaml=spec_for(machine))
    answer = ann.cynthus("up", folder, "-y", "--detach")
    assert answer.code == 0, answer
    return folder


@pytest.fixture(scope="module")
def bobs(bob: User, anns: Path) -> Path:
    """A clone of it, which is up as well: it is one deployment."""
    clone = _clone(anns, bob.place / "clone")
    answer = bob.cynthus("up", clone, "-y", "--detach")
    assert answer.code == 0, answer
    return clone


def _clone(folder: Path, into: Path) -> Path:
    left_out = shutil.ignore_patterns(".cynthus", "terraform.tfstate*", ".terraform", "known_hosts")
    return shutil.copytree(folder, into, ignore=left_out)


def test_down_where_it_was_never_up_does_not_claim_that_it_is_down(ann: User, anns: Path, bob: User) -> None:
    fresh = _clone(anns, bob.place / "fresh")
    answer = bob.cynthus("down", fresh, "-y")
    assert answer.code == 0, answer
    assert "was not up from here, so nothing was removed" in answer.out
    assert ann.status(anns)["run"]["state"] == "RUNNING"


def test_who_comes_second_attaches_to_the_run_that_goes_on(ann: User, bob: User, anns: Path, bobs: Path) -> None:
    assert bob.status(bobs)["run"]["id"] == ann.status(anns)["run"]["id"]


@pytest.mark.parametrize("verb", ["up", "run", "update", "down"])
def test_who_comes_second_is_told_who_is_at_work(ann: User, bob: User, anns: Path, bobs: Path, verb: str) -> None:
    with ann.typing("update", anns, "-y", "--detach") as typed:
        typed.until("Configure and deploy")
        typed.signal(signal.SIGSTOP)
        try:
            answer = bob.cynthus(verb, bobs, "-y")
        finally:
            typed.signal(signal.SIGCONT)
        assert typed.ended().code == 0, typed.err
    assert answer.code == 4, answer
    assert 'has been running "update" here since' in answer.err
    assert f"(pid {typed.process.pid})" in answer.err


def test_a_lock_outlives_a_connection_that_is_cut_again_and_again(
    ann: User, bob: User, anns: Path, bobs: Path, machine: Host
) -> None:
    with ann.typing("update", anns, "-y", "--detach") as typed:
        typed.until("Configure and deploy")
        typed.signal(signal.SIGSTOP)
        try:
            for _ in range(3):
                machine.line.cut()
            answer = bob.cynthus("update", bobs, "-y")
        finally:
            typed.signal(signal.SIGCONT)
        typed.ended()
    assert answer.code == 4, answer


def test_whoever_was_killed_holds_nobody_up(ann: User, bob: User, anns: Path, bobs: Path, machine: Host) -> None:
    with ann.typing("update", anns, "-y", "--detach") as typed:
        typed.until("Configure and deploy")
        typed.process.kill()
    answer = bob.cynthus("down", bobs, "-y")
    assert answer.code == 0, answer
    assert f"(pid {typed.process.pid}) was cut off on host-0" in answer.err
    wait_for(lambda: machine.run("ls", "-A", HOMES).returncode != 0)
