"""What the tests of the records share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.testing.clock import FakeClock
from tests.state.disks import fill, make_read_only, mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "small", "size=256k") as folder:
        yield folder


@pytest.fixture
def full_disk(small_disk: Path) -> Path:
    fill(small_disk)
    return small_disk


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "read-only", "size=256k") as folder:
        (folder / "there").mkdir()
        make_read_only(folder)
        yield folder
