"""A file that comes home: it goes on where it was cut off, and is what the host has."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import PullFailed
from cynthus.operations.arrival import CHUNK, Arrival, append
from cynthus.targets.connection import FileEntry, Sum
from cynthus.targets.local.connection import LocalConnection
from tests.operations.twins import OLD, Twins

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = os.urandom(3 * CHUNK)


def unheard(_: int) -> None:
    """Nobody listens."""


@dataclass
class Wire(LocalConnection):
    """A way to a host that counts what it carries. `before` may do something before each part is read, and `spoil`
    what is carried."""

    before: Callable[[int], None] = unheard
    spoil: Callable[[bytes], bytes] = bytes
    carried: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__({})

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        self.before(len(self.carried))
        data = super().read(path, offset=offset, limit=limit)
        if data is None:
            return None
        self.carried.append(len(data))
        return self.spoil(data)


def stop_at(count: int) -> Callable[[int], None]:
    """Ctrl-C before that part."""

    def stop(carried: int) -> None:
        if carried == count:
            raise KeyboardInterrupt

    return stop


def once(data: bytes, spoiled: list[bytes]) -> bytes:
    """The first time something else."""
    spoiled.append(data)
    return data if len(spoiled) > 1 else bytes(len(data))


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    return Twins(tmp_path)


@pytest.fixture
def cut(twins: Twins) -> Twins:
    """A pull of one large file was stopped after the first of its three parts."""
    (twins.host / "model").write_bytes(LARGE)
    twins.connection = Wire(before=stop_at(1))
    with pytest.raises(KeyboardInterrupt):
        twins.pull()
    twins.connection = Wire()
    return twins


def carried(twins: Twins) -> int:
    twins.connection = wire = Wire()
    twins.pull()
    return sum(wire.carried)


def parts(twins: Twins) -> list[Path]:
    return list(twins.home.rglob(".*.part"))


# going on


def test_what_was_cut_off_goes_on_where_it_stopped(cut: Twins) -> None:
    assert carried(cut) == 2 * CHUNK
    assert (cut.home / "model").read_bytes() == LARGE


def test_at_its_place_nothing_lies_before_it_is_whole(cut: Twins) -> None:
    assert not (cut.home / "model").exists()


def test_a_part_that_was_damaged_at_home_is_not_taken(cut: Twins) -> None:
    parts(cut)[0].write_bytes(bytes(CHUNK))
    assert carried(cut) == 3 * CHUNK
    assert (cut.home / "model").read_bytes() == LARGE


def test_a_part_of_another_version_is_not_taken(cut: Twins) -> None:
    newer = LARGE[::-1]
    (cut.host / "model").write_bytes(newer)
    cut.pull()
    assert (cut.home / "model").read_bytes() == newer


def test_a_part_longer_than_the_file_is_by_now_is_cut(cut: Twins) -> None:
    (cut.host / "model").write_bytes(LARGE[:70_000])
    assert carried(cut) == 0
    assert (cut.home / "model").read_bytes() == LARGE[:70_000]


def test_a_part_of_a_file_that_is_gone_from_the_host_goes_too(cut: Twins) -> None:
    (cut.host / "model").unlink()
    cut.pull()
    assert parts(cut) == []


def test_through_a_link_at_home_no_part_is_removed(twins: Twins) -> None:
    (twins.host / "deep").mkdir()
    (twins.host / "deep/model").write_bytes(LARGE)
    twins.connection = Wire(before=stop_at(1))
    with pytest.raises(KeyboardInterrupt):
        twins.pull()
    (twins.home / "deep").rename(twins.place / "elsewhere")
    (twins.home / "deep").symlink_to(twins.place / "elsewhere")
    (twins.host / "deep/model").unlink()
    twins.pull()
    assert len(list((twins.place / "elsewhere").iterdir())) == 1


def test_where_a_file_stands_in_the_place_of_its_folder_no_part_is_looked_for(twins: Twins) -> None:
    twins.writes("b/c", "1")
    twins.pull()
    twins.writes("b", "2")
    twins.mine("b", "mine")
    twins.pull()
    assert twins.texts == {"b": "mine", "b.from-host": "2"}


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_part_with_a_second_name_is_not_written_to(cut: Twins, make: Callable[[Path, Path], None]) -> None:
    (mine := cut.place / "mine").write_bytes(b"mine")
    parts(cut)[0].unlink()
    make(mine, cut.home / parts_name(cut))
    cut.pull()
    assert (mine.read_bytes(), (cut.home / "model").read_bytes()) == (b"mine", LARGE)


def parts_name(twins: Twins) -> str:
    """Of the file `model`."""
    with pytest.raises(KeyboardInterrupt):
        Twins(twins.place, connection=Wire(before=stop_at(1))).pull()
    (part,) = parts(twins)
    part.unlink()
    return part.name


def test_of_a_file_that_grew_only_the_new_part_comes(twins: Twins) -> None:
    (twins.host / "metrics.csv").write_bytes(LARGE)
    twins.pull()
    with open(twins.host / "metrics.csv", "ab") as stream:
        stream.write(b"more")
    assert carried(twins) == 4
    assert (twins.home / "metrics.csv").read_bytes() == LARGE + b"more"


# being what the host has


def test_what_is_spoiled_on_its_way_is_read_again(twins: Twins) -> None:
    (twins.host / "model").write_bytes(LARGE)
    spoiled: list[bytes] = []
    twins.connection = Wire(spoil=lambda data: once(data, spoiled))
    twins.pull()
    assert (twins.home / "model").read_bytes() == LARGE


def test_so_is_a_small_one(twins: Twins) -> None:
    twins.writes("note", "as it is")
    spoiled: list[bytes] = []
    twins.connection = Wire(spoil=lambda data: once(data, spoiled))
    twins.pull()
    assert twins.texts == {"note": "as it is"}


def test_what_never_comes_as_it_is_does_not_come_at_all(twins: Twins) -> None:
    twins.writes("note", "as it is")
    twins.connection = Wire(spoil=lambda data: bytes(len(data)))
    with pytest.raises(PullFailed, match="changes again and again"):
        twins.pull()
    assert list(twins.home.iterdir()) == []


def arrive(place: Path, connection: LocalConnection, listed: FileEntry) -> bytes:
    """Bring a file in pieces of four bytes."""
    partial = place / "partial"
    Arrival(connection, PurePosixPath(place / "there"), listed, partial, unheard, piece=4).copy(b"", None)
    return partial.read_bytes()


def written(place: Path, data: bytes, mtime_ns: int = OLD) -> FileEntry:
    (place / "there").write_bytes(data)
    os.utime(place / "there", ns=(mtime_ns, mtime_ns))
    return FileEntry("there", len(data), mtime_ns, 0o644)


def test_two_versions_are_never_mixed(tmp_path: Path) -> None:
    listed = written(tmp_path, b"aaaabbbbcccc")

    def rewrite(count: int) -> None:
        if count == 1:
            written(tmp_path, b"xxxxyyyyzzzz", OLD + 1)

    assert arrive(tmp_path, Wire(before=rewrite), listed) == b"xxxxyyyyzzzz"


def test_a_file_that_grows_meanwhile_comes_as_it_is_then(tmp_path: Path) -> None:
    listed = written(tmp_path, b"aaaabbbb")

    def add(_: int) -> None:
        written(tmp_path, b"aaaabbbbcccc", OLD + 1)

    wire = Wire(before=add)
    assert (arrive(tmp_path, wire, listed), sum(wire.carried)) == (b"aaaabbbbcccc", 12)


def test_a_file_that_is_replaced_by_a_longer_one_comes_whole(tmp_path: Path) -> None:
    listed = written(tmp_path, b"aaaabbbb")

    def replace(_: int) -> None:
        written(tmp_path, b"ccccddddeeee", OLD + 1)

    assert arrive(tmp_path, Wire(before=replace), listed) == b"ccccddddeeee"


def test_a_file_that_never_rests_is_given_up(tmp_path: Path) -> None:
    listed = written(tmp_path, b"aaaabbbb")

    def rewrite(count: int) -> None:
        written(tmp_path, b"%08d" % (count * 10001), OLD + count)

    with pytest.raises(OSError, match="again and again"):
        arrive(tmp_path, Wire(before=rewrite), listed)


class Shifting(LocalConnection):
    """A host whose log is another one whenever its checksum is asked for."""

    def sums(self, wanted: object) -> tuple[Sum | None, ...]:
        return (Sum("another", 4, OLD),)


def test_of_a_log_nothing_is_kept_that_is_not_as_on_the_host(tmp_path: Path) -> None:
    written(tmp_path, b"one two")
    with open(tmp_path / "log", "ab+") as stream:
        stream.write(b"one")
        with pytest.raises(OSError, match="as it is on the host"):
            append(Shifting({}), PurePosixPath(tmp_path / "there"), stream)
    assert (tmp_path / "log").read_bytes() == b"one"


# being told


def test_the_bytes_that_have_come_are_told_as_they_come(twins: Twins) -> None:
    (twins.host / "model").write_bytes(LARGE)
    twins.writes("note", "12345")
    twins.pull()
    whole = len(LARGE) + 5
    assert [done for done, _ in twins.progress.amounts] == sorted(done for done, _ in twins.progress.amounts)
    assert (twins.progress.amounts[-1], {total for _, total in twins.progress.amounts}) == ((whole, whole), {whole})
