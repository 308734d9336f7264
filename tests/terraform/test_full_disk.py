"""Terraform where there is no room left."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import DiskFull
from cynthus.process import Command, run
from tests.terraform.roots import cli, data_root, diagnosed, pretender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.terraform.binary import Binary


@pytest.mark.parametrize(
    "body",
    [
        diagnosed("Failed to persist state", "write terraform.tfstate: no space left on device"),
        """sys.stderr.write("Error: write: Disk quota exceeded"); sys.exit(1)""",
    ],
)
def test_a_full_disk_is_called_one(tmp_path: Path, body: str) -> None:
    with pytest.raises(DiskFull):
        cli(tmp_path, pretender(tmp_path, body)).apply(tmp_path / "plan")


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A root on a disk that is full."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = Command(("mount", "-t", "tmpfs", "-o", "size=64k", "cynthus-test", str(folder)))
    if os.getuid() or run(mount).returncode:
        pytest.skip("a small file system can only be mounted by root")
    try:
        data_root(folder, {"a": "1"}, {})
        with contextlib.suppress(OSError), open(folder / "rest", "wb", buffering=0) as rest:
            while rest.write(bytes(4096)):
                pass
        yield folder
    finally:
        run(Command(("umount", str(folder))))


def test_terraform_on_a_full_disk_says_so(full: Path, any_binary: Binary) -> None:
    with pytest.raises(DiskFull):
        cli(full, any_binary).plan(full / "plan")


def test_a_note_of_ours_on_a_full_disk_says_so(full: Path) -> None:
    with pytest.raises(DiskFull):
        cli(full, pretender(full.parent, "")).init()
