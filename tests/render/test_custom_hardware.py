"""The example `custom-hardware`, as its README tells it: a value, an argument and a block of the user's own survive."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.render.folder import Rendered
from tests.render.folders import Folder, gcp
from tests.terraform.google import google
from tests.terraforms import installed, terraform

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["google"]  # a fixture

EXAMPLE = Path(__file__).parents[2] / "examples/custom-hardware"
MODULE = "modules/vm/main.tf"
BEFORE = "  network_interface {\n"
N1: dict[str, Any] = {"machine_type": "n1-standard-8", "accelerator": {"type": "nvidia-tesla-t4", "count": 1}}


def block() -> str:
    """The lines that the README has a reader add."""
    found = re.search(r"<!-- block -->\n```hcl\n(.*?)```\n", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A rendered folder with the three changes in it."""
    folder = Folder(tmp_path)
    folder.write(gcp(**N1))
    shutil.copy(EXAMPLE / "hardware/mine.auto.tfvars", folder.root)
    shutil.copy(EXAMPLE / "hardware/hardware_override.tf", folder.root / "modules/vm")
    folder.edit(BEFORE, block() + BEFORE, MODULE)
    return folder


def test_what_is_written_again_keeps_all_three(folder: Folder) -> None:
    own = ("mine.auto.tfvars", "modules/vm/hardware_override.tf")
    before = [folder.text(path) for path in own]
    changes = folder.write(gcp(**N1, spot=True))
    written = {path for path, kind in changes.items() if kind not in ("same", "kept")}
    assert written == {"terraform.tfvars.json"}
    assert changes[MODULE] == "kept"
    assert block() in folder.text(MODULE)
    assert [folder.text(path) for path in own] == before


def test_a_newer_module_and_the_block_are_brought_together(folder: Folder) -> None:
    files = dict(gcp(**N1).files)
    files[MODULE] = files[MODULE].replace(b'["cloud-platform"]', b'["cloud-platform"] # newer')
    assert folder.write(Rendered(files))[MODULE] == "merged"
    assert block() in folder.text(MODULE)
    assert "# newer" in folder.text(MODULE)


@pytest.mark.cloud
def test_terraform_plans_that_machine(folder: Folder, google: Mapping[str, str]) -> None:
    binary = installed()[0]
    terraform(binary, folder.root, "fmt", "-check", "-recursive", environment=google)
    terraform(binary, folder.root, "init", "-no-color", environment=google)
    terraform(binary, folder.root, "plan", "-out=saved.tfplan", "-no-color", environment=google)
    plan = json.loads(terraform(binary, folder.root, "show", "-json", "saved.tfplan", environment=google))
    (machine,) = (
        each["change"]["after"] for each in plan["resource_changes"] if each["type"] == "google_compute_instance"
    )
    assert machine["min_cpu_platform"] == "Intel Skylake"
    assert [disk["interface"] for disk in machine["scratch_disk"]] == ["NVME"]
    assert machine["boot_disk"][0]["initialize_params"][0]["size"] == 200
