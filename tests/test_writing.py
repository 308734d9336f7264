from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cynthus.errors import CynthusError, DiskFull, FolderNotWritable, StateCorrupt
from cynthus.writing import reading, refusal, writing


def error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_is_a_full_disk(number: int) -> None:
    assert type(refusal(error(number), Path("/x"))) is DiskFull


def test_a_used_up_quota_is_told_from_a_full_disk() -> None:
    assert "quota" in refusal(error(errno.EDQUOT), Path("/x")).message


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "read-only"),
        (errno.EACCES, "not permitted"),
        (errno.EPERM, "not permitted"),
        (errno.ENOLCK, "no locks"),
        (errno.EIO, "input/output error"),
    ],
)
def test_every_other_reason_is_said_in_words(number: int, words: str) -> None:
    said = refusal(error(number), Path("/x"))
    assert type(said) is FolderNotWritable
    assert said.message.startswith("cannot write /x: ")
    assert words in said.message


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refusal(error(errno.ENOTDIR), tmp_path / "file" / "below")
    assert said.message.endswith(f"{tmp_path / 'file'} is in the way: it is a file")


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    assert refusal(error(errno.EISDIR), tmp_path).message.endswith("is in the way: it is a folder")


def test_an_error_without_a_number_keeps_its_words() -> None:
    assert "odd" in refusal(OSError("odd"), Path("/x")).message


def test_the_cause_is_kept_for_debugging() -> None:
    with pytest.raises(DiskFull) as caught, writing(Path("/x")):
        raise error(errno.ENOSPC)
    assert isinstance(caught.value.__cause__, OSError)


def test_an_error_of_ours_passes_unchanged() -> None:
    ours = CynthusError("a", hint="b")
    with pytest.raises(CynthusError) as caught, writing(Path("/x")):
        raise ours
    assert caught.value is ours


def test_what_cannot_be_read_is_corrupt_and_says_why() -> None:
    with pytest.raises(StateCorrupt, match="cannot read /x: it is not permitted"), reading(Path("/x")):
        raise error(errno.EACCES)
