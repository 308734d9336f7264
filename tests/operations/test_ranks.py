"""What a run on several hosts comes to, by what each of them tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable
from cynthus.operations import ranks
from cynthus.operations.observe import read_status
from tests.operations.host import run_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent

AT = "2026-01-02T03:04:09Z"
STARTING: dict[str, object] = {"state": "STARTING"}
RUNNING: dict[str, object] = {"state": "RUNNING", "started_at": "2026-01-02T03:04:06Z"}


@dataclass(frozen=True)
class Asked:
    """An agent that is only asked for its name, and told to stop."""

    name: str
    stopped: list[str]

    def stop(self, run: str, reason: str, attempt: int | None = None) -> None:
        self.stopped.append(f"{self.name}: {run} {attempt} {reason}")


def ended(second: int, **more: object) -> dict[str, object]:
    return {**RUNNING, "state": "EXITED", "ended_at": f"2026-01-02T03:04:{second:02}Z", **more}


def rank(number: int, status: Mapping[str, object] | None, stopped: list[str] | None = None) -> ranks.Rank:
    agent: HostAgent = Asked(f"host-{number}", [] if stopped is None else stopped)  # type: ignore[assignment]
    return ranks.Rank(agent, status)


def as_one(*statuses: Mapping[str, object] | None, state: RunState = RunState.RUNNING) -> Run:
    run = run_in(state)
    status = ranks.as_one(run, [rank(number, each) for number, each in enumerate(statuses)])
    return run if status is None else read_status(run, status, at=AT)


@pytest.mark.parametrize("other", [None, STARTING])
def test_it_has_not_begun_before_it_has_on_each(other: Mapping[str, object] | None) -> None:
    assert as_one(RUNNING, other, state=RunState.CONFIGURING).state is RunState.CONFIGURING


def test_it_runs_once_it_does_on_each() -> None:
    assert as_one(RUNNING, RUNNING, state=RunState.CONFIGURING).state is RunState.RUNNING


def test_it_runs_as_long_as_it_does_on_one() -> None:
    assert as_one(ended(7, exit_code=0), RUNNING).state is RunState.RUNNING


def test_it_has_succeeded_when_it_has_on_each() -> None:
    assert as_one(ended(7, exit_code=0), ended(8, exit_code=0)).state is RunState.SUCCEEDED


def test_it_ends_with_the_last() -> None:
    assert as_one(ended(8, exit_code=0), ended(7, exit_code=0)).ended_at == "2026-01-02T03:04:08Z"


def test_the_first_failure_counts_and_its_host_is_named() -> None:
    run = as_one(ended(9, exit_code=4), ended(7, exit_code=3), ended(8, exit_code=0))
    assert (run.state, run.reason, run.exit_code) == (RunState.FAILED, "host-1: exit code 3", 3)


def test_one_that_was_stopped_for_another_is_no_failure_of_its_own() -> None:
    stopped = ended(6, signal=15, reason="host-1: exit code 3")  # by a clock that is behind
    assert as_one(stopped, ended(7, exit_code=3)).reason == "host-1: exit code 3"


def test_cancelled_on_each_is_cancelled() -> None:
    cancelled = ended(7, signal=15, reason="cancelled: by `cynthus cancel`")
    assert as_one(cancelled, cancelled).state is RunState.CANCELLED


def test_where_nothing_is_left_of_it_on_one_host_it_has_failed() -> None:
    run = as_one(ended(7, exit_code=0), None)
    assert (run.state, run.reason) == (RunState.FAILED, f"host-1: {ranks.GONE}")


def test_where_it_has_failed_on_one_it_is_ended_on_the_others() -> None:
    stopped: list[str] = []
    seen = [rank(0, RUNNING, stopped), rank(1, ended(7, exit_code=3), stopped), rank(2, ended(8, exit_code=0), stopped)]
    assert ranks.stop_rest(run_in(RunState.RUNNING), seen)
    assert stopped == ["host-0: 20260102-030405-beef 1 host-1: exit code 3"]


@pytest.mark.parametrize("other", [RUNNING, ended(7, exit_code=0)])
def test_where_none_has_failed_none_is_ended(other: Mapping[str, object]) -> None:
    stopped: list[str] = []
    assert not ranks.stop_rest(run_in(RunState.RUNNING), [rank(0, RUNNING, stopped), rank(1, other, stopped)])
    assert stopped == []


def look(state: RunState, *answers: Mapping[str, object] | None) -> list[ranks.Rank]:
    """None stands for a host that does not answer."""
    agents = [rank(number, None).agent for number in range(len(answers))]

    def ask(agent: HostAgent) -> Mapping[str, object] | None:
        answer = answers[int(agent.name[-1])]
        if answer is None:
            raise HostUnreachable(f"{agent.name} is silent", hint="wake it")
        return answer

    return ranks.look(run_in(state), agents, ask)


def test_a_silent_host_among_others_counts_as_failed() -> None:
    seen = look(RunState.RUNNING, RUNNING, None)
    assert [(each.silent, each.failure) for each in seen] == [(False, ""), (True, ranks.SILENT)]


@pytest.mark.parametrize(
    ("state", "answers"), [(RunState.RUNNING, (None, None)), (RunState.CONFIGURING, (RUNNING, None))]
)
def test_where_no_host_answers_or_it_has_not_begun_nobody_can_tell(
    state: RunState, answers: tuple[Mapping[str, object] | None, ...]
) -> None:
    with pytest.raises(HostUnreachable):
        look(state, *answers)
