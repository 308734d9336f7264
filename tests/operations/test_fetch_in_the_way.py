"""What lies at home where something of the host's belongs stays, and nothing is written anywhere else."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.errors import PullFailed
from cynthus.targets.local.connection import LocalConnection
from tests.operations.twins import OLD, Twins

if TYPE_CHECKING:
    from pathlib import Path, PurePosixPath

    from cynthus.targets.connection import FileEntry


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    return Twins(tmp_path)


class Lying(LocalConnection):
    """A host that lists paths as it likes."""

    def __init__(self, path: str) -> None:
        super().__init__({})
        self._path = path

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        return tuple(replace(file, path=self._path) for file in super().files(folder))


def test_a_folder_of_the_users_in_the_place_of_a_file_stays(twins: Twins) -> None:
    twins.mine("step/notes", "mine")
    twins.writes("step", "1")
    twins.pull()
    assert twins.texts == {"step/notes": "mine", "step.from-host": "1"}


def test_a_file_of_the_users_in_the_place_of_a_folder_stays(twins: Twins) -> None:
    twins.mine("deep", "mine")
    twins.writes("deep/step", "1")
    twins.pull()
    assert (twins.texts, twins.compare().missing) == ({"deep": "mine", "deep.from-host/step": "1"}, ())


def test_a_file_that_has_become_a_folder_on_the_host_gives_way_at_home(twins: Twins) -> None:
    twins.writes("latest", "1")
    twins.pull()
    twins.writes("latest/step", "2")
    twins.pull()
    assert twins.texts == {"latest/step": "2"}


def test_a_link_that_has_become_a_folder_on_the_host_gives_way_at_home(twins: Twins) -> None:
    twins.writes("10/step", "1")
    twins.links("latest", "10")
    twins.pull()
    twins.writes("latest/step", "2")
    twins.pull()
    assert twins.texts == {"10/step": "1", "latest/step": "2"}


def test_nothing_is_written_through_a_link_at_home(twins: Twins) -> None:
    (twins.place / "elsewhere").mkdir()
    twins.home.mkdir()
    (twins.home / "sub").symlink_to(twins.place / "elsewhere")
    twins.writes("sub/deep/a", "1")
    twins.pull()
    assert list((twins.place / "elsewhere").iterdir()) == []
    assert twins.texts == {"sub": f"-> {twins.place / 'elsewhere'}", "sub.from-host/deep/a": "1"}


def test_what_lies_behind_a_link_is_not_taken_for_being_at_home(twins: Twins) -> None:
    twins.writes("sub/a", "1", OLD)
    twins.mine("../elsewhere/a", "1", OLD)
    (twins.home / "sub").symlink_to(twins.place / "elsewhere")
    assert [file.path for file in twins.compare().missing] == ["sub/a"]


def test_a_link_of_the_users_in_the_place_of_a_file_stays(twins: Twins) -> None:
    twins.home.mkdir()
    (twins.home / "step").symlink_to(twins.place / "elsewhere")
    twins.writes("step", "1")
    twins.pull()
    assert twins.texts == {"step": f"-> {twins.place / 'elsewhere'}", "step.from-host": "1"}
    assert not (twins.place / "elsewhere").exists()


def test_the_folder_itself_may_be_a_link_to_where_there_is_room(twins: Twins) -> None:
    (twins.place / "large disk").mkdir()
    twins.home.symlink_to(twins.place / "large disk")
    twins.writes("step", "1")
    twins.pull()
    assert (twins.place / "large disk/step").read_text() == "1"


@pytest.mark.parametrize("path", ["../step", "/step", "a/../../step", "a//step", "./step", ""])
def test_a_host_that_lists_a_path_to_somewhere_else_is_not_believed(twins: Twins, path: str) -> None:
    twins.writes("step", "1")
    twins.connection = Lying(path)
    with pytest.raises(PullFailed, match="no path of a file below"):
        twins.pull()
    assert not twins.home.exists()


def test_pipes_do_not_come_home_and_count_for_nothing(twins: Twins) -> None:
    os.mkfifo(twins.host / "pipe")
    twins.pull()
    assert (twins.texts, twins.compare().size) == ({}, (0, 0))


def test_a_pipe_of_the_users_stays(twins: Twins) -> None:
    twins.home.mkdir()
    os.mkfifo(twins.home / "step")
    twins.writes("step", "1")
    twins.pull()
    assert stat.S_ISFIFO((twins.home / "step").stat().st_mode)
    assert twins.texts == {"step.from-host": "1"}


def test_two_names_of_one_file_come_home_as_two_files(twins: Twins) -> None:
    twins.writes("a", "1")
    os.link(twins.host / "a", twins.host / "b")
    twins.pull()
    assert twins.texts == {"a": "1", "b": "1"}


def test_a_file_that_acts_as_its_owner_on_the_host_does_not_at_home(twins: Twins) -> None:
    twins.writes("tool", "#!/bin/sh\n")
    (twins.host / "tool").chmod(0o6755)
    twins.pull()
    assert stat.S_IMODE((twins.home / "tool").stat().st_mode) == 0o755
