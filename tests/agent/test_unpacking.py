from __future__ import annotations

import os
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING, NamedTuple

import pytest

from cynthus.agent import failure, unpacking
from cynthus.testing.web import WebServer, serving
from tests.agent.elsewhere import asking, bring, content, home_at, linked, lying, refusal, tarred, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.home import Home
    from cynthus.agent.wanted import Wanted

FILES = {"a.csv": b"1,2\n", "deep/er/b.csv": b"3,4\n"}


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, web: WebServer) -> Place:
    return Place(home_at(tmp_path), web)


class Place(NamedTuple):
    """A host, and where it fetches from."""

    home: Home
    web: WebServer

    def wanted(self, data: bytes, name: str = "x.zip", *, unpack: bool = True) -> Wanted:
        return asking(self.web.put(f"/{name}", data), unpack=unpack)

    def brought(self, data: bytes) -> dict[str, bytes]:
        one = self.wanted(data)
        bring(self.home, one)
        return content(self.home, one)

    def refused(self, data: bytes) -> str:
        """What is said of an archive that is not unpacked; nothing of it is there."""
        problem = refusal(self.home, self.wanted(data))
        assert problem.code == failure.ARCHIVE
        assert lying(self.home) == []
        outside = {path.name for path in self.home.folder.parent.iterdir()}
        assert outside <= {"home"}, outside
        return problem.message


def test_a_zip_file_becomes_its_files(place: Place) -> None:
    assert place.brought(zipped(FILES)) == FILES


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_file_becomes_its_files(place: Place, mode: str) -> None:
    assert place.brought(tarred(*FILES.items(), mode=mode)) == FILES


def test_folders_may_be_read_by_others_than_who_packed_them(place: Place) -> None:
    closed = tarfile.TarInfo("closed")
    closed.type, closed.mode = tarfile.DIRTYPE, 0
    assert place.brought(tarred(closed, ("closed/a", b"1"))) == {"closed/a": b"1"}


def test_a_program_stays_one(place: Place) -> None:
    info = tarfile.TarInfo("run.sh")
    info.mode = 0o4755
    one = place.wanted(tarred(info))
    bring(place.home, one)
    assert (place.home.data / one.id / "run.sh").stat().st_mode & 0o7777 == 0o555


def test_the_later_of_two_with_one_name_counts(place: Place) -> None:
    assert place.brought(tarred(("a", b"old"), ("a", b"new"))) == {"a": b"new"}


def test_a_link_inside_stays_a_link(place: Place) -> None:
    assert place.brought(tarred(("deep/a", b"1"), linked("b", "deep/a"))) == {"b": b"1", "deep/a": b"1"}


def test_a_second_name_of_a_file_is_one(place: Place) -> None:
    found = place.brought(tarred(("a", b"1"), linked("b", "a", tarfile.LNKTYPE)))
    assert found == {"a": b"1", "b": b"1"}


@pytest.mark.parametrize("name", ["../evil", "deep/../../evil", "/evil", "..\\evil", "C:\\evil", "./../evil"])
def test_a_path_that_leads_out_of_a_zip_file_is_refused(place: Place, name: str) -> None:
    assert "leads out" in place.refused(zipped({"good": b"1", name: b"2"}))


@pytest.mark.parametrize("name", ["../evil", "deep/../../evil", "/evil"])
def test_a_path_that_leads_out_of_a_tar_file_is_refused(place: Place, name: str) -> None:
    assert "leads out" in place.refused(tarred(("good", b"1"), (name, b"2")))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../evil", "deep/../../../evil"])
def test_a_link_that_leads_out_is_refused(place: Place, target: str) -> None:
    assert "leads out" in place.refused(tarred(("deep/good", b"1"), linked("deep/evil", target)))


def test_a_link_that_leads_out_through_another_is_refused(place: Place) -> None:
    # `up` is the folder itself, so `up/..` is the one above it.
    assert "leads out" in place.refused(tarred(("deep/a", b"1"), linked("deep/up", ".."), linked("z", "deep/up/../..")))


def test_nothing_is_written_through_a_link(place: Place) -> None:
    said = place.refused(tarred(linked("folder", "/tmp"), ("folder/evil", b"1")))
    assert "link" in said or "as a file and as a folder" in said


def test_a_second_name_of_what_is_outside_is_refused(place: Place) -> None:
    assert "leads out" in place.refused(tarred(linked("b", "../../secret", tarfile.LNKTYPE)))


def test_a_second_name_of_nothing_is_refused(place: Place) -> None:
    assert "not in it" in place.refused(tarred(linked("b", "a", tarfile.LNKTYPE)))


def test_a_link_in_a_zip_file_is_looked_at_too(place: Place, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "home.zip", "w") as archive:
        info = zipfile.ZipInfo("evil")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    data = (tmp_path / "home.zip").read_bytes()
    (tmp_path / "home.zip").unlink()
    assert "leads out" in place.refused(data)


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_what_is_no_file_is_refused(place: Place, kind: bytes) -> None:
    assert "neither a file nor a folder" in place.refused(tarred(linked("odd", "", kind)))


def test_a_bomb_is_refused_before_it_has_filled_the_disk(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_ALWAYS", 1_000_000)
    assert "200 times" in place.refused(zipped({"zeros": b"\0" * 5_000_000}))


def test_so_are_too_many_files(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_FILES", 3)
    assert "more than 3 files" in place.refused(zipped({str(number): b"" for number in range(5)}))


def test_a_size_that_lies_is_refused(place: Place) -> None:
    data = zipped({"a": b"x" * 1000})
    place.refused(data.replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little")))


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_half_an_archive_is_refused(place: Place, part: float) -> None:
    data = tarred(("a", os.urandom(50_000)))
    place.refused(data[: int(len(data) * part)])


def test_what_is_none_is_refused(place: Place) -> None:
    assert "no zip and no tar" in place.refused(b"hello")


def test_a_file_that_is_a_folder_too_is_refused(place: Place) -> None:
    assert "as a file and as a folder" in place.refused(zipped({"a": b"1", "a/b": b"2"}))


def test_a_locked_one_is_refused(place: Place) -> None:
    data = bytearray(zipped({"a": b"12345"}))
    # Bit 0 of the flags, in the file's own header and in the list at the end.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in place.refused(bytes(data))


def test_the_archive_that_was_refused_is_kept_for_another_try(place: Place) -> None:
    refusal(place.home, place.wanted(b"hello"))
    again = place.wanted(b"hello", unpack=False)
    bring(place.home, again)
    assert content(place.home, again) == {"x.zip": b"hello"}
