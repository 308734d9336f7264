from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.images.folder import Folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def app(tmp_path: Path) -> Folder:
    """An empty folder for an app."""
    made = Folder(tmp_path / "app")
    made.path.mkdir()
    return made
