from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import PullFailed
from cynthus.state.known import Known
from cynthus.targets.local.connection import LocalConnection
from tests.operations.twins import OLD, Twins

if TYPE_CHECKING:
    from cynthus.targets.connection import FileEntry


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    return Twins(tmp_path)


class Rotating(LocalConnection):
    """A host on which a file is gone as soon as it was listed."""

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        found = super().files(folder)
        for file in found:
            Path(folder / file.path).unlink()
        return found


class Piping(Rotating):
    """A host on which a file has become a named pipe."""

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        found = super().files(folder)
        for file in found:
            os.mkfifo(folder / file.path)
        return found


class Stopping(LocalConnection):
    """Ctrl-C at the first file that is read by itself."""

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        raise KeyboardInterrupt


class Breaking(LocalConnection):
    """A host whose disk gives up in the middle of every file."""

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        if offset:
            raise OSError(5, "Input/output error", str(path))
        return super().read(path, offset=0, limit=1)


# what changes while it is fetched


def test_a_file_that_is_gone_since_it_was_listed_leaves_the_copy_at_home_alone(twins: Twins) -> None:
    twins.writes("step", "newer")
    twins.mine("step", "good copy")
    twins.connection = Rotating({})
    twins.pull()
    assert twins.texts == {"step": "good copy"}


def test_nobody_waits_at_a_file_that_has_become_a_pipe(twins: Twins) -> None:
    twins.writes("step", "1")
    twins.connection = Piping({})
    with pytest.raises(PullFailed, match="not a regular file"):
        twins.pull()


def test_of_a_file_that_cannot_be_read_no_half_is_left(twins: Twins) -> None:
    twins.writes("a", "12")
    twins.connection = Breaking({})
    with pytest.raises(PullFailed, match="input/output error"):
        twins.pull()
    assert twins.texts == {}


def test_what_is_added_to_a_file_since_it_was_listed_comes_too_and_is_looked_at_again(twins: Twins) -> None:
    twins.writes("log", "one", OLD)
    listed = twins.compare()
    twins.writes("log", "one two", OLD + 1)
    twins.pull(listed)
    assert (twins.texts, len(twins.compare().missing)) == ({"log": "one two"}, 1)


def test_a_pull_that_was_stopped_has_not_taken_a_grown_file_for_an_edit(twins: Twins) -> None:
    twins.writes("log", "one", OLD)
    twins.writes("model", "x" * 100_000, OLD)
    listed = twins.compare()
    twins.writes("log", "one two", OLD + 1)
    twins.connection = Stopping({})
    with pytest.raises(KeyboardInterrupt):
        twins.pull(listed)
    twins.connection = LocalConnection({})
    assert (twins.pull(), sorted(twins.texts)) == ((), ["log", "model"])


# versions


def test_a_newer_version_replaces_the_one_that_came_before(twins: Twins) -> None:
    twins.writes("step", "1")
    twins.pull()
    twins.writes("step", "2")
    assert (twins.pull(), twins.texts) == ((), {"step": "2"})


def test_also_one_with_an_older_time(twins: Twins) -> None:
    twins.writes("step", "1")
    twins.pull()
    twins.writes("step", "2", OLD)
    assert (twins.pull(), twins.texts) == ((), {"step": "2"})


@pytest.mark.parametrize("age", [OLD, None], ids=["older", "newer"])
def test_a_file_of_the_users_own_is_kept_beside_the_hosts(twins: Twins, age: int | None) -> None:
    twins.mine("step", "mine", age)
    twins.writes("step", "1", OLD + 1)
    twins.pull()
    assert twins.texts == {"step": "mine", "step.from-host": "1"}


def test_an_edit_of_what_came_home_is_kept(twins: Twins) -> None:
    twins.writes("step", "1")
    twins.pull()
    twins.mine("step", "mine", OLD)
    twins.writes("step", "2")
    twins.pull()
    assert twins.texts == {"step": "mine", "step.from-host": "2"}


def test_an_edit_that_is_made_while_its_file_is_on_its_way_is_kept(twins: Twins) -> None:
    class Slow(LocalConnection):
        def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
            twins.mine("step", "mine", OLD)
            return super().read(path, offset=offset, limit=limit)

    twins.writes("step", "1")
    twins.pull()
    twins.writes("step", "2")
    twins.connection = Slow({})
    twins.pull()
    assert twins.texts == {"step": "mine", "step.from-host": "2"}


def test_what_lies_beside_follows_the_host(twins: Twins) -> None:
    twins.mine("step", "mine")
    for text in ("1", "2", "3"):
        twins.writes("step", text)
        twins.pull()
    assert twins.texts == {"step": "mine", "step.from-host": "3"}


def test_an_edit_of_what_lies_beside_is_kept_too(twins: Twins) -> None:
    twins.mine("step", "mine")
    twins.writes("step", "1")
    twins.pull()
    twins.mine("step.from-host", "mine too")
    twins.writes("step", "2")
    twins.pull()
    assert twins.texts == {"step": "mine", "step.from-host": "mine too", "step.from-host-2": "2"}


def test_a_file_of_the_hosts_own_with_such_a_name_is_not_mixed_up_with_it(twins: Twins) -> None:
    twins.mine("step", "mine")
    for number in "12":
        twins.writes("step", number)
        twins.writes("step.from-host", f"another {number}")
        twins.pull()
    assert twins.texts == {"step": "mine", "step.from-host": "another 2", "step.from-host-2": "2"}


def test_what_lies_beside_is_at_home(twins: Twins) -> None:
    twins.mine("step", "mine")
    twins.writes("step", "1")
    twins.pull()
    assert twins.compare().size == (0, 0)


def test_whoever_takes_the_hosts_under_its_own_name_gets_newer_ones_there(twins: Twins) -> None:
    twins.mine("step", "mine")
    twins.writes("step", "1")
    twins.pull()
    (twins.home / "step.from-host").rename(twins.home / "step")
    twins.writes("step", "2")
    twins.pull()
    assert twins.texts == {"step": "2"}


def test_a_version_that_went_to_the_host_may_be_replaced(twins: Twins) -> None:
    twins.mine("step", "0", OLD)
    twins.begun = Known("b1", {"step": ((1, OLD),)})
    twins.writes("step", "1")
    twins.pull()
    assert twins.texts == {"step": "1"}


def test_what_came_from_a_host_is_the_users_own_for_one_that_began_anew(twins: Twins) -> None:
    twins.begun = Known("b1")
    twins.writes("step", "100")
    twins.pull()
    twins.begun = Known("b2")
    twins.writes("step", "1")
    twins.pull()
    assert twins.texts == {"step": "100", "step.from-host": "1"}


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"schema":1,"began":"","files":[]}', b"\xff\x00"])
def test_with_a_damaged_record_nothing_is_replaced(twins: Twins, damage: bytes) -> None:
    twins.writes("step", "1")
    twins.pull()
    twins.record.write_bytes(damage)
    twins.writes("step", "2")
    twins.pull()
    assert twins.texts == {"step": "1", "step.from-host": "2"}


def test_a_lost_record_is_made_again_from_what_is_the_same(twins: Twins) -> None:
    twins.writes("step", "1")
    twins.pull()
    twins.record.unlink()
    twins.pull()
    twins.writes("step", "2")
    twins.pull()
    assert twins.texts == {"step": "2"}


def test_where_nothing_changed_nothing_is_written(twins: Twins) -> None:
    twins.writes("step", "1")
    twins.pull()
    before = [path.stat().st_ino for path in (twins.record, twins.home / "step")]
    twins.pull()
    assert [path.stat().st_ino for path in (twins.record, twins.home / "step")] == before


def test_a_record_that_cannot_be_written_stops_before_anything_is(twins: Twins) -> None:
    twins.writes("step", "1")
    (twins.place / "records").write_text("in the way")
    with pytest.raises(PullFailed, match="records"):
        twins.pull()
    assert twins.texts == {}


def test_a_name_need_not_be_text(twins: Twins) -> None:
    name = os.fsdecode(b"caf\xe9")
    for text in ("1", "2"):
        twins.writes(name, text)
        twins.pull()
    assert twins.texts == {name: "2"}
