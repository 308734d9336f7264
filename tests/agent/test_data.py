from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import data, spec
from cynthus.agent.failure import Failure
from cynthus.agent.home import Home
from tests.agent.host import Host, document

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "app"
    (made / "data").mkdir(parents=True)
    (made / "data/a").write_text("1")
    return made


def entry(source: str = "data", *, name: str | None = None, mode: str = "copy") -> dict[str, object]:
    return {"name": name, "from": source, "mode": mode}


def parsed(*entries: dict[str, object]) -> spec.Spec:
    return spec.parse(document(data=list(entries)))


def bring(folder: Path, *entries: dict[str, object]) -> bool:
    return data.bring(home(folder), parsed(*entries), folder)


def home(folder: Path) -> Home:
    return Home(folder.parent / "home", "weather-abcdef")


def copy_of(folder: Path, wanted: dict[str, object]) -> Path:
    (mount,) = data.mounts(home(folder), parsed(wanted), folder)
    return folder.parent / mount.path


def test_a_copy_has_the_files(folder: Path) -> None:
    assert bring(folder, entry())
    assert (copy_of(folder, entry()) / "a").read_text() == "1"


def test_bringing_the_same_again_changes_nothing(folder: Path) -> None:
    bring(folder, entry())
    assert not bring(folder, entry())


def test_what_changed_is_copied_again(folder: Path) -> None:
    bring(folder, entry())
    (folder / "data/a").write_text("other")
    assert bring(folder, entry())
    assert (copy_of(folder, entry()) / "a").read_text() == "other"


def test_what_is_gone_goes_from_the_copy(folder: Path) -> None:
    bring(folder, entry())
    (folder / "data/a").unlink()
    (folder / "data/b").touch()
    bring(folder, entry())
    assert [each.name for each in copy_of(folder, entry()).iterdir()] == ["b"]


def test_what_is_mounted_is_not_copied(folder: Path) -> None:
    assert not bring(folder, entry(mode="mount"))
    assert copy_of(folder, entry(mode="mount")) == folder / "data"
    assert not home(folder).data.exists()


def test_a_single_file_keeps_its_name(folder: Path) -> None:
    (folder / "x.csv").write_text("1,2")
    wanted = entry("x.csv")
    bring(folder, wanted)
    (mount,) = data.mounts(home(folder), parsed(wanted), folder)
    assert (mount.place, copy_of(folder, wanted).read_text()) == ("x.csv", "1,2")


def test_a_single_file_with_a_name_lies_below_it(folder: Path) -> None:
    (folder / "x.csv").write_text("1,2")
    (mount,) = data.mounts(home(folder), parsed(entry("x.csv", name="sales", mode="mount")), folder)
    assert mount.place == "sales/x.csv"


def test_several_entries_have_a_place_each(folder: Path) -> None:
    (folder / "more").mkdir()
    found = data.mounts(home(folder), parsed(entry(name="a"), entry("more", name="b")), folder)
    assert [mount.place for mount in found] == ["a", "b"]
    assert len({mount.path for mount in found}) == 2


def test_links_are_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b").write_text("2")
    (folder / "data/link").symlink_to(tmp_path / "elsewhere")
    bring(folder, entry())
    assert (copy_of(folder, entry()) / "link/b").read_text() == "2"


def test_a_circle_of_links_is_gone_through_once(folder: Path) -> None:
    (folder / "data/again").symlink_to(".")
    assert bring(folder, entry())
    assert (copy_of(folder, entry()) / "a").read_text() == "1"


def test_a_link_to_itself_is_an_error(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    with pytest.raises(Failure) as caught:
        bring(folder, entry("loop"))
    assert caught.value.code == "CYN-132"


def test_a_link_to_itself_within_is_an_error(folder: Path) -> None:
    (folder / "data/loop").symlink_to("loop")
    with pytest.raises(Failure) as caught:
        bring(folder, entry())
    assert caught.value.code == "CYN-132"


def test_what_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(Failure) as caught:
        bring(folder, entry("no-such"))
    assert (caught.value.code, "no-such does not exist" in caught.value.message) == ("CYN-131", True)


def test_pipes_are_no_data(folder: Path) -> None:
    os.mkfifo(folder / "data/pipe")
    bring(folder, entry())
    assert [each.name for each in copy_of(folder, entry()).iterdir()] == ["a"]


def test_a_copy_cannot_be_written_to_by_accident(folder: Path) -> None:
    bring(folder, entry())
    assert (copy_of(folder, entry()) / "a").stat().st_mode & 0o222 == 0


def test_a_copy_that_was_cut_off_is_gone_on_with(folder: Path) -> None:
    bring(folder, entry())
    copy = copy_of(folder, entry())
    (copy / "a").unlink()
    (copy / ".a.part").write_text("hal")
    assert bring(folder, entry())
    assert sorted(each.name for each in copy.iterdir()) == ["a"]


def test_a_run_reads_several_entries(host: Host) -> None:
    host.file("one/x", "1")
    host.file("two.csv", "2")
    host.end(
        "print(open('data/a/x').read(), open('data/b/two.csv').read())",
        data=[entry("one", name="a"), entry("two.csv", name="b", mode="mount")],
    )
    assert host.log == "1 2\n"


def test_the_verb_tells_where_data_lies_and_whether_it_is_protected(host: Host) -> None:
    host.file("one/x")
    host.file("two/x")
    host.spec(data=[entry("one", name="a"), entry("two", name="b", mode="mount")])
    told = host.ask("data")["data"]
    assert [(each["name"], each["read_only"]) for each in told] == [("a", True), ("b", False)]
    assert told[1]["path"] == str(host.folder / "two")


def test_an_absolute_path_is_itself(host: Host, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far/x").write_text("far")
    host.end("print(open('data/x').read())", data=[entry(str(tmp_path / "far"), mode="mount")])
    assert host.log == "far\n"
