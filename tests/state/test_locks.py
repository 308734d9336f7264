from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.clock import SystemClock, stamp
from cynthus.errors import DiskFull, FolderNotWritable, Locked
from cynthus.process import Command, run, start
from cynthus.state.holder import Holder, Place, here, read_holder
from cynthus.state.locks import BRIEF, MOMENTS, Lock
from tests.state.contender import contender, holding, kill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.testing.clock import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def lock(path: Path, clock: FakeClock, **more: object) -> Lock:
    return Lock(path, operation="down", clock=clock, **more)  # type: ignore[arg-type]  # a place or a beat


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def held_elsewhere(path: Path, clock: FakeClock, *, silent: float) -> Holder:
    """Write what a holder on another machine would, that was heard of `silent` seconds ago."""
    at = stamp(clock.now())
    holder = Holder("ann", "other-machine", "another-boot", 123, "99", "up", since=at, beat_at=at)
    path.write_bytes(holder.document())
    clock.advance(silent)
    return holder


def test_who_takes_it_for_moments_is_waited_for(path: Path) -> None:
    brief = Lock(path, operation=BRIEF, clock=SystemClock())
    brief.acquire()
    threading.Timer(0.3, brief.release).start()
    with Lock(path, operation="down", clock=SystemClock()):
        assert json.loads(path.read_text())["operation"] == "down"


def test_but_not_for_long(path: Path, clock: FakeClock) -> None:
    with Lock(path, operation=BRIEF, clock=clock), pytest.raises(Locked, match=BRIEF):
        lock(path, clock).acquire()
    assert MOMENTS <= sum(clock.slept) < MOMENTS + 1


def test_the_file_says_who_holds_the_lock(path: Path, clock: FakeClock) -> None:
    with lock(path, clock, place=Place("jo", "box", "boot-1")):
        document = json.loads(path.read_text())
    assert document.pop("born")
    assert document == {
        "owner": "jo",
        "host": "box",
        "boot": "boot-1",
        "pid": os.getpid(),
        "operation": "down",
        "since": "2026-01-02T03:04:05Z",
        "beat_at": "2026-01-02T03:04:05Z",
    }


def test_a_second_lock_says_who_holds_the_first(path: Path, clock: FakeClock) -> None:
    with holding(path) as holder, pytest.raises(Locked) as caught:
        lock(path, clock).acquire()
    ours = here()
    assert f'{ours.owner}@{ours.host} has been running "up" here since ' in caught.value.message
    assert f"(pid {holder.pid})" in caught.value.message


def test_a_process_does_not_get_its_own_lock_twice(path: Path, clock: FakeClock) -> None:
    with lock(path, clock), pytest.raises(Locked, match=rf"\(pid {os.getpid()}\)"):
        lock(path, clock).acquire()


def test_a_refused_lock_leaves_the_holders_name(path: Path, clock: FakeClock) -> None:
    with holding(path) as holder:
        with pytest.raises(Locked):
            lock(path, clock).acquire()
        assert json.loads(path.read_bytes())["pid"] == holder.pid


def test_a_released_lock_can_be_taken_again(path: Path, clock: FakeClock) -> None:
    with lock(path, clock):
        pass
    with lock(path, clock) as again:
        assert again.took_over is None


def test_a_lock_is_released_when_its_block_fails(path: Path, clock: FakeClock) -> None:
    with pytest.raises(KeyboardInterrupt), lock(path, clock):
        raise KeyboardInterrupt
    with lock(path, clock):
        pass


def test_a_released_file_stays_and_is_empty(path: Path, clock: FakeClock) -> None:
    with lock(path, clock):
        before = path.stat().st_ino
    assert (path.stat().st_ino, path.read_bytes()) == (before, b"")


def test_releasing_twice_is_fine(path: Path, clock: FakeClock) -> None:
    taken = lock(path, clock)
    taken.acquire()
    taken.release()
    taken.release()


def test_a_released_lock_keeps_no_thread(path: Path, clock: FakeClock) -> None:
    before = threading.active_count()
    with lock(path, clock):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_the_lock_of_a_killed_process_is_free(path: Path, clock: FakeClock) -> None:
    with holding(path) as holder:
        kill(holder)
        with lock(path, clock) as taken:
            assert taken.took_over is not None
            assert taken.took_over.pid == holder.pid


def test_a_killed_holder_is_not_named_in_place_of_the_living_one(path: Path, clock: FakeClock) -> None:
    with holding(path) as killed:
        kill(killed)
    left = path.read_bytes()
    with holding(path) as living:
        path.write_bytes(left)
        # The living one writes its name again with its next beat.
        with pytest.raises(Locked, match=rf"\(pid {living.pid}\)"):
            Lock(path, operation="down", clock=SystemClock()).acquire()


def test_a_holder_that_never_says_its_name_is_somebody(path: Path, clock: FakeClock) -> None:
    import fcntl

    with open(path, "wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(Locked, match="somebody"):
            lock(path, clock).acquire()


def test_only_one_of_ten_holds_the_lock_at_a_time(tmp_path: Path, path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    with contextlib.ExitStack() as stack:
        racers = [stack.enter_context(contender("race", path, counter, 5)) for _ in range(10)]
        assert [racer.wait(120) for racer in racers] == [0] * 10
    assert counter.read_text() == "50"


def test_a_program_that_was_started_does_not_keep_the_lock(path: Path, clock: FakeClock) -> None:
    with open(os.devnull, "wb") as null:
        with lock(path, clock):
            program = start(Command(("sleep", "60")), stdout=null, stderr=null)
        try:
            with lock(path, clock):
                assert program.poll() is None
        finally:
            program.kill()
            program.wait()


FORKER = """
import os, signal, sys
from pathlib import Path
from cynthus.state.locks import BRIEF, MOMENTS, Lock
from cynthus.testing.clock import FakeClock
path, clock = Path(sys.argv[1]), FakeClock()
first = Lock(path, operation="up", clock=clock)
first.acquire()
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    first.release()
    os.write(writing, b"released")
    signal.pause()
os.close(writing)
try:
    assert os.read(reading, 100) == b"released", "the child failed"
    assert path.read_bytes(), "the child gave back what is not its own"
    first.release()
    Lock(path, operation="up", clock=clock).acquire()
finally:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def test_a_forked_copy_does_not_keep_the_lock(path: Path) -> None:
    answer = run(Command((sys.executable, "-c", FORKER, str(path))))
    assert answer.returncode == 0, answer.stderr.decode()


def test_the_heartbeat_is_written_again_and_again(path: Path, clock: FakeClock) -> None:
    with lock(path, clock, beat_every=0.005):
        for _ in range(2):
            clock.advance(5)
            wait_for(lambda: stamp(clock.now()) in path.read_text())


def test_a_reader_never_sees_half_a_heartbeat(path: Path, clock: FakeClock) -> None:
    with lock(path, clock, beat_every=0.0001):
        assert all(read_holder(path) is not None for _ in range(2000))


def test_a_holder_on_another_machine_is_believed_while_its_heart_beats(path: Path, clock: FakeClock) -> None:
    held_elsewhere(path, clock, silent=59)
    with pytest.raises(Locked, match='ann@other-machine has been running "up"'):
        lock(path, clock).acquire()


def test_a_refusal_leaves_the_other_machines_name(path: Path, clock: FakeClock) -> None:
    holder = held_elsewhere(path, clock, silent=10)
    with pytest.raises(Locked):
        lock(path, clock).acquire()
    assert read_holder(path) == holder


def test_a_refused_lock_of_another_machine_is_not_kept(path: Path, clock: FakeClock) -> None:
    held_elsewhere(path, clock, silent=10)
    with pytest.raises(Locked):
        lock(path, clock).acquire()
    clock.advance(60)
    with lock(path, clock):
        pass


def test_a_holder_on_another_machine_that_fell_silent_is_followed(path: Path, clock: FakeClock) -> None:
    holder = held_elsewhere(path, clock, silent=61)
    with lock(path, clock) as taken:
        assert taken.took_over == holder


def test_a_holder_whose_clock_is_ahead_is_believed(path: Path, clock: FakeClock) -> None:
    held_elsewhere(path, clock, silent=0)
    clock.set(clock.now().replace(hour=0))
    with pytest.raises(Locked):
        lock(path, clock).acquire()


def test_a_holder_of_an_earlier_life_of_this_machine_waits_for_its_minute(path: Path, clock: FakeClock) -> None:
    place = here()
    path.write_bytes(replace(held_elsewhere(path, clock, silent=0), host=place.host).document())
    with pytest.raises(Locked):
        lock(path, clock, place=replace(place, boot="next-boot")).acquire()


@pytest.mark.parametrize("text", ["", "{", "[]", "\0\0", '{"owner": "jo"}', "x" * 10_000])
def test_a_file_that_says_nothing_can_be_locked(path: Path, clock: FakeClock, text: str) -> None:
    path.write_text(text)
    with lock(path, clock):
        holder = read_holder(path)
        assert holder is not None
        assert holder.pid == os.getpid()


def test_a_lock_on_a_file_that_lost_its_name_is_no_lock(path: Path, clock: FakeClock) -> None:
    """Somebody deletes the folder between our opening the file and our locking it, and a third makes it anew."""
    with open(path, "wb+") as opened:
        path.unlink()
        assert not lock(path, clock)._take(opened.fileno())
        path.touch()
        assert not lock(path, clock)._take(opened.fileno())


def test_what_a_longer_name_left_is_cut(path: Path, clock: FakeClock) -> None:
    path.write_bytes(replace(held_elsewhere(path, clock, silent=61), owner="x" * 1000).document())
    with lock(path, clock):
        assert path.read_bytes().count(b"\n") == 1


def test_a_missing_folder_is_said(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(FolderNotWritable, match="no such file"):
        lock(tmp_path / "missing" / "lock", clock).acquire()


def test_a_read_only_folder_is_said(read_only: Path, clock: FakeClock) -> None:
    with pytest.raises(FolderNotWritable, match="read-only"):
        lock(read_only / "lock", clock).acquire()


def test_a_folder_in_the_place_of_the_lock_is_said(path: Path, clock: FakeClock) -> None:
    path.mkdir()
    with pytest.raises(FolderNotWritable, match="it is a folder"):
        lock(path, clock).acquire()


def test_a_full_disk_is_said_and_the_lock_is_not_kept(small_disk: Path, clock: FakeClock) -> None:
    from tests.state.disks import fill

    (small_disk / "lock").touch()
    fill(small_disk)
    with pytest.raises(DiskFull):
        lock(small_disk / "lock", clock).acquire()
    (small_disk / "filler").unlink()
    with lock(small_disk / "lock", clock):
        pass


def test_an_interrupted_holder_gives_the_lock_back(path: Path, clock: FakeClock) -> None:
    with holding(path) as holder:
        holder.send_signal(signal.SIGINT)
        holder.wait()
        assert path.read_bytes() == b""
