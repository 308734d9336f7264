"""The real Terraform passes the contract: from PATH, from the library, and each that is named besides."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from cynthus.core.plan import Change
from cynthus.errors import TerraformFailed, TerraformTooOld
from cynthus.testing.contracts.terraform import TerraformContract
from tests.terraform.roots import cli, data_root, planned, root, state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.terraform.binary import Binary
    from cynthus.terraform.client import Activity, Terraform


class TestRealTerraform(TerraformContract):
    @pytest.fixture(autouse=True)
    def each(self, binary: Binary) -> None:
        self.binary = binary

    def write(self, root: Path, resources: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        data_root(root, resources, outputs)

    def open(self, root: Path, activity: Activity) -> Terraform:
        return cli(root, self.binary, activity=activity)


def test_a_replacement_says_why(tmp_path: Path, any_binary: Binary) -> None:
    text = 'resource "terraform_data" "a" {\n  triggers_replace = "1"\n}\n'
    terraform = cli(root(tmp_path, text), any_binary)
    terraform.apply(planned(tmp_path, any_binary))
    root(tmp_path, text.replace('"1"', '"2"'))
    plan = terraform.plan(tmp_path / "saved.tfplan")
    assert plan.changes == (Change("terraform_data.a", "replace", "cannot_update"),)


def test_a_variable_file_counts(tmp_path: Path, any_binary: Binary) -> None:
    root(tmp_path, 'variable "word" {\n  default = "a"\n}\noutput "word" {\n  value = var.word\n}\n')
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"word": "${b} \u2028 \U0001f600"}))
    terraform = cli(tmp_path, any_binary)
    terraform.init()
    terraform.plan(tmp_path / "saved.tfplan", var_files=(values,))
    assert terraform.apply(tmp_path / "saved.tfplan") == {"word": "${b} \u2028 \U0001f600"}


def test_the_state_lies_where_the_folder_says(tmp_path: Path, any_binary: Binary) -> None:
    folder = root(tmp_path / "root", 'terraform {\n  backend "local" {}\n}\nresource "terraform_data" "a" {}\n')
    # Not `${x}`: from 1.12 on OpenTofu evaluates it in this file, and no place of ours has it.
    place = tmp_path / '$x %y "z" é' / "there.tfstate"
    (folder / "backend.tfbackend.json").write_text(json.dumps({"path": str(place)}))
    cli(folder, any_binary).apply(planned(folder, any_binary))
    assert place.is_file()
    assert not (folder / "terraform.tfstate").exists()


def test_a_state_is_not_moved_unasked(tmp_path: Path, any_binary: Binary) -> None:
    folder = root(tmp_path / "root", 'resource "terraform_data" "a" {}\n')
    cli(folder, any_binary).apply(planned(folder, any_binary))
    root(folder, 'terraform {\n  backend "local" {}\n}\nresource "terraform_data" "a" {}\n')
    (folder / "backend.tfbackend.json").write_text(json.dumps({"path": "there.tfstate"}))
    with pytest.raises(TerraformFailed, match="is to lie elsewhere than it does") as caught:
        cli(folder, any_binary).init()
    assert "init -backend-config=backend.tfbackend.json -migrate-state`" in caught.value.hint
    assert list(state(folder)) == ["terraform_data.a"]


def test_everything_works_in_a_folder_with_spaces_and_quotes(tmp_path: Path, binary: Binary) -> None:
    folder = data_root(tmp_path / 'it\'s a "folder" ${x}', {"a": "1"}, {"word": "x"})
    assert cli(folder, binary).apply(planned(folder, binary)) == {"word": "x"}


def test_a_relative_plan_is_meant_from_here(
    tmp_path: Path, any_binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = data_root(tmp_path / "root", {"a": "1"}, {})
    monkeypatch.chdir(tmp_path)
    terraform = cli(folder, any_binary)
    terraform.init()
    terraform.plan(type(tmp_path)("saved.tfplan"))
    assert (tmp_path / "saved.tfplan").exists()


def test_hostile_variables_of_the_user_change_nothing(tmp_path: Path, binary: Binary) -> None:
    hostile = {
        "TF_LOG": "trace",
        "TF_DATA_DIR": str(tmp_path / "elsewhere"),
        "TF_VAR_word": "theirs",
        "TF_CLI_ARGS": "-bogus",
        "TF_CLI_ARGS_plan": "-destroy",
        "TF_WORKSPACE": "theirs",
        "TF_CLI_CONFIG_FILE": str(tmp_path / "missing.rc"),
        "PYTHONHOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
    }
    folder = root(tmp_path / "r", 'variable "word" {\n  default = "ours"\n}\noutput "word" {\n  value = var.word\n}\n')
    terraform = cli(folder, binary, environment={**os.environ, **hostile})
    terraform.init()
    terraform.plan(folder / "saved.tfplan")
    assert terraform.apply(folder / "saved.tfplan") == {"word": "ours"}


def test_a_configuration_file_that_is_missing_brings_no_warning(tmp_path: Path, binary: Binary) -> None:
    folder = data_root(tmp_path / "r", {"a": "1"}, {})
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(tmp_path / "missing.rc")}
    cli(folder, binary, environment=environment).init()
    assert [file.read_text() for file in (folder / "logs").glob("*.stderr")] == [""]


def test_an_error_says_the_file_and_the_line(tmp_path: Path, binary: Binary) -> None:
    root(tmp_path, 'output "a" {\n  value = "x"\n}\n\noutput "b" {\n  value = local.missing\n}\n')
    with pytest.raises(TerraformFailed) as caught:
        planned(tmp_path, binary)
    assert any("at main.tf:6" in line for line in caught.value.details)


def test_an_error_begins_with_the_words_of_terraform(tmp_path: Path, any_binary: Binary) -> None:
    root(tmp_path, 'output "b" {\n  value = local.missing\n}\n')
    with pytest.raises(TerraformFailed, match="Reference to undeclared local value"):
        planned(tmp_path, any_binary)


def test_a_failed_init_shows_its_text_without_frames(tmp_path: Path, any_binary: Binary) -> None:
    root(tmp_path, 'module "gone" {\n  source = "./gone"\n}\n')
    with pytest.raises(TerraformFailed) as caught:
        cli(tmp_path, any_binary).init()
    assert "Error: Unreadable module directory" in caught.value.details


BREAKS = """
resource "terraform_data" "good" {}
resource "terraform_data" "bad" {
  depends_on = [terraform_data.good]
  provisioner "local-exec" {
    command = "echo broken; exit 3"
  }
}
"""


def test_what_was_made_before_an_error_is_in_the_state(tmp_path: Path, binary: Binary) -> None:
    root(tmp_path, BREAKS)
    with pytest.raises(TerraformFailed, match="local-exec"):
        cli(tmp_path, binary).apply(planned(tmp_path, binary))
    assert "terraform_data.good" in state(tmp_path)


SECRET = 'output "open" {\n  value = "o"\n}\noutput "hidden" {\n  value = "geheim"\n  sensitive = true\n}\n'


def test_a_sensitive_output_is_left_out(tmp_path: Path, any_binary: Binary) -> None:
    terraform = cli(root(tmp_path, SECRET), any_binary)
    applied = terraform.apply(planned(tmp_path, any_binary))
    assert (applied, terraform.outputs()) == ({"open": "o"}, {"open": "o"})


def test_a_sensitive_output_reaches_no_log(tmp_path: Path, any_binary: Binary) -> None:
    terraform = cli(root(tmp_path, SECRET), any_binary)
    terraform.apply(planned(tmp_path, any_binary))
    terraform.outputs()
    assert not [file for file in (tmp_path / "logs").iterdir() if "geheim" in file.read_text()]


def test_logs_are_for_their_owner_only(tmp_path: Path, any_binary: Binary) -> None:
    planned(data_root(tmp_path, {"a": "1"}, {}), any_binary)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "logs").iterdir()} == {0o600}


def _state_of(folder: Path, binary: Binary, **changes: object) -> None:
    cli(data_root(folder, {"a": "1"}, {}), binary).apply(planned(folder, binary))
    file = folder / "terraform.tfstate"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_a_state_of_a_newer_terraform_is_refused(tmp_path: Path, binary: Binary) -> None:
    _state_of(tmp_path, binary, terraform_version="99.1.0")
    with pytest.raises(TerraformTooOld, match=r"99\.1\.0"):
        cli(tmp_path, binary).plan(tmp_path / "new.tfplan")


def test_no_plan_is_left_for_a_state_of_a_newer_terraform(tmp_path: Path, any_binary: Binary) -> None:
    _state_of(tmp_path, any_binary, terraform_version="99.1.0")
    with pytest.raises(TerraformTooOld):
        cli(tmp_path, any_binary).plan(tmp_path / "new.tfplan")
    assert not (tmp_path / "new.tfplan").exists()


def test_a_state_in_a_newer_format_is_refused(tmp_path: Path, binary: Binary) -> None:
    _state_of(tmp_path, binary, version=99, terraform_version="99.1.0")
    with pytest.raises(TerraformTooOld, match=r"99\.1\.0"):
        cli(tmp_path, binary).plan(tmp_path / "new.tfplan")


def test_listing_a_state_in_a_newer_format_is_refused(tmp_path: Path, any_binary: Binary) -> None:
    _state_of(tmp_path, any_binary, version=99, terraform_version="99.1.0")
    with pytest.raises(TerraformTooOld):
        cli(tmp_path, any_binary).resources()


def test_a_backend_that_was_never_initialised_is_when_it_is_read(tmp_path: Path, any_binary: Binary) -> None:
    root(
        tmp_path,
        'terraform {\n  backend "local" {\n    path = "own.tfstate"\n  }\n}\nresource "terraform_data" "a" {}\n',
    )
    cli(tmp_path, any_binary).apply(planned(tmp_path, any_binary))
    for file in (tmp_path / ".terraform").iterdir():
        file.unlink()
    assert cli(tmp_path, any_binary).resources() == ("terraform_data.a",)


def test_a_typing_error_is_no_terraform_command(tmp_path: Path, any_binary: Binary) -> None:
    assert not hasattr(cli(tmp_path, any_binary), "aplly")
