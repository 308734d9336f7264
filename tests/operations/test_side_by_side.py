from __future__ import annotations

import threading

import pytest

from cynthus.operations.side_by_side import side_by_side


def test_all_are_at_work_at_once() -> None:
    meeting = threading.Barrier(3)
    assert sorted(each.result(10) for each in side_by_side([lambda: meeting.wait(10)] * 3)) == [0, 1, 2]


def test_one_that_hangs_is_not_waited_for() -> None:
    hangs = threading.Event()
    try:
        slow, quick = side_by_side([lambda: hangs.wait(60), lambda: True])
        assert (quick.result(10), slow.done()) == (True, False)
    finally:
        hangs.set()


def test_what_goes_wrong_is_told_to_whoever_asks() -> None:
    def fail() -> None:
        raise OSError("no")

    (asked,) = side_by_side([fail])
    with pytest.raises(OSError, match="no"):
        asked.result(10)
