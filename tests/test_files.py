from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.files import read_json, replace_with, sync_folder, write_atomic, write_json
from tests.state.disks import fill, make_read_only, mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_written_is_there(tmp_path: Path) -> None:
    write_atomic(tmp_path / "x", b"data")
    assert (tmp_path / "x").read_bytes() == b"data"


def test_nothing_else_is_left(tmp_path: Path) -> None:
    write_atomic(tmp_path / "x", b"data")
    assert names(tmp_path) == ["x"]


def test_an_old_file_is_replaced_and_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old and longer")
    os.link(tmp_path / "x", tmp_path / "other-name")
    write_atomic(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"new"
    assert (tmp_path / "other-name").read_bytes() == b"old and longer"


@pytest.mark.parametrize("durable", [True, False])
def test_the_mode_is_the_one_asked_for(tmp_path: Path, durable: bool) -> None:  # noqa: FBT001 - both ways
    write_atomic(tmp_path / "x", b"", mode=0o600, durable=durable)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


def test_a_private_file_is_private_although_the_old_one_was_not(tmp_path: Path) -> None:
    (tmp_path / "x").touch(0o644)
    write_atomic(tmp_path / "x", b"", mode=0o600)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["with space", "ünïcödé", "-rf", "quote'\"", "a" * 230])
def test_any_name_can_be_written(tmp_path: Path, name: str) -> None:
    write_atomic(tmp_path / name, b"data")
    assert names(tmp_path) == [name]


def test_a_folder_in_the_way_stays_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomic(tmp_path / "x", b"data")
    assert names(tmp_path) == ["x"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "missing" / "x", b"data")


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=256k") as folder:
        write_atomic(folder / "x", b"old")
        fill(folder)
        with pytest.raises(OSError, match="No space left"):
            write_atomic(folder / "x", b"n" * 8192)
        assert names(folder) == ["filler", "x"]
        assert (folder / "x").read_bytes() == b"old"


def test_a_read_only_disk_leaves_the_old_file(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=256k") as folder:
        write_atomic(folder / "x", b"old")
        make_read_only(folder)
        with pytest.raises(OSError, match="Read-only"):
            write_atomic(folder / "x", b"new")
        assert (folder / "x").read_bytes() == b"old"


def test_a_reader_sees_one_whole_version_or_the_other(tmp_path: Path) -> None:
    path, stop = tmp_path / "x", threading.Event()
    versions = [b"a" * 50_000, b"b" * 90_000]
    write_atomic(path, versions[0], durable=False)

    def write() -> None:
        while not stop.is_set():
            for version in versions:
                write_atomic(path, version, durable=False)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = {path.read_bytes() for _ in range(500)}
    finally:
        stop.set()
        writer.join()
    assert seen <= set(versions)


WRITER = """
import sys
from pathlib import Path
from cynthus.files import write_atomic
print("writing", flush=True)
while True:
    for letter in (b"a", b"b"):
        write_atomic(Path(sys.argv[1]), letter * 500_000, durable=False)
"""


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_atomic(path, b"b" * 500_000)
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
        data = path.read_bytes()
        assert data in (b"a" * 500_000, b"b" * 500_000)


def test_a_synced_folder_is_closed_again(tmp_path: Path) -> None:
    lowest = os.open(tmp_path, os.O_RDONLY)
    os.close(lowest)
    sync_folder(tmp_path)
    again = os.open(tmp_path, os.O_RDONLY)
    os.close(again)
    assert again == lowest


def test_what_is_no_folder_cannot_be_synced(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "x")


def test_json_is_readable_and_ends_in_a_line_feed(tmp_path: Path) -> None:
    write_json(tmp_path / "x", {"b": 1, "a": ["ü"]})
    assert (tmp_path / "x").read_text(encoding="utf-8") == '{\n  "b": 1,\n  "a": [\n    "ü"\n  ]\n}\n'


def test_the_name_of_a_file_that_is_no_utf_8_is_read_back(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.bin")
    write_json(tmp_path / "x", {"name": name, "other": "ü"})
    assert read_json(tmp_path / "x") == {"name": name, "other": "ü"}


def test_a_value_that_is_no_json_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "x", {"a": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "x", {"a": object()})
    assert read_json(tmp_path / "x") == {"a": 1}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\n\"'ü", max_size=4), inner, max_size=3),
    max_leaves=10,
)


@given(value=st.dictionaries(st.text("ab ${%", max_size=5), values, max_size=4))
def test_any_value_is_read_back(tmp_path_factory: pytest.TempPathFactory, value: dict[str, object]) -> None:
    path = tmp_path_factory.mktemp("json") / "x"
    write_json(path, value, durable=False)
    assert read_json(path) == value


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "x") is None


def test_a_file_below_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    assert read_json(tmp_path / "x" / "y") is None


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"\0", b'{"a": 1} trailing'])
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(ValueError, match=r"."):
        read_json(tmp_path / "x")


@pytest.mark.parametrize("value", [[], "text", 1, None])
def test_json_that_is_no_object_is_refused_by_name(tmp_path: Path, value: object) -> None:
    (tmp_path / "x").write_text(json.dumps(value))
    with pytest.raises(ValueError, match="x does not hold a JSON object"):
        read_json(tmp_path / "x")


def test_a_folder_in_the_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_json(tmp_path)


def test_what_comes_in_pieces_takes_the_place_of_the_old(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    found = replace_with(tmp_path / "x", iter([b"a", b"bc"]), partial=tmp_path / "parts/1")
    assert ((tmp_path / "x").read_bytes(), names(tmp_path / "parts")) == (b"abc", [])
    assert found == hashlib.sha256(b"abc").hexdigest()


def test_pieces_that_break_off_leave_the_old(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"new"
        raise KeyError("cut")

    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(KeyError, match="cut"):
        replace_with(tmp_path / "x", pieces(), partial=tmp_path / "parts/1")
    assert ((tmp_path / "x").read_bytes(), names(tmp_path / "parts")) == (b"old", [])
