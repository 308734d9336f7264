"""python-terraform 0.10.1 does harm in ten ways. Each test shows one, and that our adapter does not.

When one of the first halves fails, a new version has mended the defect and the adapter may become simpler.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from python_terraform import IsFlagged, Terraform, TerraformCommandError

from cynthus.errors import TerraformFailed, TerraformMissing
from cynthus.terraform.binary import Binary
from cynthus.terraform.command import CommandLines
from tests.terraform.roots import cli, data_root, planned, pretender, root, state
from tests.terraforms import case

# It logs a failure by a name that Python has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")


@pytest.fixture
def real() -> Binary:
    """A Terraform that python-terraform can start: it knows programs, not libraries."""
    return case("terraform")


def theirs(folder: Path, binary: Binary, **options: Any) -> Terraform:
    return Terraform(working_dir=str(folder), terraform_bin_path=str(binary.path), **options)


WAITS = """
print(json.dumps({"type": "state_lock_acquire"}), flush=True)
deadline = time.monotonic() + (1 if "-no-color" in sys.argv else 50)
while not (here / "seen").exists() and time.monotonic() < deadline:
    time.sleep(0.02)
print(json.dumps({"type": "outputs", "outputs": {}}))
sys.exit(not (here / "seen").exists())
"""
"""Ends well only if somebody reacts to its first event while it still runs."""


def test_it_shows_nothing_before_the_end(tmp_path: Path) -> None:
    code, output, _ = theirs(tmp_path, pretender(tmp_path, WAITS)).apply("plan", json=IsFlagged)
    assert (code, output.count("\n")) == (1, 2)


def test_ours_streams(tmp_path: Path) -> None:
    terraform = cli(tmp_path, pretender(tmp_path, WAITS), activity=lambda _: (tmp_path / "seen").touch())
    assert terraform.apply(tmp_path / "plan") == {}


def test_its_destroy_uses_a_flag_that_terraform_removed(tmp_path: Path, real: Binary) -> None:
    cli(data_root(tmp_path, {"a": "1"}, {}), real).apply(planned(tmp_path, real))
    code, _, error = theirs(tmp_path, real).destroy()
    assert (code, "-force" in error) == (1, True)


def test_ours_destroys_by_a_plan(tmp_path: Path, real: Binary) -> None:
    terraform = cli(data_root(tmp_path, {"a": "1"}, {}), real)
    terraform.apply(planned(tmp_path, real))
    terraform.plan(tmp_path / "saved.tfplan", destroy=True)
    terraform.apply(tmp_path / "saved.tfplan")
    assert state(tmp_path) == {}


def test_its_apply_asks_a_question_that_nobody_can_answer(tmp_path: Path, real: Binary) -> None:
    assert theirs(data_root(tmp_path, {"a": "1"}, {}), real).apply()[0] == 1


def test_its_apply_can_approve_by_itself(tmp_path: Path) -> None:
    binary = pretender(tmp_path, "print(sys.argv)")
    assert "-auto-approve=true" in theirs(tmp_path, binary).apply(skip_plan=True)[1]


def test_ours_applies_nothing_but_a_saved_plan(tmp_path: Path) -> None:
    words = CommandLines(Binary(Path("/t"), "terraform")).apply(tmp_path / "plan", lock_timeout=300)
    assert words == ("/t", "apply", "-json", "-input=false", "-lock-timeout=300s", str(tmp_path / "plan"))


def test_it_takes_changes_for_an_error(tmp_path: Path, real: Binary) -> None:
    with pytest.raises(TerraformCommandError):
        theirs(data_root(tmp_path, {"a": "1"}, {}), real).plan(raise_on_error=True)


def test_ours_takes_changes_for_a_plan(tmp_path: Path, real: Binary) -> None:
    data_root(tmp_path, {"a": "1"}, {})
    assert not cli(tmp_path, real).plan(tmp_path / "plan").empty


def test_it_passes_its_own_option_on_to_terraform(tmp_path: Path) -> None:
    process, _, _ = theirs(tmp_path, pretender(tmp_path, "(here / 'argv').write_text(str(sys.argv))")).cmd(
        "apply", synchronous=False
    )
    process.communicate()
    assert "-synchronous=false" in (tmp_path / "argv").read_text()


def test_ours_passes_on_what_terraform_knows(tmp_path: Path) -> None:
    lines = CommandLines(Binary(Path("/t"), "terraform"))
    words = lines.plan(tmp_path / "p", var_files=(tmp_path / "a", tmp_path / "b"), destroy=True, lock_timeout=1.4)
    assert words[1:] == (
        "plan", "-json", "-input=false", "-detailed-exitcode", "-destroy", "-lock-timeout=1s",
        f"-var-file={tmp_path / 'a'}", f"-var-file={tmp_path / 'b'}", f"-out={tmp_path / 'p'}",
    )  # fmt: skip


def test_it_cannot_give_one_output_that_is_a_list(tmp_path: Path, real: Binary) -> None:
    cli(data_root(tmp_path, {}, {"many": [1, 2]}), real).apply(planned(tmp_path, real))
    with pytest.raises(TypeError):
        theirs(tmp_path, real).output("many")


def test_ours_gives_all_outputs(tmp_path: Path, real: Binary) -> None:
    terraform = cli(data_root(tmp_path, {}, {"many": [1, 2], "word": "x"}), real)
    terraform.apply(planned(tmp_path, real))
    assert terraform.outputs() == {"many": [1, 2], "word": "x"}


def test_it_makes_a_command_of_a_typing_error(tmp_path: Path) -> None:
    assert "destory" in theirs(tmp_path, pretender(tmp_path, "print(sys.argv)")).destory()[1]


def test_ours_refuses_a_typing_error(tmp_path: Path, any_binary: Binary) -> None:
    terraform: Any = cli(tmp_path, any_binary)
    with pytest.raises(AttributeError):
        terraform.destory()


@pytest.mark.parametrize("broken", ["", "{", "[1]"])
def test_it_dies_beside_a_bad_state(tmp_path: Path, broken: str, real: Binary) -> None:
    (tmp_path / "terraform.tfstate").write_text(broken)
    with pytest.raises((ValueError, TypeError)):
        theirs(tmp_path, real)


@pytest.mark.parametrize("broken", ["{", "[1]"])
def test_ours_lets_terraform_say_what_is_wrong_with_a_state(tmp_path: Path, broken: str, real: Binary) -> None:
    (tmp_path / "terraform.tfstate").write_text(broken)
    with pytest.raises(TerraformFailed):
        cli(root(tmp_path, ""), real).resources()


def test_ours_does_not_read_a_state_of_the_folder_that_we_are_in(
    tmp_path: Path, real: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "terraform.tfstate").write_text("{")
    monkeypatch.chdir(tmp_path)
    assert cli(root(tmp_path / "root", ""), real).init()


SHOWS = """
told = {"names": {"value": sorted(os.environ)}}
print(json.dumps({"type": "outputs", "outputs": told}) if verb == "apply" else json.dumps(told))
"""


def test_its_environment_is_all_or_nothing(tmp_path: Path) -> None:
    bare = theirs(tmp_path, pretender(tmp_path, SHOWS), is_env_vars_included=False)
    assert "HOME" not in json.loads(bare.cmd("output")[1])["names"]["value"]


@pytest.mark.parametrize("verb", ["apply", "output"])
def test_ours_is_chosen(tmp_path: Path, verb: str) -> None:
    terraform = cli(tmp_path, pretender(tmp_path, SHOWS), environment={**os.environ, "TF_LOG": "trace", "MINE": "1"})
    told = terraform.outputs() if verb == "output" else terraform.apply(tmp_path / "plan")
    names = told["names"]
    assert isinstance(names, list)
    assert {"HOME", "MINE", "PATH", "TF_INPUT", "TF_LOG"}.intersection(names) == {"HOME", "MINE", "PATH", "TF_INPUT"}


def test_its_debug_log_shows_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        theirs(tmp_path, pretender(tmp_path, ""), variables={"word": "geheim"}).plan()
    assert "geheim" in caplog.text


def test_our_debug_log_does_not(tmp_path: Path, caplog: pytest.LogCaptureFixture, real: Binary) -> None:
    root(tmp_path, 'variable "word" {}\noutput "word" {\n  value = var.word\n}\n')
    (tmp_path / "values.json").write_text('{"word": "geheim"}')
    with caplog.at_level(logging.DEBUG):
        cli(tmp_path, real).plan(tmp_path / "plan", var_files=(tmp_path / "values.json",))
    assert "geheim" not in caplog.text


def test_it_leaves_values_behind_where_terraform_does_not_start(tmp_path: Path) -> None:
    terraform = theirs(tmp_path, Binary(tmp_path / "gone", "terraform"), variables={"word": "geheim"})
    with pytest.raises(FileNotFoundError):
        terraform.plan()
    left = Path(terraform.temp_var_files.files[0].name)
    text = left.read_text()
    left.unlink()
    assert "geheim" in text


def test_ours_gives_it_no_values_to_write(tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text('{"word": "geheim"}')
    terraform = cli(tmp_path, Binary(tmp_path / "gone", "terraform"))
    with pytest.raises(TerraformMissing):
        terraform.plan(tmp_path / "plan", var_files=(tmp_path / "values.json",))
    assert terraform._lines._speller.temp_var_files.files == []
