from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.run import RunState
from cynthus.operations import follow
from cynthus.operations.arrival import CHUNK
from cynthus.operations.observe import observe
from cynthus.targets.local.connection import LocalConnection
from cynthus.testing.clock import FakeClock
from tests.operations.host import Host, run_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.core.run import Run


def looking(host: Host, clock: FakeClock) -> Callable[[], Run]:
    """Whoever follows a run that has begun looks so at it."""
    return lambda: observe(run_in(RunState.RUNNING), (host.agent,), clock)


class Waking(FakeClock):
    """A clock that lets the next thing happen whenever somebody sleeps."""

    def __init__(self, *happenings: Callable[[], None]) -> None:
        super().__init__()
        self._happenings = list(happenings)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self._happenings:
            self._happenings.pop(0)()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_the_log_is_given_until_the_run_has_ended(host: Host) -> None:
    host.tells(state="RUNNING")
    host.prints(b"one\n")
    clock = Waking(lambda: host.prints(b"two\n"), lambda: host.tells(state="EXITED", exit_code=0))
    got = bytearray()
    run = follow.follow(looking(host, clock), [follow.Reading(host.agent, got.extend)], clock)
    assert (run.state, bytes(got)) == (RunState.SUCCEEDED, b"one\ntwo\n")


def test_what_was_printed_right_before_the_end_is_not_missed(host: Host) -> None:
    host.tells(state="RUNNING")

    def last_words() -> None:
        host.prints(b"last words")
        host.tells(state="EXITED", exit_code=0)

    got = bytearray()
    follow.follow(looking(host, FakeClock()), [follow.Reading(host.agent, got.extend)], Waking(last_words))
    assert bytes(got) == b"last words"


def test_following_goes_on_from_an_offset(host: Host) -> None:
    host.prints(b"seen|new")
    host.tells(state="EXITED", exit_code=0)
    got = bytearray()
    follow.follow(looking(host, FakeClock()), [follow.Reading(host.agent, got.extend, 5)], FakeClock())
    assert bytes(got) == b"new"


def test_following_ends_where_the_run_is_lost(host: Host) -> None:
    run = follow.follow(looking(host, FakeClock()), [follow.Reading(host.agent, lambda _: None)], FakeClock())
    assert run.state is RunState.LOST


def test_nothing_is_waited_for_while_the_log_grows(host: Host) -> None:
    host.prints(b"x" * (3 * CHUNK))
    host.tells(state="EXITED", exit_code=0)
    clock = FakeClock()
    follow.follow(looking(host, clock), [follow.Reading(host.agent, lambda _: None)], clock)
    assert clock.slept == []


def test_a_long_log_comes_in_chunks(host: Host) -> None:
    host.prints(b"x" * (2 * CHUNK + 5))
    sizes = [len(data) for data in follow.read_log(host.agent.connection, PurePosixPath(host.attempt / "log"), 0)]
    assert sizes == [CHUNK, CHUNK, 5]


@given(st.lists(st.sampled_from([b"a", b"\n", b"longer words", b"\r\n", b"\xff"]), max_size=40), st.integers(0, 12))
def test_the_tail_is_what_the_last_lines_are(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], count: int
) -> None:
    data = b"".join(parts)
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(data)
    offset = follow.tail_offset(LocalConnection({}), PurePosixPath(path), count)
    lines = data.split(b"\n")
    # What ends with a line break has no line after it.
    whole = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    assert data[offset:] == b"".join(whole[len(whole) - count :] if count < len(whole) else whole)


def test_the_tail_of_no_log_is_its_beginning(host: Host) -> None:
    assert follow.tail_offset(host.agent.connection, PurePosixPath(host.place / "none"), 10) == 0
