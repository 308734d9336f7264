"""Whether a long-lived root is as it was applied last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.state.applied import content_of, is_applied, note_applied
from tests import damage as damages
from tests.damage import like_everybody

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "base"
    (made / "modules/bucket").mkdir(parents=True)
    (made / "main.tf").write_text("# main\n")
    (made / "terraform.tfvars.json").write_text("{}")
    (made / "modules/bucket/main.tf").write_text("# bucket\n")
    return made


@pytest.fixture
def record(tmp_path: Path, root: Path) -> Path:
    """What was remembered of it."""
    file = tmp_path / "base.applied.json"
    note_applied(file, root)
    return file


def test_what_was_never_applied_is_not(tmp_path: Path, root: Path) -> None:
    assert not is_applied(tmp_path / "none.json", root)


def test_what_was_applied_is_until_something_changes(root: Path, record: Path) -> None:
    assert is_applied(record, root)


READ = ["main.tf", "terraform.tfvars.json", "modules/bucket/main.tf", "custom.tf.json", "x.tofu", "a.auto.tfvars"]


@pytest.mark.parametrize("name", [*READ, "backend.tfbackend.json"])
def test_a_change_of_what_terraform_reads_is_one(root: Path, record: Path, name: str) -> None:
    (root / name).write_text("another")
    assert not is_applied(record, root)


@pytest.mark.parametrize("name", ["main.tf", "modules/bucket/main.tf"])
def test_so_is_a_file_that_is_gone(root: Path, record: Path, name: str) -> None:
    (root / name).unlink()
    assert not is_applied(record, root)


def test_so_is_a_file_that_has_another_name(root: Path, record: Path) -> None:
    (root / "main.tf").rename(root / "other.tf")
    assert not is_applied(record, root)


def test_two_files_that_have_changed_places_are_a_change(root: Path) -> None:
    before = content_of(root)
    first, second = root / "main.tf", root / "modules/bucket/main.tf"
    texts = first.read_text(), second.read_text()
    first.write_text(texts[1])
    second.write_text(texts[0])
    assert content_of(root) != before


@pytest.mark.parametrize(
    "name", ["README.md", "terraform.tfstate", ".terraform.lock.hcl", ".terraform/modules/x.tf", "tests/notes.txt"]
)
def test_what_terraform_does_not_read_is_none(root: Path, record: Path, name: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("new")
    assert is_applied(record, root)


@pytest.mark.parametrize("harm", damages.SOME)
def test_a_record_that_cannot_be_read_lets_it_be_planned_again(
    root: Path, record: Path, harm: Callable[[Path], object]
) -> None:
    harm(record)
    with like_everybody():
        assert not is_applied(record, root)


def test_a_file_that_cannot_be_read_lets_it_be_planned_again(root: Path, record: Path) -> None:
    (root / "main.tf").chmod(0)
    with like_everybody():
        assert not is_applied(record, root)


def test_a_root_that_is_gone_is_not_applied(tmp_path: Path, record: Path) -> None:
    assert not is_applied(record, tmp_path / "gone")


def test_what_cannot_be_remembered_is_planned_again(tmp_path: Path, root: Path) -> None:
    record = tmp_path / "no/such/folder/base.json"
    note_applied(record, root)
    assert not is_applied(record, root)
