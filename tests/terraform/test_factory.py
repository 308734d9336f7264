from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus import settings
from cynthus.errors import TerraformMissing, TerraformTimeout
from cynthus.terraform.factory import TerraformCommand
from tests.terraform.roots import data_root, pretender, quiet

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.terraform.client import TerraformFactory


def command(**variables: str) -> TerraformFactory:
    return TerraformCommand(settings.read({**os.environ, **variables}))


def test_it_opens_the_terraform_that_the_settings_name(tmp_path: Path) -> None:
    binary = pretender(tmp_path / "own", """print('{"which": {"value": "own"}}')""")
    terraform = command(CYNTHUS_TERRAFORM=str(binary.path))(tmp_path, logs=tmp_path / "logs", activity=quiet)
    assert terraform.outputs() == {"which": "own"}


def test_it_opens_a_real_one(tmp_path: Path) -> None:
    data_root(tmp_path / "root", {"a": "1"}, {})
    terraform = command()(tmp_path / "root", logs=tmp_path / "logs", activity=quiet)
    terraform.init()
    assert not terraform.plan(tmp_path / "plan").empty


def test_it_keeps_the_time_limit_of_the_settings(tmp_path: Path) -> None:
    binary = pretender(tmp_path, "time.sleep(600)")
    own = command(CYNTHUS_TERRAFORM=str(binary.path), CYNTHUS_TERRAFORM_TIMEOUT="0.2")
    with pytest.raises(TerraformTimeout):
        own(tmp_path, logs=tmp_path / "logs", activity=quiet).apply(tmp_path / "plan")


def test_it_says_that_terraform_is_missing_when_a_folder_is_opened(tmp_path: Path) -> None:
    factory = command(CYNTHUS_TERRAFORM=str(tmp_path / "gone"))
    with pytest.raises(TerraformMissing):
        factory(tmp_path, logs=tmp_path, activity=quiet)
