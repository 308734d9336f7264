"""A run: one execution of main.py, and the only ways its state may change."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "QUEUED"
    PROVISIONING = "PROVISIONING"
    CONFIGURING = "CONFIGURING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    PREEMPTED = "PREEMPTED"
    LOST = "LOST"

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to the run by itself any more."""
        return not TRANSITIONS[self]

    @property
    def begun(self) -> bool:
        """Whether main.py has been started, as far as the record knows."""
        return self not in (RunState.QUEUED, RunState.PROVISIONING, RunState.CONFIGURING)


_S = RunState

TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    _S.QUEUED: frozenset({_S.PROVISIONING, _S.FAILED, _S.CANCELLED}),
    _S.PROVISIONING: frozenset({_S.QUEUED, _S.CONFIGURING, _S.FAILED, _S.CANCELLED, _S.PREEMPTED}),
    _S.CONFIGURING: frozenset({_S.RUNNING, _S.FAILED, _S.CANCELLED, _S.PREEMPTED, _S.LOST}),
    _S.RUNNING: frozenset({_S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.PREEMPTED, _S.LOST}),
    _S.PREEMPTED: frozenset({_S.QUEUED, _S.PROVISIONING, _S.FAILED, _S.CANCELLED}),
    # A host that was out of sight may come back and be found running or done.
    _S.LOST: frozenset({_S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.PREEMPTED}),
    _S.SUCCEEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""From each state, the states that may follow."""


class IllegalTransition(ValueError):
    """A state change that the table does not have: a defect of the caller."""


class Transition(Struct, frozen=True):
    """One change of state: when (UTC, RFC 3339), to what, and why."""

    at: str
    state: RunState
    reason: str


class Version(Struct, frozen=True):
    """What runs: the environment (hash of base and requirements) and the source (hash of its archive)."""

    environment: str
    source: str


class Run(Struct, frozen=True):
    """One execution of the app. `fingerprint` covers everything that makes a second run worth having."""

    id: str
    deployment: str
    created_at: str
    state: RunState = RunState.QUEUED
    attempt: int = 1
    version: Version = Version("", "")
    fingerprint: str = ""
    arguments: tuple[str, ...] = ()
    """What was typed after `--`, for main.py."""
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    nodes: int = 1
    """On how many hosts it runs."""
    pulled: bool = False
    """Whether all outputs of the ended run are at home."""
    pruned: bool = False
    """Whether its outputs and its source were removed from their host, since they are at home."""
    transitions: tuple[Transition, ...] = field(default=())

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for: it has ended, or nobody can say any more how it will."""
        return self.state.ended or self.state is RunState.LOST

    def moved(self, state: RunState, *, at: str, reason: str) -> Run:
        """The run after a change of state.

        Raises:
            IllegalTransition: if the table does not have it. Moving to the same state is no change.
        """
        if state == self.state:
            return self
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.id}: {self.state} -> {state} ({reason})")
        history = (*self.transitions, Transition(at, state, reason))
        return replace(self, state=state, reason=reason, transitions=history)
