"""What becomes of Terraform when the process that drives it is interrupted or killed in the middle of an apply.

The signal goes to the driver only, as a CI system, `docker stop` or `kill` sends it.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from tests.terraform.driver import drive, result, stopping
from tests.terraform.roots import SLOW, cli, locked, planned, pretender, root, state, wait_for

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


def test_an_interrupt_ends_as_interrupted(tmp_path: Path, binary: Binary) -> None:
    assert _interrupted(tmp_path, binary)["error"] == "Interrupted"


def test_after_an_interrupt_the_state_has_what_was_finished(tmp_path: Path, binary: Binary) -> None:
    _interrupted(tmp_path, binary)
    assert "terraform_data.first" in state(tmp_path)


def test_after_an_interrupt_nothing_more_is_made(tmp_path: Path, binary: Binary) -> None:
    _interrupted(tmp_path, binary)
    assert "terraform_data.third" not in state(tmp_path)


def test_after_an_interrupt_the_lock_is_free(tmp_path: Path, binary: Binary) -> None:
    _interrupted(tmp_path, binary)
    assert not locked(tmp_path)


def test_after_an_interrupt_the_next_apply_makes_the_rest(tmp_path: Path, binary: Binary) -> None:
    _interrupted(tmp_path, binary)
    terraform = cli(tmp_path, binary)
    terraform.plan(tmp_path / "saved.tfplan")
    terraform.apply(tmp_path / "saved.tfplan")
    assert list(state(tmp_path)) == ["terraform_data.first", "terraform_data.second", "terraform_data.third"]


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
