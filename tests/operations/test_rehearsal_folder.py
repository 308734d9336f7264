"""What a rehearsal has of an app's source: files of its own, and nothing that would not go to a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.agent import archive
from cynthus.agent import spec as agent_spec
from cynthus.operations.rehearsal_folder import source_copied
from tests.specs import spec

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    "main.py", "lib/help.py", "wheels/a.whl", "run.sh",
    # What stays at home:
    "data/big.bin", "outputs/1/x", "build/y", ".venv/bin/python",
)  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """That of a folder with all of these, and links."""
    home = tmp_path / "app"
    for name in FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    (home / "run.sh").chmod(0o755)
    (home / ".gitignore").write_text("build/\n")
    (home / "same.py").symlink_to("main.py")
    (home / "empty").mkdir()
    (tmp_path / "rendered/infra/gcp").mkdir(parents=True)
    return source_copied(home, spec(), ["./data"], tmp_path / "copy", tmp_path / "rendered")


def test_it_has_what_belongs_to_a_source_and_nothing_else(copy: Path) -> None:
    there = {each.relative_to(copy).as_posix() for each in copy.rglob("*") if not each.is_dir()}
    assert there == {"main.py", "lib/help.py", "wheels/a.whl", "run.sh", "same.py", ".gitignore"}


def test_files_are_no_links_and_can_be_executed_as_before(copy: Path) -> None:
    assert not (copy / "main.py").is_symlink()
    assert (copy / "run.sh").stat().st_mode & 0o777 == 0o755


def test_a_link_is_the_same_link(copy: Path) -> None:
    assert str((copy / "same.py").readlink()) == "main.py"


def test_an_empty_folder_comes_along(copy: Path) -> None:
    assert (copy / "empty").is_dir()


def test_what_is_rendered_is_found_beside_it(copy: Path) -> None:
    assert (copy / "infra/gcp").is_dir()


def test_it_packs_to_the_very_same_source(copy: Path, tmp_path: Path) -> None:
    document = {
        "schema": 1, "deployment": "a-0a1b2c", "run_id": None, "runtime": "venv", "command": ["python", "main.py"],
        "env": {}, "secrets": [], "source": ".", "requirements": None, "python": None, "base": None,
        "data": [{"name": None, "from": "data", "mode": "mount"}], "outputs": "outputs", "checkpoints": "checkpoints",
        "max_duration": None, "stop_grace": 10, "gpus": 0,
    }  # fmt: skip
    described = agent_spec.parse(document)
    assert archive.source_hash(copy, described) == archive.source_hash(tmp_path / "app", described)
