"""One command takes a folder with a main.py through the whole pipeline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.core.names import is_deployment_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import Ended, User


@pytest.fixture(scope="module")
def folder(visitor: User) -> Path:
    return visitor.folder("word count")


@pytest.fixture(scope="module")
def up(visitor: User, folder: Path) -> Ended:
    return visitor.cynthus("up", folder, "-y")


def test_it_ends_well(up: Ended) -> None:
    assert up.code == 0, up


def test_stdout_is_what_main_py_printed_and_nothing_else(up: Ended) -> None:
    assert up.out == "counting\n3 words\n"


def test_the_outputs_are_at_home(up: Ended, folder: Path) -> None:
    assert (folder / "outputs/latest/count.txt").read_text() == "3", up


def test_the_steps_are_announced_with_their_times(up: Ended) -> None:
    for step in ("Write the Terraform and Ansible files", "Plan", "Apply", "Configure and deploy"):
        line = next(line for line in up.err.splitlines() if line.startswith(f"{step}:"))
        assert line.endswith(" s)")


def test_what_would_be_made_and_its_price_are_shown_before(up: Ended) -> None:
    before, _, _ = up.err.partition("\nApply ...")
    assert "this machine: costs nothing" in before


def test_it_ends_with_three_commands_to_go_on_with(up: Ended, folder: Path) -> None:
    shown = f"'{folder}'"
    after = up.err.partition("next:\n")[2].splitlines()
    assert [line.split("  ")[1] for line in after] == [f"cynthus {verb} {shown}" for verb in ("status", "run", "down")]


def test_real_terraform_holds_the_host(up: Ended, folder: Path) -> None:
    state = json.loads((folder / "infra/local/compute/terraform.tfstate").read_text())
    assert [each["type"] for each in state["resources"]] == ["terraform_data"], up


def test_the_index_knows_the_deployment(up: Ended, visitor: User, folder: Path) -> None:
    found = visitor.status(folder)
    assert (found["phase"], found["run"]["state"], found["run"]["pulled"]) == ("up", "SUCCEEDED", True), up


def test_the_deployment_is_named_after_the_folder(up: Ended, visitor: User, folder: Path) -> None:
    found = visitor.status(folder)["id"]
    assert found.startswith("word-count-"), up
    assert is_deployment_id(found)


def test_nothing_resident_is_left(up: Ended, visitor: User, folder: Path) -> None:
    from tests.journeys.user import processes_with

    assert processes_with(visitor.status(folder)["id"]) == [], up


def test_git_ignores_what_is_ours_and_not_what_is_the_users(up: Ended, folder: Path) -> None:
    assert (folder / ".cynthus/.gitignore").read_text() == "*\n", up


def test_a_second_up_does_nothing_and_says_how_to_run_again(up: Ended, visitor: User, folder: Path) -> None:
    again = visitor.cynthus("up", folder, "-y")
    assert (again.code, again.out) == (0, ""), (up, again)
    assert "nothing has changed since run" in again.err
    assert f"cynthus run '{folder}'" in again.err


def test_run_runs_it_again(up: Ended, visitor: User, folder: Path) -> None:
    again = visitor.cynthus("run", folder, "-y")
    assert (again.code, again.out) == (0, "counting\n3 words\n"), (up, again)


def test_the_log_can_be_read_from_any_directory_by_name(up: Ended, visitor: User) -> None:
    assert visitor.cynthus("logs", "word-count", cwd=visitor.home).out == "counting\n3 words\n", up


def test_the_tail_of_the_log(up: Ended, visitor: User, folder: Path) -> None:
    assert visitor.cynthus("logs", folder, "--tail", "1").out == "3 words\n", up


def test_exec_runs_in_the_environment_of_the_app(up: Ended, visitor: User, folder: Path) -> None:
    code = "import os, sys; print(sys.prefix != sys.base_prefix, os.path.exists('main.py'))"
    assert visitor.cynthus("exec", folder, "--", "python", "-c", code).out == "True True\n", up


def test_exec_of_a_program_that_is_not_there_says_so(up: Ended, visitor: User, folder: Path) -> None:
    answer = visitor.cynthus("exec", folder, "--", "no-such-program")
    assert (answer.code, answer.out, "no-such-program" in answer.err) == (127, "", True), (up, answer)


def test_the_exit_code_of_exec_is_the_commands_own(up: Ended, visitor: User, folder: Path) -> None:
    assert visitor.cynthus("exec", folder, "--", "sh", "-c", "exit 7").code == 7, up
