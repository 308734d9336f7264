from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cynthus.process import Command, run
from cynthus.terraform.environment import terraform_environment, unreadable


@pytest.mark.parametrize(
    "name",
    ["TF_LOG", "TF_LOG_PATH", "TF_LOG_PROVIDER", "TF_DATA_DIR", "TF_VAR_x", "TF_CLI_ARGS", "TF_CLI_ARGS_plan",
     "TF_WORKSPACE", "TF_REATTACH_PROVIDERS", "PYTHONPATH", "PYTHONHOME"],
)  # fmt: skip
def test_what_would_change_terraform_is_dropped(name: str) -> None:
    assert name not in terraform_environment({name: "x"})


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOME", "AWS_PROFILE", "HTTPS_PROXY", "TF_TOKEN_example_org", "TF_PLUGIN_CACHE_DIR", "TF_HTTP_PASSWORD"],
)
def test_what_the_user_needs_stays(name: str) -> None:
    assert terraform_environment({name: "x"})[name] == "x"


@pytest.mark.parametrize("name", ["TF_IN_AUTOMATION", "TF_INPUT", "CHECKPOINT_DISABLE"])
def test_what_must_be_set_wins_over_the_user(name: str) -> None:
    assert terraform_environment({name: "theirs"})[name] != "theirs"


@pytest.mark.parametrize(("user", "counts"), [({}, "400"), ({"GOGC": "50"}, "50")])
def test_little_garbage_is_collected_unless_the_user_says_how_much(user: dict[str, str], counts: str) -> None:
    assert terraform_environment(user)["GOGC"] == counts


def test_questions_are_switched_off() -> None:
    assert terraform_environment({})["TF_INPUT"] == "0"


@pytest.mark.parametrize("name", ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"])
def test_a_configuration_that_exists_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / "my.rc").touch()
    assert terraform_environment({name: str(tmp_path / "my.rc")})[name] == str(tmp_path / "my.rc")


@pytest.mark.parametrize("name", ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"])
def test_a_configuration_that_is_missing_becomes_an_empty_one(tmp_path: Path, name: str) -> None:
    assert terraform_environment({name: str(tmp_path / "missing")})[name] == os.devnull


def test_a_configuration_that_is_not_named_stays_so() -> None:
    assert "TF_CLI_CONFIG_FILE" not in terraform_environment({})


UNREADABLE = """
import os, sys
from cynthus.terraform.environment import terraform_environment, unreadable
os.setuid(654321)
user = {"TF_CLI_CONFIG_FILE": sys.argv[1]}
print(terraform_environment(user)["TF_CLI_CONFIG_FILE"], *unreadable(user))
"""


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o644), (0o755, 0o600)])
def test_a_configuration_that_may_not_be_read_counts_as_missing_and_is_named(folder: int, file: int) -> None:
    if os.getuid():
        pytest.skip("only root can become a user who may not read a file")
    # Folders of pytest's own are closed to everybody else.
    with TemporaryDirectory() as closed:
        config = Path(closed, "terraformrc")
        config.touch()
        config.chmod(file)
        Path(closed).chmod(folder)
        answer = run(Command((sys.executable, "-c", UNREADABLE, str(config))))
    assert answer.stdout.decode().split() == [os.devnull, str(config)], answer.stderr.decode()


def test_a_configuration_that_is_missing_is_not_called_unreadable(tmp_path: Path) -> None:
    assert unreadable({"TF_CLI_CONFIG_FILE": str(tmp_path / "missing")}) == ()


@pytest.mark.parametrize("named", ["GOOGLE_STORAGE_CUSTOM_ENDPOINT", "GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT"])
def test_a_state_in_a_simulated_cloud_is_read_by_somebody(named: str) -> None:
    user = {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:9", named: "http://127.0.0.1:9/storage/v1/"}
    assert "STORAGE_EMULATOR_HOST" not in terraform_environment(user)


def test_an_emulator_that_nothing_else_names_stays() -> None:
    assert terraform_environment({"STORAGE_EMULATOR_HOST": "http://127.0.0.1:9"})["STORAGE_EMULATOR_HOST"]
