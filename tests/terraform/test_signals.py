"""What becomes of Terraform when the process that drives it is interrupted or killed in the middle of an apply.

The signal goes to the driver only, as a CI system, `docker stop` or `kill` sends it.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from cynthus.errors import TerraformTimeout
from cynthus.terraform.adapter import Timing
from cynthus.terraform.execution import Patience
from tests.terraform.driver import drive, result, stopping
from tests.terraform.roots import SLOW, cli, locked, planned, pretender, root, state, wait_for
from tests.terraforms import MORE, USUAL, case

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from cynthus.terraform.binary import Binary

COUNTS = """
count = 0
def note(number, frame):
    global count
    count += 1
    (here / "count").write_text(str(count))
signal.signal(signal.SIGINT, note)
(here / "started").touch()
while not (here / "go").exists():
    time.sleep(0.02)
(here / "ended").touch()
sys.exit(1)
"""
"""Counts its SIGINTs and ends only when the file `go` is there."""


def _started(folder: Path, binary: Binary) -> subprocess.Popen[bytes]:
    """A driver in the middle of an apply: the second of three resources is being made."""
    planned(root(folder, SLOW), binary)
    driver = drive(folder, binary)
    wait_for((folder / "started").exists, "the second resource")
    return driver


def _interrupted(folder: Path, binary: Binary) -> dict[str, object]:
    driver = _started(folder, binary)
    driver.send_signal(signal.SIGINT)
    wait_for(lambda: stopping(folder), "word that Terraform is being waited for")
    (folder / "go").touch()
    return result(folder, driver)


class Interrupted(NamedTuple):
    """A root after an interrupt in the middle of its apply, and what the driver made of that."""

    folder: Path
    binary: Binary
    told: dict[str, object]


@pytest.fixture(scope="module", params=(*USUAL, *MORE))
def interrupted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    folder, binary = tmp_path_factory.mktemp("interrupted"), case(request.param)
    return Interrupted(folder, binary, _interrupted(folder, binary))


def test_an_interrupt_ends_as_interrupted(interrupted: Interrupted) -> None:
    assert interrupted.told["error"] == "Interrupted"


def test_after_an_interrupt_the_state_has_what_was_finished(interrupted: Interrupted) -> None:
    assert "terraform_data.first" in state(interrupted.folder)


def test_after_an_interrupt_nothing_more_is_made(interrupted: Interrupted) -> None:
    assert "terraform_data.third" not in state(interrupted.folder)


def test_after_an_interrupt_the_lock_is_free(interrupted: Interrupted) -> None:
    assert not locked(interrupted.folder)


def test_after_an_interrupt_the_next_apply_makes_the_rest(interrupted: Interrupted) -> None:
    folder = interrupted.folder
    terraform = cli(folder, interrupted.binary)
    terraform.plan(folder / "saved.tfplan")
    terraform.apply(folder / "saved.tfplan")
    assert list(state(folder)) == ["terraform_data.first", "terraform_data.second", "terraform_data.third"]


def test_a_timeout_keeps_what_was_finished_and_frees_the_lock(tmp_path: Path, any_binary: Binary) -> None:
    begin = time.monotonic()
    plan = planned(root(tmp_path, SLOW), any_binary)
    # However busy this machine is, the apply then has time for the first.
    timing = Timing(Patience(timeout=2 + 2 * (time.monotonic() - begin)))
    with pytest.raises(TerraformTimeout, match="saved its state"):
        cli(tmp_path, any_binary, timing=timing).apply(plan)
    assert ("terraform_data.first" in state(tmp_path), locked(tmp_path)) == (True, False)


def test_sigterm_to_the_driver_alone_leaves_terraform_to_finish(tmp_path: Path, any_binary: Binary) -> None:
    driver = _started(tmp_path, any_binary)
    driver.terminate()
    driver.wait()
    (tmp_path / "go").touch()
    wait_for(lambda: "terraform_data.third" in state(tmp_path), "the third resource in the state")


def test_terraform_finishes_although_its_driver_was_killed(tmp_path: Path, binary: Binary) -> None:
    driver = _started(tmp_path, binary)
    driver.kill()
    driver.wait()
    (tmp_path / "go").touch()
    wait_for(lambda: not locked(tmp_path) and len(state(tmp_path)) == 3, "all three resources in the state")


def test_two_interrupts_send_one_signal(tmp_path: Path) -> None:
    binary = pretender(tmp_path, COUNTS)
    driver = drive(tmp_path, binary)
    wait_for((tmp_path / "started").exists, "the start of Terraform")
    driver.send_signal(signal.SIGINT)
    wait_for(lambda: stopping(tmp_path) == 1, "word of the first interrupt")
    driver.send_signal(signal.SIGINT)
    wait_for(lambda: stopping(tmp_path) == 2, "word of the second interrupt")
    wait_for((tmp_path / "count").exists, "a signal")
    (tmp_path / "go").touch()
    result(tmp_path, driver)
    assert (tmp_path / "count").read_text() == "1"


def test_an_interrupt_waits_for_the_end_of_terraform(tmp_path: Path) -> None:
    binary = pretender(tmp_path, COUNTS)
    driver = drive(tmp_path, binary)
    wait_for((tmp_path / "started").exists, "the start of Terraform")
    driver.send_signal(signal.SIGINT)
    wait_for((tmp_path / "count").exists, "a signal")
    still_there = driver.poll() is None
    (tmp_path / "go").touch()
    result(tmp_path, driver)
    assert (still_there, (tmp_path / "ended").exists()) == (True, True)


def test_a_ctrl_c_of_the_whole_group_reaches_terraform_once(tmp_path: Path) -> None:
    binary = pretender(tmp_path, COUNTS)
    driver = drive(tmp_path, binary)
    wait_for((tmp_path / "started").exists, "the start of Terraform")
    os.killpg(driver.pid, signal.SIGINT)
    wait_for((tmp_path / "count").exists, "a signal")
    (tmp_path / "go").touch()
    result(tmp_path, driver)
    assert (tmp_path / "count").read_text() == "1"
