"""A run: one execution of main.py, and the only ways its state may change."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from cynthus.core.clock import parse_stamp


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


class Earlier(Struct, frozen=True):
    """An attempt that was cut off and has another after it: when main.py began and was ended (UTC, RFC 3339), why, and
    since when there was its machine, where one was made."""

    started_at: str | None
    ended_at: str
    reason: str
    made_at: str | None = None


class Run(Struct, frozen=True):
    """One execution of the app. `fingerprint` covers everything that makes a second run worth having."""

    id: str
    deployment: str
    created_at: str
    state: RunState = RunState.QUEUED
    attempt: int = 1
    """The how manyeth start of main.py: more than the first where a cloud took machines back."""
    version: Version = Version("", "")
    fingerprint: str = ""
    arguments: tuple[str, ...] = ()
    """What was typed after `--`, for main.py."""
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    started_at: str | None = None
    """When the first attempt began."""
    attempt_at: str | None = None
    """When this one did."""
    ended_at: str | None = None
    asked_version: str = ""
    """The version that was asked for by its name; '' for what lay in the folder."""
    nodes: int = 1
    """On how many hosts it runs."""
    pulled: bool = False
    """Whether all outputs of the ended run are at home."""
    pruned: bool = False
    """Whether its outputs and its source were removed from their host, since they are at home."""
    transitions: tuple[Transition, ...] = field(default=())
    earlier: tuple[Earlier, ...] = ()
    """The attempts before this one."""

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for: it has ended, it rests until somebody goes on with it, or nobody can
        say any more how it will end."""
        return self.state.ended or self.state in (RunState.LOST, RunState.PREEMPTED)

    @property
    def ran(self) -> float:
        """For how many seconds main.py ran in the attempts before this one."""
        return sum(_between(each.started_at, each.ended_at) for each in self.earlier)

    @property
    def stood(self) -> float:
        """For how many seconds there were machines for those, at least."""
        return sum(_between(each.made_at, each.ended_at) for each in self.earlier)

    def again(self, *, at: str, made_at: str | None) -> Run:
        """The run as its next attempt, which is about to be made; `made_at` is when the last one's machine was."""
        before = Earlier(self.attempt_at, self.ended_at or at, self.reason, made_at)
        queued = self.moved(RunState.QUEUED, at=at, reason=f"attempt {self.attempt + 1}")
        return replace(
            queued, attempt=self.attempt + 1, earlier=(*self.earlier, before), attempt_at=None, ended_at=None,
            exit_code=None, signal=None, pulled=False,
        )

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


def _between(begin: str | None, end: str) -> float:
    """Seconds; none where nobody knows when it began."""
    return 0.0 if begin is None else max(0.0, (parse_stamp(end) - parse_stamp(begin)).total_seconds())
