from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.run import TRANSITIONS, IllegalTransition, Run, RunState

QUEUED = Run("20260102-030405-abcd", "weather-123456", "2026-01-02T03:04:05Z")
ENDED = {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED}
PAIRS = list(itertools.product(RunState, RunState))
STATES = st.lists(st.sampled_from(RunState), max_size=30)


def at(state: RunState) -> Run:
    return Run(QUEUED.id, QUEUED.deployment, QUEUED.created_at, state=state)


def test_the_table_has_a_row_for_every_state() -> None:
    assert set(TRANSITIONS) == set(RunState)


def test_only_three_states_are_the_end() -> None:
    assert {state for state in RunState if state.ended} == ENDED


@pytest.mark.parametrize(("one", "other"), [pair for pair in PAIRS if pair[1] in TRANSITIONS[pair[0]]])
def test_a_change_in_the_table_is_made_and_remembered(one: RunState, other: RunState) -> None:
    moved = at(one).moved(other, at="now", reason="because")
    assert (moved.state, moved.reason) == (other, "because")
    assert [(change.at, change.state, change.reason) for change in moved.transitions] == [("now", other, "because")]


@pytest.mark.parametrize(
    ("one", "other"), [pair for pair in PAIRS if pair[0] != pair[1] and pair[1] not in TRANSITIONS[pair[0]]]
)
def test_a_change_that_the_table_lacks_is_refused(one: RunState, other: RunState) -> None:
    with pytest.raises(IllegalTransition, match=f"{one} -> {other}"):
        at(one).moved(other, at="now", reason="because")


@pytest.mark.parametrize("state", list(RunState))
def test_moving_to_the_same_state_changes_nothing(state: RunState) -> None:
    run = at(state)
    assert run.moved(state, at="now", reason="again") is run


@pytest.mark.parametrize("state", sorted(set(RunState) - ENDED))
def test_whatever_has_not_ended_can_be_cancelled(state: RunState) -> None:
    assert at(state).moved(RunState.CANCELLED, at="now", reason="asked").state.ended


@pytest.mark.parametrize("state", sorted(set(RunState) - {RunState.QUEUED}))
def test_every_state_can_be_reached_from_the_queue(state: RunState) -> None:
    reached, waiting = {RunState.QUEUED}, [RunState.QUEUED]
    while waiting:
        for following in TRANSITIONS[waiting.pop()] - reached:
            reached.add(following)
            waiting.append(following)
    assert state in reached


def test_a_run_that_was_out_of_sight_may_be_found_running() -> None:
    assert at(RunState.LOST).moved(RunState.RUNNING, at="now", reason="it answers").state is RunState.RUNNING


@given(STATES)
def test_whatever_is_tried_the_history_follows_the_table(states: list[RunState]) -> None:
    run = QUEUED
    for state in states:
        try:
            run = run.moved(state, at="now", reason="tried")
        except IllegalTransition:
            continue
    path = [RunState.QUEUED, *(change.state for change in run.transitions)]
    assert all(after in TRANSITIONS[before] for before, after in itertools.pairwise(path))
    assert path[-1] == run.state


@given(STATES)
def test_nothing_follows_an_end(states: list[RunState]) -> None:
    for end in ENDED:
        for state in set(states) - {end}:
            with pytest.raises(IllegalTransition):
                at(end).moved(state, at="now", reason="tried")


def test_a_change_leaves_the_old_value_as_it_was() -> None:
    QUEUED.moved(RunState.PROVISIONING, at="now", reason="because")
    assert QUEUED.state is RunState.QUEUED
    assert QUEUED.transitions == ()
