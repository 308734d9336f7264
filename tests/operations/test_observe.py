from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cynthus.core.run import RunState
from cynthus.operations.observe import observe
from cynthus.testing.clock import START, FakeClock
from tests.operations.host import Host, run_in

if TYPE_CHECKING:
    from pathlib import Path

STARTED = "2026-01-02T03:04:04Z"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def seen(host: Host, state: RunState = RunState.CONFIGURING) -> RunState:
    return observe(run_in(state), (host.agent,), FakeClock()).state


def test_a_run_whose_main_py_has_not_begun_stays_where_it_is(host: Host) -> None:
    assert seen(host) is RunState.CONFIGURING


def test_a_run_that_is_about_to_begin_stays_where_it_is(host: Host) -> None:
    host.tells(state="STARTING")
    assert seen(host) is RunState.CONFIGURING


def test_a_run_runs_once_main_py_has_begun(host: Host) -> None:
    host.tells(state="RUNNING", started_at=STARTED)
    assert seen(host) is RunState.RUNNING


def test_what_comes_before_main_py_is_told_as_what_it_is(host: Host) -> None:
    host.tells(state="RUNNING", started_at=STARTED, phase="preparing data")
    run = observe(run_in(RunState.CONFIGURING), (host.agent,), FakeClock())
    assert (run.state, run.transitions[-1].reason) == (RunState.RUNNING, "preparing data")


@pytest.mark.parametrize(
    ("end", "state"),
    [
        ({"exit_code": 0}, RunState.SUCCEEDED),
        ({"exit_code": 1}, RunState.FAILED),
        ({"signal": 9}, RunState.FAILED),
        ({"exit_code": 0, "reason": "max_duration: it took longer than 4h"}, RunState.FAILED),
        ({"signal": 15, "reason": "cancelled: by `cynthus cancel`"}, RunState.CANCELLED),
        ({"reason": "nobody knows"}, RunState.FAILED),
    ],
)
def test_how_a_run_ended_follows_from_what_the_agent_wrote(
    host: Host, end: dict[str, object], state: RunState
) -> None:
    host.tells(state="EXITED", started_at=STARTED, ended_at="2026-01-02T03:04:05Z", **end)
    assert seen(host) is state


def test_the_reason_names_the_exit_code(host: Host) -> None:
    host.tells(state="EXITED", exit_code=7)
    assert observe(run_in(RunState.RUNNING), (host.agent,), FakeClock()).reason == "exit code 7"


def test_the_reason_names_the_signal(host: Host) -> None:
    host.tells(state="EXITED", signal=11)
    assert observe(run_in(RunState.RUNNING), (host.agent,), FakeClock()).reason == "killed by signal 11 (SIGSEGV)"


def test_a_run_that_has_ended_is_not_asked_about_any_more(host: Host) -> None:
    host.tells(state="RUNNING")
    assert seen(host, RunState.SUCCEEDED) is RunState.SUCCEEDED


def test_a_running_run_of_which_nothing_is_left_is_lost(host: Host) -> None:
    assert seen(host, RunState.RUNNING) is RunState.LOST


def test_a_lost_run_that_turns_up_again_runs(host: Host) -> None:
    host.tells(state="RUNNING", started_at=STARTED)
    assert seen(host, RunState.LOST) is RunState.RUNNING


def test_a_lost_run_that_turns_up_ended_has_ended(host: Host) -> None:
    host.tells(state="EXITED", exit_code=0)
    assert seen(host, RunState.LOST) is RunState.SUCCEEDED


def test_a_silent_agent_that_cannot_be_asked_is_believed_its_last_word(host: Host) -> None:
    host.tells(state="RUNNING", started_at=STARTED)
    clock = FakeClock(START + timedelta(minutes=5))
    assert observe(run_in(RunState.RUNNING), (host.agent,), clock).state is RunState.RUNNING


def test_the_times_are_the_agents(host: Host) -> None:
    host.tells(state="EXITED", exit_code=0, started_at=STARTED, ended_at="2026-01-02T03:04:44Z")
    run = observe(run_in(RunState.RUNNING), (host.agent,), FakeClock())
    assert (run.started_at, run.ended_at) == (STARTED, "2026-01-02T03:04:44Z")
