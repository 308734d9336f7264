"""The modules and roots of Google Cloud under the real provider; no cloud is asked for anything."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.render.folders import STATE, Folder, gcp
from tests.terraform.google import attached, google
from tests.terraforms import each, terraform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.render.folder import Rendered
    from cynthus.terraform.binary import Binary

__all__ = ["attached", "each", "google"]  # fixtures

pytestmark = pytest.mark.cloud

TEMPLATES = Path(__file__).parents[2] / "templates/terraform"
MODULES = ("bucket", "identity", "network", "registry", "secret", "vm")
ROOTS = Path(__file__).with_name("google_roots")
"""Tests of the rendered roots: there they would be rendered too."""

EACH = {
    "base": gcp("base"),
    "base with its state in a bucket": gcp("base", backend=STATE),
    "compute": gcp(),
    "compute of two nodes with its state in a bucket": gcp(nodes=2, backend=STATE),
}


@pytest.mark.parametrize("name", MODULES)
def test_every_module_passes_its_own_tests(
    tmp_path: Path, attached: Mapping[str, str], each: Binary, name: str
) -> None:
    shutil.copytree(TEMPLATES / "modules" / name, tmp_path / name)
    terraform(each, tmp_path / name, "init", "-no-color", environment=attached)
    passes(tmp_path / name, attached, each)


@pytest.mark.parametrize("root", ["base", "compute"])
def test_every_root_is_valid_and_passes_its_tests(
    tmp_path: Path, attached: Mapping[str, str], each: Binary, root: str
) -> None:
    folder = Folder(tmp_path)
    folder.write(gcp(root, nodes=2, backend=STATE))
    (folder.root / "tests").mkdir()
    shutil.copy(ROOTS / f"{root}.tftest.hcl", folder.root / "tests")
    terraform(each, folder.root, "init", "-backend=false", "-no-color", environment=attached)
    assert json.loads(terraform(each, folder.root, "validate", "-json", environment=attached))["diagnostics"] == []
    passes(folder.root, attached, each)


def passes(folder: Path, attached: Mapping[str, str], binary: Binary) -> None:
    """Its tests are some, and all of them pass; without a cloud, and with the provider's own view of arguments."""
    said = terraform(binary, folder, "test", "-no-color", environment=attached)
    assert " 0 failed" in said
    assert "Success! 0 passed" not in said


@pytest.mark.parametrize("files", EACH.values(), ids=list(EACH))
def test_the_rendered_root_is_formatted(tmp_path: Path, each: Binary, files: Rendered) -> None:
    folder = Folder(tmp_path)
    folder.write(files)
    terraform(each, folder.root, "fmt", "-check", "-recursive", "-diff")
