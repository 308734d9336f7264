from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.terraform.binary import Binary
from cynthus.terraform.stamp import Stamp

if TYPE_CHECKING:
    from collections.abc import Callable

TERRAFORM = Binary(Path("/bin/terraform"), "terraform")
PROVIDER = ".terraform/providers/registry/hashicorp/aws/5.0.0/linux_amd64"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root as an init has left it."""
    folder = tmp_path / "root"
    (folder / "modules" / "vm").mkdir(parents=True)
    (folder / ".terraform" / "modules").mkdir(parents=True)
    (folder / PROVIDER).mkdir(parents=True)
    for name in ("main.tf", "modules/vm/main.tf", ".terraform.lock.hcl", ".terraform/modules/modules.json", "notes.md"):
        (folder / name).write_text("as it was")
    Stamp(folder, TERRAFORM).write()
    return folder


def test_an_unchanged_root_is_fresh(root: Path) -> None:
    assert Stamp(root, TERRAFORM).fresh()


def test_a_root_that_was_never_initialised_is_not(tmp_path: Path) -> None:
    assert not Stamp(tmp_path, TERRAFORM).fresh()


def _change(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text("changed")


def _remove(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).unlink()


@pytest.mark.parametrize(
    "touch",
    [
        _change("main.tf"),
        _change("new.tf"),
        _change("new.tf.json"),
        _change("modules/vm/main.tf"),
        _change("backend.tfbackend.json"),
        _change(".terraform.lock.hcl"),
        _change(".terraform/modules/modules.json"),
        _change(".terraform/terraform.tfstate"),
        _remove("modules/vm/main.tf"),
        _remove(".terraform.lock.hcl"),
        lambda root: shutil.rmtree(root / ".terraform"),
        lambda root: (root / PROVIDER).rmdir(),
        lambda root: (root / PROVIDER).rename(root / PROVIDER.replace("5.0.0/", "6.0.0-")),
    ],
)
def test_whatever_init_depends_on_makes_it_stale(root: Path, touch: Callable[[Path], object]) -> None:
    touch(root)
    assert not Stamp(root, TERRAFORM).fresh()


@pytest.mark.parametrize("name", ["notes.md", "terraform.tfvars.json", "terraform.tfstate", ".terraform/other"])
def test_what_init_does_not_depend_on_leaves_it_fresh(root: Path, name: str) -> None:
    (root / name).write_text("changed")
    assert Stamp(root, TERRAFORM).fresh()


def test_a_file_that_is_renamed_makes_it_stale(root: Path) -> None:
    (root / "main.tf").rename(root / "other.tf")
    assert not Stamp(root, TERRAFORM).fresh()


def test_a_provider_whose_mirror_is_gone_makes_it_stale(root: Path, tmp_path: Path) -> None:
    (root / PROVIDER).rmdir()
    (tmp_path / "mirror").mkdir()
    (root / PROVIDER).symlink_to(tmp_path / "mirror")
    Stamp(root, TERRAFORM).write()
    (tmp_path / "mirror").rmdir()
    assert not Stamp(root, TERRAFORM).fresh()


def test_another_terraform_makes_it_stale(root: Path) -> None:
    assert not Stamp(root, Binary(Path("/bin/tofu"), "tofu")).fresh()


def test_a_forgotten_stamp_is_stale(root: Path) -> None:
    Stamp(root, TERRAFORM).forget()
    assert not Stamp(root, TERRAFORM).fresh()


def test_a_stamp_that_cannot_be_read_is_stale(root: Path) -> None:
    (root / ".terraform" / "cynthus-init.json").write_text("{")
    assert not Stamp(root, TERRAFORM).fresh()
