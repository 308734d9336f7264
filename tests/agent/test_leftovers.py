"""What a preparation left that came to nothing goes, whatever it made of it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import leftovers, lock
from cynthus.agent.prepared import Prepared
from cynthus.agent.preprocess import Broken, Preprocess, Wish
from tests.agent.host import RUN, until
from tests.damage import like_everybody

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.agent.host import Host


def test_a_folder_that_cannot_be_listed_goes_too(tmp_path: Path) -> None:
    part = tmp_path / "part"
    closed = part / "deep/closed"
    closed.mkdir(parents=True)
    (closed / "x").touch()
    for folder in (closed, closed.parent, part):
        folder.chmod(0)
    with like_everybody():
        leftovers.clear(part)
    assert not part.exists()


def test_nothing_left_is_fine(tmp_path: Path) -> None:
    leftovers.clear(tmp_path / "part")


@pytest.fixture
def rooms(tmp_path: Path) -> Path:
    """Two preparations that came to nothing, `a` and `b`, the one with something whole besides."""
    for name in ("a", "b"):
        (tmp_path / name / "part").mkdir(parents=True)
        (tmp_path / name / "part/x").touch()
        (tmp_path / name / "lock").touch()
    (tmp_path / "a/kept").mkdir()
    return tmp_path


def test_what_came_to_nothing_goes_and_what_is_whole_stays(rooms: Path) -> None:
    leftovers.clear_all(rooms)
    assert sorted(str(each.relative_to(rooms)) for each in rooms.glob("*/*")) == ["a/kept", "a/lock", "b/lock"]


def test_what_somebody_writes_just_now_stays(rooms: Path) -> None:
    with lock.locked(rooms / "b/lock"):
        leftovers.clear_all(rooms)
    assert [each.parent.name for each in rooms.glob("*/part")] == ["b"]


def test_what_cannot_be_deleted_keeps_nothing_else(rooms: Path) -> None:
    (rooms / "a").chmod(0o555)
    with like_everybody():
        leftovers.clear_all(rooms)
    (rooms / "a").chmod(0o755)
    assert [each.parent.name for each in rooms.glob("*/part")] == ["a"]


def test_the_next_start_makes_room_before_it_prepares_something_else(host: Host) -> None:
    host.file("prep.py", "import os; open('prepared/half', 'w').close(); os._exit(1)\n")
    host.end("", preprocess={"command": ["python", "prep.py"], "files": []})
    left = sorted(host.home.prepared.glob("*/part"))
    host.file("prep.py", "pass\n")
    host.ask("source", "--run", f"{RUN}-2")
    host.ask("start", "--run", f"{RUN}-2")
    until(host.home.run(f"{RUN}-2").attempt(1).exit.exists)
    assert (len(left), left[0].exists()) == (1, False)


@pytest.fixture
def signals() -> Iterator[None]:
    """What a program that prepares does with them stays within the test."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("signals")
def test_what_cannot_be_deleted_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Prepared(tmp_path / "room")
    room.part.mkdir(parents=True)
    room.lock.touch()
    room.folder.chmod(0o555)
    monkeypatch.setenv("CYNTHUS_PREPARED", "")
    monkeypatch.chdir(tmp_path)
    wish = Wish(room, room.kept, tmp_path / "phase", ("true",), ("true",), forward=False)
    with like_everybody(), pytest.raises(Broken) as caught:
        Preprocess(wish).run()
    room.folder.chmod(0o755)
    assert str(caught.value) == (
        f"what an earlier preparation has left cannot be deleted ({room.part}: permission denied): "
        "delete prepared/*/part on the host, in the deployment's folder"
    )
