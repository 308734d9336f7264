"""A play is asked to stop before it is killed."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import field

from cynthus.ansible.family import Family
from cynthus.ansible.stop import Stop


@dataclass
class Clock:
    now: float = 0

    def __call__(self) -> float:
        return self.now


class Watched(Family):
    """A family of nobody that remembers what was done to it."""

    done: list[str] = field(default_factory=list)

    def look(self) -> None:
        self.done.append("look")

    def interrupt(self) -> None:
        self.done.append("interrupt")

    def end(self, *, patience: float) -> None:
        self.done.append(f"end {patience:g}")


def stop(clock: Clock) -> tuple[Stop, Watched]:
    family = Watched("X=1")
    return Stop(family, deadline=100, grace=10, monotonic=clock), family


def test_a_play_goes_on_until_it_is_asked_to_stop() -> None:
    asked, family = stop(Clock())
    assert (asked(), family.done) == (False, [])


def test_it_is_interrupted_first_and_not_killed() -> None:
    asked, family = stop(Clock())
    asked.ask()
    assert (asked(), family.done) == (False, ["look", "interrupt"])


def test_it_is_interrupted_once() -> None:
    asked, family = stop(Clock())
    asked.ask()
    for _ in range(5):
        asked()
    assert family.done.count("interrupt") == 1


def test_it_is_killed_when_the_grace_is_over() -> None:
    clock = Clock()
    asked, _ = stop(clock)
    asked.ask()
    asked()
    clock.now = 10
    assert asked()


def test_asking_twice_changes_nothing() -> None:
    asked, _ = stop(Clock())
    asked.ask()
    asked()
    asked.ask()
    assert not asked()


def test_hurry_ends_the_grace() -> None:
    asked, _ = stop(Clock())
    asked.ask()
    asked()
    asked.hurry()
    assert asked()


def test_a_play_past_its_deadline_is_stopped_as_if_asked() -> None:
    clock = Clock(100)
    asked, family = stop(clock)
    assert (asked(), asked.timed_out, family.done) == (False, True, ["look", "interrupt"])


def test_a_play_that_was_asked_to_stop_did_not_time_out() -> None:
    clock = Clock()
    asked, _ = stop(clock)
    asked.ask()
    clock.now = 200
    asked()
    assert not asked.timed_out


def test_what_is_left_is_ended_after_a_stop() -> None:
    asked, family = stop(Clock())
    asked.ask()
    asked()
    asked.clean(patience=3)
    assert family.done[-1] == "end 3"


def test_nothing_is_ended_after_a_play_that_ended_by_itself() -> None:
    asked, family = stop(Clock())
    asked()
    asked.clean()
    assert family.done == []
