from __future__ import annotations

import pytest

from cynthus.terraform.activity import activity
from cynthus.terraform.events import Event


def hook(kind: str, *, addr: object = "a.b", **more: object) -> Event:
    return Event(kind, "", {"hook": {"resource": {"addr": addr}, **more}})


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (hook("apply_start", action="create"), "creating a.b"),
        (hook("apply_progress", action="create", elapsed_seconds=10), "creating (10 s) a.b"),
        (hook("apply_complete", action="delete", elapsed_seconds=1), "removed a.b"),
        (hook("apply_errored", action="update"), "failed while changing a.b"),
        (hook("apply_start", action="transmogrify"), "changing a.b"),
        (hook("provision_start"), "setting up a.b"),
        (hook("refresh_start"), "looking at a.b"),
        (Event("state_lock_acquire", ""), "waiting for the lock of the state"),
    ],
)
def test_an_event_is_told_in_a_few_words(event: Event, words: str) -> None:
    assert activity(event) == words


@pytest.mark.parametrize(
    "event",
    [
        Event("text", "words"),
        Event("log", "words"),
        hook("refresh_complete"),
        hook("apply_start", addr=None),
        Event("apply_start", "", {"hook": {"resource": "broken"}}),
    ],
)
def test_other_events_are_not_worth_a_word(event: Event) -> None:
    assert activity(event) is None


def test_no_control_character_reaches_the_terminal() -> None:
    assert activity(hook("apply_start", action="create", addr='a.b["\x1b[2J"]')) == 'creating a.b["?[2J"]'
