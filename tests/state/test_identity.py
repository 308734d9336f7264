from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.state.identity import Standing, standing
from tests.state.examples import ID

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "id").write_text(ID)
    return tmp_path / "app"


def read_id(folder: Path) -> str | None:
    return (folder / "id").read_text() if (folder / "id").exists() else None


def test_a_folder_without_an_id_is_new(app: Path) -> None:
    assert standing(app, None, None, read_id) is Standing.NEW


def test_a_clone_whose_id_the_index_does_not_know_is_new(app: Path) -> None:
    assert standing(app, None, ID, read_id) is Standing.NEW


def test_the_folder_that_the_index_names_is_known(app: Path) -> None:
    assert standing(app, app, ID, read_id) is Standing.KNOWN


def test_another_path_to_the_same_folder_is_no_copy(app: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(app)
    assert standing(tmp_path / "link", app, ID, read_id) is Standing.KNOWN


def test_a_folder_beside_the_original_is_a_copy(app: Path, tmp_path: Path) -> None:
    assert standing(tmp_path / "copy", app, ID, read_id) is Standing.COPIED


def test_a_folder_whose_original_is_gone_was_moved(app: Path, tmp_path: Path) -> None:
    assert standing(app, tmp_path / "before", ID, read_id) is Standing.MOVED


@pytest.mark.parametrize("content", ["radar-ffffff", None])
def test_a_folder_whose_original_is_another_app_now_was_moved(
    app: Path, tmp_path: Path, content: str | None
) -> None:
    before = tmp_path / "before"
    before.mkdir()
    if content is not None:
        (before / "id").write_text(content)
    assert standing(app, before, ID, read_id) is Standing.MOVED


def test_a_file_in_the_place_of_the_original_is_none(app: Path, tmp_path: Path) -> None:
    (tmp_path / "before").touch()
    assert standing(app, tmp_path / "before", ID, read_id) is Standing.MOVED
