from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import archive
from cynthus.agent.failure import Failure
from cynthus.agent.spec import parse
from tests import damage as damages
from tests.agent.host import document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def evil(path: Path, *members: tuple[str, bytes, str]) -> Path:
    """An archive as nobody should send one."""
    with tarfile.open(path, "w:gz") as tar:
        for name, kind, target in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            tar.addfile(entry, io.BytesIO())
    return path


@pytest.mark.parametrize(
    "members",
    [
        [("../out", tarfile.REGTYPE, "")],
        [("/tmp/cynthus-out", tarfile.REGTYPE, "")],
        [("a/../../out", tarfile.REGTYPE, "")],
        [("link", tarfile.SYMTYPE, "/tmp")],
        [("link", tarfile.SYMTYPE, "../..")],
        [("hard", tarfile.LNKTYPE, "/etc/passwd")],
        [("device", tarfile.CHRTYPE, "")],
        [("pipe", tarfile.FIFOTYPE, "")],
    ],
)
def test_an_archive_that_would_write_elsewhere_is_refused(
    tmp_path: Path, members: list[tuple[str, bytes, str]]
) -> None:
    with pytest.raises(Failure, match="does not belong into a source"):
        archive.unpack(evil(tmp_path / "evil.tar.gz", *members), tmp_path / "target" / "app")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "target/out").exists()


def test_nothing_is_written_through_a_link_of_the_archive(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    path = evil(tmp_path / "evil.tar.gz", ("a", tarfile.SYMTYPE, "b"), ("a/x", tarfile.REGTYPE, ""))
    with pytest.raises((Failure, OSError)):
        archive.unpack(path, tmp_path / "target/app")
    assert not (tmp_path / "target/app/b/x").exists()


@pytest.mark.parametrize("data", [b"", b"no archive", gzip.compress(b"no tar at all" * 100, mtime=0)])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.tar.gz").write_bytes(data)
    with pytest.raises(Failure, match="cannot be unpacked"):
        archive.unpack(tmp_path / "x.tar.gz", tmp_path / "target")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_bytes(b"print('x')\n" * 1000)
    return archive.pack(tmp_path / "app", parse(document()), tmp_path / "sources").path


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


HARMS = [flipped, damages.truncated, damages.empty, damages.zeros, damages.binary]


def test_an_archive_is_whole_as_it_was_written(packed: Path) -> None:
    assert archive.whole(packed)


@pytest.mark.parametrize("harm", [*HARMS, damages.a_folder])
def test_a_damaged_archive_is_not_whole(packed: Path, harm: Callable[[Path], None]) -> None:
    harm(packed)
    assert not archive.whole(packed)


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_archive_is_refused(packed: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    harm(packed)
    with pytest.raises(Failure, match=r"cannot be unpacked|does not belong"):
        archive.unpack(packed, tmp_path / "target")


def test_how_much_was_read_is_told(tmp_path: Path) -> None:
    (folder := tmp_path / "app").mkdir()
    (folder / "a").write_bytes(bytes(3))
    (folder / "b").write_bytes(bytes(4))
    told: list[tuple[int, int]] = []
    archive.pack(folder, parse(document()), tmp_path / "packed", lambda done, total: told.append((done, total)))
    assert told == [(3, 7), (7, 7)]
