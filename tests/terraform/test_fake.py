"""The fake Terraform keeps the same contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import TerraformFailed
from cynthus.terraform.outputs import hosts
from cynthus.testing.contracts.terraform import TerraformContract
from cynthus.testing.terraform import DESCRIPTION, FakeTerraformCommand
from tests.terraform.roots import quiet, state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.terraform.client import Activity, Terraform, TerraformFactory


class TestFakeTerraform(TerraformContract):
    def write(self, root: Path, resources: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        described = {f"terraform_data.{name}": value for name, value in resources.items()}
        (root / DESCRIPTION).write_text(json.dumps({"resources": described, "outputs": dict(outputs)}))

    def open(self, root: Path, activity: Activity) -> Terraform:
        factory: TerraformFactory = FakeTerraformCommand()
        return factory(root, logs=root / "logs", activity=activity)


def test_a_fake_without_a_description_makes_one_local_host(tmp_path: Path) -> None:
    fake = FakeTerraformCommand()(tmp_path, logs=tmp_path, activity=quiet)
    fake.plan(tmp_path / "plan")
    assert [host.connection.kind for host in hosts(fake.apply(tmp_path / "plan"))] == ["local"]


def test_a_fake_fails_once_where_it_is_told_to(tmp_path: Path) -> None:
    world = FakeTerraformCommand(failures={"init": TerraformFailed("no", hint="none")})
    fake = world(tmp_path, logs=tmp_path, activity=quiet)
    with pytest.raises(TerraformFailed):
        fake.init()
    assert fake.init()


def test_a_fake_remembers_what_was_asked_of_it(tmp_path: Path) -> None:
    world = FakeTerraformCommand()
    fake = world(tmp_path, logs=tmp_path, activity=quiet)
    fake.init()
    fake.plan(tmp_path / "plan", destroy=True)
    assert world.calls == ["init", "destroy"]


def test_the_state_of_a_fake_looks_like_one_of_terraform(tmp_path: Path) -> None:
    fake = FakeTerraformCommand()(tmp_path, logs=tmp_path, activity=quiet)
    fake.plan(tmp_path / "plan")
    fake.apply(tmp_path / "plan")
    assert list(state(tmp_path)) == ["terraform_data.host"]
