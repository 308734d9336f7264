"""The real provider makes what it knows in a simulated cloud, finds it as it left it, and takes it away."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.process import Command, Completed, run
from tests.terraforms import any_binary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.terraform.binary import Binary
    from cynthus.testing.gcp import SimulatedCloud

__all__ = ["any_binary"]  # a fixture

pytestmark = pytest.mark.cloud

ROOTS = ("everything.tf", pytest.param("hardware.tf", marks=pytest.mark.slow))


@dataclass(frozen=True)
class Root:
    """A folder that Terraform works in."""

    folder: Path
    binary: Binary
    env: Mapping[str, str]

    def __call__(self, *arguments: str) -> None:
        done = self._run(*arguments, "-input=false")
        assert done.returncode == 0, done.stdout.decode()[-3000:] + done.stderr.decode()[-3000:]

    def changes(self) -> dict[str, list[str]]:
        """What a plan would do, by address."""
        self("plan", "-out=plan")
        shown: dict[str, Any] = json.loads(self._run("show", "-json", "plan").stdout)
        found = {each["address"]: each["change"]["actions"] for each in shown.get("resource_changes", [])}
        return {address: actions for address, actions in found.items() if actions != ["no-op"]}

    def _run(self, *arguments: str) -> Completed:
        return run(Command((*self.binary.argv, *arguments), cwd=self.folder, env=self.env), timeout=280)


@pytest.mark.parametrize("name", ROOTS)
def test_what_is_made_stays_changes_and_goes(
    cloud: SimulatedCloud, google: dict[str, str], any_binary: Binary, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "root"
    folder.mkdir()
    shutil.copy(Path(__file__).with_name(name), folder / "main.tf")
    root = Root(folder, any_binary, {**google, **cloud.environment()})
    root("init")
    root("apply", "-auto-approve")
    assert root.changes() == {}
    assert [each["status"] for each in cloud.instances()] == ["RUNNING"]
    root("apply", "-auto-approve", "-var", "stage=two", "-refresh=false")
    assert "two" in str(cloud.instances())
    root("destroy", "-auto-approve", "-refresh=false")
    assert (cloud.resources(), [each for each in cloud.ledger() if each.ended is None]) == ({}, [])
