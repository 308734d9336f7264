from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import DiskFull, Interrupted, TerraformLocked, TerraformTimeout, TerraformTooOld
from cynthus.terraform.diagnosis import Case, explain, failed, needs_init, plain_lines, stopped
from cynthus.terraform.execution import Ended
from cynthus.terraform.logs import Log
from cynthus.terraform.report import Report

if TYPE_CHECKING:
    from pathlib import Path

HELD = """Error: Error acquiring the state lock
  Error message: resource temporarily unavailable
  Lock Info:
    ID:        2122116e
    Path:      terraform.tfstate
    Operation: OperationTypeApply
    Who:       ada@lab
    Created:   2026-11-24 09:08:30 +0000 UTC
    Info:
"""


def case(tmp_path: Path, *, verb: str = "apply", **ended: object) -> Case:
    how = Ended(**{"returncode": 1, "pid": 7, **ended})  # type: ignore[arg-type] # each test names fields of its own
    return Case(verb, tmp_path, how, Report(), Log(tmp_path / "000001-apply.jsonl"))


def test_a_held_lock_says_who_and_since_when(tmp_path: Path) -> None:
    error = explain(HELD, tmp_path, ())
    assert isinstance(error, TerraformLocked)
    assert "ada@lab, since 2026-11-24 09:08:30 +0000 UTC, lock 2122116e" in error.message


def test_a_lock_that_could_not_be_taken_for_another_reason_is_no_lock(tmp_path: Path) -> None:
    assert explain("Error: Error acquiring the state lock\n  bucket does not exist", tmp_path, ()) is None


@pytest.mark.parametrize(
    "text",
    [
        "Unsupported state file format: version 99, not supported. This state file was created by Terraform 9.9.9.",
        "state snapshot was created by Terraform v9.9.9, which is newer than current v1.11.4; upgrade",
        "Unsupported state file format: version 99, not supported. This state file was created by OpenTofu 9.9.9.",
    ],
)
def test_a_newer_state_is_recognised_by_its_words(tmp_path: Path, text: str) -> None:
    error = explain(text, tmp_path, ())
    assert isinstance(error, TerraformTooOld)
    assert f"written by {'OpenTofu' if 'OpenTofu' in text else 'Terraform'} 9.9.9," in error.message


def test_a_state_that_is_to_lie_in_the_folder_again_is_moved_by_hand(tmp_path: Path) -> None:
    error = explain("Error: Backend configuration changed\nA change in the backend", tmp_path, (), "tofu")
    assert error is not None
    assert error.hint.startswith(f"`cd {tmp_path} && tofu init -migrate-state`")


def test_a_hint_names_the_program_that_is_there(tmp_path: Path) -> None:
    error = explain(HELD, tmp_path, (), "tofu")
    assert error is not None
    assert "`tofu force-unlock 2122116e`" in error.hint


def test_a_failed_init_begins_with_what_it_calls_an_error(tmp_path: Path) -> None:
    broken = case(tmp_path, verb="init")
    broken.log.stderr.write_text("Initializing the backend...\n\nError: Unreadable module directory\n\nwhy\n")
    assert failed(broken).message == f"terraform init failed in {tmp_path}: Unreadable module directory"


def test_a_full_disk_comes_before_what_it_caused(tmp_path: Path) -> None:
    assert isinstance(explain("No space left on device\n" + HELD, tmp_path, ()), DiskFull)


def test_other_words_are_not_explained(tmp_path: Path) -> None:
    assert explain("Error: Reference to undeclared local value", tmp_path, ()) is None


@pytest.mark.parametrize(("interrupted", "kind"), [(True, Interrupted), (False, TerraformTimeout)])
def test_who_wanted_the_stop_decides_the_error(tmp_path: Path, interrupted: object, kind: type[Exception]) -> None:
    assert type(stopped(case(tmp_path, interrupted=interrupted, timed_out=not interrupted))) is kind


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ({}, "has ended and saved its state"),
        ({"verb": "plan"}, "nothing was changed"),
        ({"returncode": None}, "process 7 is still at work"),
        ({"returncode": -9, "killed": True}, "did not stop when asked, and was killed"),
        ({"returncode": -11}, "was ended by the signal SIGSEGV"),
        ({"returncode": -99}, "was ended by the signal 99"),
    ],
)
def test_an_interrupt_says_what_became_of_terraform(tmp_path: Path, ended: dict[str, object], words: str) -> None:
    assert words in stopped(case(tmp_path, **{"interrupted": True, **ended})).message  # type: ignore[arg-type] # as above


def test_an_interrupt_does_not_claim_that_a_lost_state_was_saved(tmp_path: Path) -> None:
    (tmp_path / "errored.tfstate").touch()
    assert "could not save its state" in stopped(case(tmp_path, interrupted=True)).message


@pytest.mark.parametrize(
    ("text", "wanted"), [('Please run "terraform init"', True), ("run tofu init", True), ("terraform initiated", False)]
)
def test_a_wish_for_init_is_recognised(text: str, *, wanted: bool) -> None:
    assert needs_init(text) is wanted


def test_colours_and_frames_are_taken_off() -> None:
    assert plain_lines("╷\n│ \x1b[31mError:\x1b[0m no\n│\n│   why \n╵\n") == ["Error: no", "  why"]


def test_a_failure_without_a_diagnostic_is_told_by_its_last_line(tmp_path: Path) -> None:
    broken = case(tmp_path, verb="init")
    broken.report.text.extend(["Initializing modules...", "no route to the registry"])
    error = failed(broken)
    assert error.message == f"terraform init failed in {tmp_path}: no route to the registry"
    assert error.details == ("Initializing modules...", "no route to the registry")


def test_a_single_line_is_not_told_twice(tmp_path: Path) -> None:
    broken = case(tmp_path, verb="init")
    broken.report.text.append("Initializing modules...")
    assert failed(broken).details == ()


def test_without_any_output_there_are_no_lines(tmp_path: Path) -> None:
    assert case(tmp_path).lines() == ()
