from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.terraform.state_file import resource_count, state_is_local, written_by_newer

if TYPE_CHECKING:
    from pathlib import Path


def backend(folder: Path, text: str) -> Path:
    (folder / ".terraform").mkdir()
    (folder / ".terraform" / "terraform.tfstate").write_text(text)
    return folder


def written_by(folder: Path, version: object) -> Path:
    (folder / "terraform.tfstate").write_text(json.dumps({"terraform_version": version}))
    return folder


def test_a_state_is_local_where_no_backend_is_recorded(tmp_path: Path) -> None:
    assert state_is_local(tmp_path)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ('{"backend": {"type": "local"}}', True),
        ('{"version": 3}', True),
        ('{"backend": {"type": "gcs"}}', False),
        ('{"backend": {"type": "cloud"}}', False),
        ('{"backend": "strange"}', False),
        ("{", False),
        ("[]", False),
    ],
)
def test_a_recorded_backend_says_where_the_state_is(tmp_path: Path, text: str, *, local: bool) -> None:
    assert state_is_local(backend(tmp_path, text)) is local


@pytest.mark.parametrize(
    ("writer", "reader", "newer"),
    [
        ("1.12.0", "1.11.4", "1.12.0"),
        ("1.11.5", "1.11.4", None),
        ("1.11.4", "1.11.4", None),
        ("1.9.0", "1.11.4", None),
        ("2.0.0", "1.11.4", "2.0.0"),
        ("1.12.0-beta1", "1.11.4", "1.12.0-beta1"),
        ("strange", "1.11.4", None),
        ("1.12.0", "strange", None),
        (None, "1.11.4", None),
    ],
)
def test_a_newer_release_is_noticed(tmp_path: Path, writer: object, reader: str, newer: str | None) -> None:
    assert written_by_newer(written_by(tmp_path, writer), reader) == newer


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_state_that_cannot_be_read_is_left_to_terraform(tmp_path: Path, text: str) -> None:
    (tmp_path / "terraform.tfstate").write_text(text)
    assert written_by_newer(tmp_path, "1.0.0") is None


def holding(folder: Path, *resources: object) -> Path:
    (folder / "terraform.tfstate").write_text(json.dumps({"resources": resources}))
    return folder


def test_no_state_holds_nothing(tmp_path: Path) -> None:
    assert resource_count(tmp_path) == 0


def test_each_instance_is_a_resource_and_what_was_only_looked_up_is_none(tmp_path: Path) -> None:
    managed = {"mode": "managed", "instances": [{}, {}]}
    assert resource_count(holding(tmp_path, managed, {"mode": "data", "instances": [{}]}, "strange")) == 2


@pytest.mark.parametrize("text", ['{"backend": {"type": "gcs"}}', '{"backend": {"type": "local"}}', "{"])
def test_what_a_state_elsewhere_holds_is_not_known(tmp_path: Path, text: str) -> None:
    assert resource_count(backend(holding(tmp_path), text)) is None


def test_what_an_encrypted_state_holds_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "terraform.tfstate").write_text('{"serial": 1, "lineage": "a", "meta": {}, "encrypted_data": "x"}')
    assert resource_count(tmp_path) is None


def test_what_another_workspace_holds_is_not_known(tmp_path: Path) -> None:
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform/environment").write_text("other")
    assert resource_count(tmp_path) is None


def test_what_a_clone_that_was_never_initialised_holds_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "backend.tfbackend.json").write_text('{"bucket": "lab"}')
    assert resource_count(tmp_path) is None
