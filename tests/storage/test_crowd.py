from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from cynthus.storage.crowd import Crowd, Stopped
from cynthus.storage.room import Room

if TYPE_CHECKING:
    from collections.abc import Iterator


def results(crowd: Crowd[int, int]) -> list[int]:
    return [result for result in crowd.results() if result is not None]


def test_everything_is_done_once() -> None:
    assert sorted(results(Crowd(range(1000), lambda each: each, threads=8))) == list(range(1000))


def test_as_many_work_at_once_as_there_are_threads() -> None:
    together = threading.Barrier(4, timeout=20)
    assert len(results(Crowd(range(4), lambda _: together.wait(), threads=4))) == 4


def test_tasks_are_read_as_they_are_needed() -> None:
    read: list[int] = []

    def tasks() -> Iterator[int]:
        for each in range(1000):
            read.append(each)
            yield each

    started, go = threading.Event(), threading.Event()

    def work(each: int) -> int:
        started.set()
        go.wait(20)
        return each

    coming = Crowd(tasks(), work, threads=2).results()
    threading.Thread(target=next, args=(coming,)).start()
    started.wait(20)
    assert len(read) <= 2
    go.set()


def test_the_first_error_stops_all() -> None:
    done: list[int] = []

    def work(each: int) -> int:
        if each == 3:
            raise KeyError(each)
        done.append(each)
        return each

    with pytest.raises(KeyError):
        results(Crowd(range(100_000), work, threads=2))
    assert len(done) < 100_000


def test_an_error_of_the_tasks_comes_out() -> None:
    def tasks() -> Iterator[int]:
        yield 1
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        results(Crowd(tasks(), lambda each: each, threads=2))


def test_who_waits_gets_a_turn_now_and_then() -> None:
    over = threading.Event()
    turns = 0
    for result in Crowd([1], lambda each: over.wait(20), threads=1).results():
        if result is None:
            turns += 1
            over.set()
    assert turns == 1


def test_long_work_is_told_to_stop_when_nobody_waits_any_more() -> None:
    stopped = threading.Event()

    def work(each: int) -> int:
        try:
            while each:
                crowd.go_on()
                time.sleep(0.001)
        except Stopped:
            stopped.set()
            raise
        return each

    crowd = Crowd([0, 1], work, threads=2)
    coming = crowd.results()
    next(coming)
    coming.close()
    assert stopped.wait(20)


def test_room_is_given_to_who_wants_what_is_free() -> None:
    room, order = Room(10), list[str]()
    waits = threading.Event()

    def wait() -> None:
        waits.set()
        with room.taken(8):
            order.append("second")

    with room.taken(5):
        second = threading.Thread(target=wait)
        second.start()
        waits.wait()
        with room.taken(5):
            order.append("first")
    second.join(20)
    assert order == ["first", "second"]


def test_who_wants_more_than_there_is_gets_all() -> None:
    room = Room(10)
    with room.taken(1000):
        pass
    with room.taken(10):
        pass
