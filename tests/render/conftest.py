"""What the tests of rendering share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.render.folders import Folder, some
from tests.terraforms import any_binary, binary

__all__ = ["any_binary", "binary"]

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder in which nothing was rendered yet."""
    return Folder(tmp_path / "app")


@pytest.fixture
def written(folder: Folder) -> Folder:
    """A folder with the small root in it, as it was rendered."""
    folder.write(some())
    return folder
