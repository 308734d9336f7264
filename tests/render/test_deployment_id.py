from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import UsageError
from cynthus.render.workspace import read_deployment_id
from tests.render.folders import ID, Folder, local

if TYPE_CHECKING:
    from pathlib import Path


def test_the_id_is_among_the_values(folder: Folder) -> None:
    folder.write(local())
    assert read_deployment_id(folder.root) == ID


def test_a_folder_that_was_never_rendered_has_none(folder: Folder) -> None:
    assert read_deployment_id(folder.root) is None


def test_a_file_in_the_place_of_the_folder_has_none(tmp_path: Path) -> None:
    (tmp_path / "infra").touch()
    assert read_deployment_id(tmp_path / "infra/local/compute") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"gpus": 0}', b'{"deployment": 3}', b'{"deployment": null}', b"[" * 100_000,
     b'{"deployment": "a", "deployment": "b"}', b"<<<<<<< HEAD\n{}"],
)  # fmt: skip
def test_values_that_cannot_be_used_are_told_with_their_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "terraform.tfvars.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"terraform\.tfvars\.json") as caught:
        read_deployment_id(tmp_path)
    assert "delete it" in caught.value.hint


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"deployment": "x-000000"}')
    (tmp_path / "terraform.tfvars.json").symlink_to(tmp_path / "other.json")
    with pytest.raises(UsageError, match="not a plain file"):
        read_deployment_id(tmp_path)
