from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.state.lines import BLOCK, append, read_tail
from tests.state.disks import fill

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines"


def test_lines_are_added_at_the_end(path: Path) -> None:
    append(path, b"one\n")
    append(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("torn", [b"to", b"{" * BLOCK, b"\0" * (2 * BLOCK + 1)])
def test_a_torn_line_is_cut(path: Path, torn: bytes) -> None:
    path.write_bytes(b"one\n" + torn)
    append(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_file_that_is_one_torn_line_begins_anew(path: Path) -> None:
    path.write_bytes(b"x" * (BLOCK + 1))
    append(path, b"one\n")
    assert path.read_bytes() == b"one\n"


def test_a_full_disk_leaves_no_part_of_a_line(small_disk: Path) -> None:
    path = small_disk / "lines"
    append(path, b"one\n")
    fill(small_disk)
    with pytest.raises(OSError, match="No space left"):
        append(path, b"x" * 8191 + b"\n")
    assert path.read_bytes() == b"one\n"


def test_the_tail_of_no_file_is_empty(path: Path) -> None:
    assert read_tail(path, 1) == b""


def test_the_tail_of_an_empty_file_is_empty(path: Path) -> None:
    path.touch()
    assert read_tail(path, 1) == b""


@pytest.mark.parametrize("count", [1, 2, 50_000, 99_999, 100_000, 200_000])
def test_the_tail_has_the_lines_that_were_asked_for(path: Path, count: int) -> None:
    lines = [f"line {number}" for number in range(100_000)]
    path.write_text("\n".join(lines) + "\n")
    assert read_tail(path, count).decode().splitlines()[-count:] == lines[-count:]


def test_the_tail_of_a_large_file_is_read_from_its_end(path: Path) -> None:
    with open(path, "wb") as stream:
        # A hole of a gigabyte: reading it all would take gigabytes of memory.
        stream.seek(1 << 30)
        stream.write(b"\nlast\n")
    assert len(read_tail(path, 1)) <= BLOCK


def test_a_line_that_is_longer_than_what_is_read_at_once_is_whole(path: Path) -> None:
    line = b"y" * (2 * BLOCK + 10)
    path.write_bytes(b"one\n" + line + b"\n")
    assert read_tail(path, 1).split(b"\n")[-2] == line


def test_a_torn_line_does_not_count_as_one(path: Path) -> None:
    path.write_bytes(b"one\ntwo\nto")
    assert read_tail(path, 1).endswith(b"two\nto")


def test_what_was_added_is_for_its_owner_to_write(path: Path) -> None:
    before = os.umask(0)
    try:
        append(path, b"one\n")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
