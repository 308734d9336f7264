from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.state.lines import BLOCK, append
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


def test_what_was_added_is_for_its_owner_to_write(path: Path) -> None:
    before = os.umask(0)
    try:
        append(path, b"one\n")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
