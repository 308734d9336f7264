"""What a deployment's checkpoints begin with, and what is written down of that."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from cynthus.agent import checkpoints
from cynthus.agent.home import Home
from cynthus.state.known import parse

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def begin(place: Path) -> Home:
    """A home, begun with what lies in `place`/saved."""
    home = Home(place / "home", "weather-abcdef")
    home.folder.mkdir(exist_ok=True)
    checkpoints.begin(home, place / "saved")
    return home


def record(home: Home) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(home.checkpoints_begun.read_bytes())
    return said


def save(place: Path, path: str, text: str) -> Path:
    file = place / "saved" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_each_file_comes_with_its_time_and_permissions(tmp_path: Path) -> None:
    file = save(tmp_path, "deep/step", "7")
    file.chmod(0o640)
    os.utime(file, ns=(1, 1_600_000_000_123_456_789))
    copy = (begin(tmp_path).checkpoints / "deep/step").stat()
    assert (copy.st_mtime_ns, copy.st_mode & 0o777) == (1_600_000_000_123_456_789, 0o640)


def test_what_it_began_with_is_written_down_as_home_reads_it(tmp_path: Path) -> None:
    os.utime(save(tmp_path, "deep/step", "seven"), ns=(1, 2))
    (tmp_path / "saved/latest").symlink_to("./deep//step")
    known = parse(begin(tmp_path).checkpoints_begun.read_bytes())
    assert known.files == {"deep/step": ((5, 2),), "latest": ("./deep//step",)}


def test_a_deployment_that_began_with_nothing_says_so(tmp_path: Path) -> None:
    home = begin(tmp_path)
    assert (record(home)["files"], bool(record(home)["began"]), home.checkpoints.exists()) == ({}, True, False)


def test_two_that_began_with_the_same_are_told_apart(tmp_path: Path) -> None:
    save(tmp_path, "step", "7")
    first = record(begin(tmp_path))
    (tmp_path / "home").rename(tmp_path / "gone")
    assert record(begin(tmp_path))["began"] != first["began"]


def test_one_that_stands_keeps_its_record(tmp_path: Path) -> None:
    save(tmp_path, "step", "7")
    first = record(begin(tmp_path))
    save(tmp_path, "step", "eight")
    assert record(begin(tmp_path)) == first


def test_pipes_are_left_out(tmp_path: Path) -> None:
    save(tmp_path, "step", "7")
    os.mkfifo(tmp_path / "saved/pipe")
    home = begin(tmp_path)
    assert ([path.name for path in home.checkpoints.iterdir()], list(record(home)["files"])) == (["step"], ["step"])


def test_what_a_pull_left_that_was_cut_off_is_no_checkpoint(tmp_path: Path) -> None:
    save(tmp_path, "deep/.0a1b2c3d.part", "half")
    save(tmp_path, "deep/.mine.part", "whole")
    assert [path.name for path in begin(tmp_path).checkpoints.rglob("*.part")] == [".mine.part"]


def test_a_circle_of_links_is_copied_as_it_is(tmp_path: Path) -> None:
    save(tmp_path, "deep/step", "7")
    (tmp_path / "saved/deep/up").symlink_to("..")
    assert str((begin(tmp_path).checkpoints / "deep/up").readlink()) == ".."


def test_a_name_need_not_be_text(tmp_path: Path) -> None:
    save(tmp_path, os.fsdecode(b"caf\xe9"), "7")
    assert list(record(begin(tmp_path))["files"]) == ["caf\udce9"]


def test_a_checkpoint_that_is_changed_while_it_is_copied_counts_as_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    file = save(tmp_path, "step", "7")
    os.utime(file, ns=(1, 1))
    real = shutil.copyfile

    def copyfile(source: str, target: str) -> str:
        file.write_text("changed meanwhile")
        return real(source, target)

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    assert record(begin(tmp_path))["files"] == {"step": [[1, 1]]}
