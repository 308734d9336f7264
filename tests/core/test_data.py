from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.core.data import MOST_FILES, DataSource, check_data
from cynthus.core.spec import AppSpec
from cynthus.errors import DataMissing, DataUnreadable
from tests import specs

if TYPE_CHECKING:
    from pathlib import Path


def spec(*data: object) -> AppSpec:
    return specs.spec(data=list(data))


def sources(folder: Path, wanted: AppSpec) -> list[DataSource]:
    """The entries that lie on this machine."""
    return [each for each in check_data(folder, wanted) if isinstance(each, DataSource)]


def unreadable(folder: Path, *data: object) -> DataUnreadable:
    with pytest.raises(DataUnreadable) as caught:
        check_data(folder, spec(*data))
    return caught.value


def test_without_the_key_the_folder_data_is_taken(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert check_data(tmp_path, AppSpec(name="app")) == (DataSource(None, "data", tmp_path / "data", "auto", "folder"),)


def test_without_the_key_and_the_folder_there_is_no_data(tmp_path: Path) -> None:
    assert check_data(tmp_path, AppSpec(name="app")) == ()


def test_a_file_called_data_is_not_taken_unasked(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert check_data(tmp_path, AppSpec(name="app")) == ()


def test_an_empty_list_leaves_the_folder_data_out(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert check_data(tmp_path, spec()) == ()


def test_a_link_called_data_that_leads_nowhere_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to("gone")
    with pytest.raises(DataMissing) as caught:
        check_data(tmp_path, AppSpec(name="app"))
    assert "a link to gone" in caught.value.hint


def test_several_entries_are_found_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "labels.csv").touch()
    found = sources(
        tmp_path, spec({"from": "raw", "as": "raw"}, {"from": "labels.csv", "as": "labels", "mode": "copy"})
    )
    assert [(entry.name, entry.kind, entry.mode) for entry in found] == [
        ("raw", "folder", "auto"),
        ("labels", "file", "copy"),
    ]


def test_data_may_lie_outside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "shared").mkdir()
    (beside,) = sources(tmp_path / "app", spec("../shared"))
    (absolute,) = sources(tmp_path / "app", spec(str(tmp_path / "shared")))
    assert beside.path.samefile(absolute.path)


@pytest.mark.parametrize(("mode", "told"), [("auto", "mount"), ("mount", "mount"), ("copy", "copy")])
def test_the_agent_is_told_what_to_do_and_not_to_choose(tmp_path: Path, mode: str, told: str) -> None:
    (tmp_path / "raw").mkdir()
    (entry,) = check_data(tmp_path, spec({"from": "raw", "mode": mode}))
    assert entry.document() == {"name": None, "from": "raw", "mode": told}


@pytest.mark.parametrize("path", ["nowhere", "file/below", "nowhere/below"])
def test_a_path_that_does_not_exist_is_missed(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataMissing, match=path):
        check_data(tmp_path, spec(path))


def test_a_loop_of_links_is_told(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    assert "round in a circle" in unreadable(tmp_path, "one").message


def test_a_link_to_a_folder_above_is_told(tmp_path: Path) -> None:
    (tmp_path / "raw/deep").mkdir(parents=True)
    (tmp_path / "raw/deep/back").symlink_to("../../raw")
    assert "round in a circle" in unreadable(tmp_path, "raw").message


def test_a_loop_of_links_below_is_told(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/self").symlink_to("self")
    assert str(tmp_path / "raw/self") in unreadable(tmp_path, "raw").message


def test_two_links_to_one_folder_are_no_circle(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/one").symlink_to("../shared")
    (tmp_path / "raw/two").symlink_to("../shared")
    assert len(check_data(tmp_path, spec("raw"))) == 1


def test_a_broken_link_among_the_files_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/gone").symlink_to("nowhere")
    assert len(check_data(tmp_path, spec("raw"))) == 1


def test_a_pipe_is_no_data(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "neither a folder nor a regular file" in unreadable(tmp_path, "pipe").message


def test_a_pipe_among_the_files_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    os.mkfifo(tmp_path / "raw/pipe")
    assert len(check_data(tmp_path, spec("raw"))) == 1


def test_a_name_longer_than_any_file_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in unreadable(tmp_path, "x" * 300).message


@pytest.mark.parametrize("closed", ["raw", "raw/deep", "raw/deep/file"])
def test_what_may_not_be_read_is_told_by_its_path(tmp_path: Path, closed: str) -> None:
    (tmp_path / "raw/deep").mkdir(parents=True)
    (tmp_path / "raw/deep/file").touch()
    (tmp_path / closed).chmod(0)
    if os.access(tmp_path / closed, os.R_OK):
        pytest.skip("this user reads any file")
    error = unreadable(tmp_path, "raw")
    (tmp_path / closed).chmod(0o700)
    assert str(tmp_path / closed) in error.message
    assert "chmod" in error.hint


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").touch(mode=0)
    if os.access(tmp_path / "labels.csv", os.R_OK):
        pytest.skip("this user reads any file")
    assert "permission denied" in unreadable(tmp_path, "labels.csv").message


def test_an_unprintable_file_name_is_shown_so_that_no_terminal_obeys_it(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/\x1b[31m").symlink_to("\x1b[31m")
    assert unreadable(tmp_path, "raw").message.isprintable()


def test_a_tree_beyond_the_limit_is_believed(tmp_path: Path) -> None:
    last = tmp_path / "raw/one/two/three"
    last.mkdir(parents=True)
    (last / "loop").symlink_to("loop")
    many = tmp_path / "raw/many"
    many.mkdir()
    (many / "0").touch()
    assert "circle" in unreadable(tmp_path, "raw").message
    for number in range(1, MOST_FILES):
        os.link(many / "0", many / str(number))
    assert len(check_data(tmp_path, spec("raw"))) == 1
