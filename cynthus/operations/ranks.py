"""How a run stands on each of its hosts, and what that comes to: it is one run, which starts on all hosts or none and
has failed where it failed on one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.run import RunState
from cynthus.errors import CynthusError, HostUnreachable
from cynthus.operations.outcome import PREEMPTED, outcome
from cynthus.operations.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent

Status = dict[str, object]
"""A status.json."""

SILENT = "the host does not answer"
GONE = "nothing of it is there any more"


class Rank(Struct, frozen=True):
    """The run on one host. `status` is None where nothing of it is there; one that did not answer is `silent`."""

    agent: HostAgent
    status: Mapping[str, object] | None
    silent: bool = False

    @property
    def ended(self) -> bool:
        return self.status is not None and self.status.get("state") == "EXITED"

    @property
    def failure(self) -> str:
        """Why it failed there; '' where it did not, or was only cancelled."""
        if self.status is None or not self.ended:
            return ""
        state, reason = outcome(self.status)
        return reason if state is RunState.FAILED else ""


    @property
    def taken(self) -> bool:
        """Whether the cloud took its machine back while main.py ran there."""
        return self.status is not None and self.ended and outcome(self.status)[0] is RunState.PREEMPTED


def look(run: Run, there: Sequence[HostAgent], ask: Callable[[HostAgent], Mapping[str, object] | None]) -> list[Rank]:
    """Ask all hosts, side by side.

    Raises:
        HostUnreachable: of a run that had begun no host answers; of another one does not.
    """
    if len(there) < 2:
        return [Rank(agent, ask(agent)) for agent in there]
    asked = side_by_side([partial(ask, agent) for agent in there])
    answers = list(zip(there, asked, strict=True))
    silent = [error for _, answer in answers if isinstance(error := answer.exception(), HostUnreachable)]
    if silent and (len(silent) == len(there) or run.state is not RunState.RUNNING):
        raise silent[0]
    return [
        Rank(agent, {"state": "EXITED", "reason": SILENT}, silent=True)
        if isinstance(answer.exception(), HostUnreachable)
        else Rank(agent, answer.result())
        for agent, answer in answers
    ]


def as_one(run: Run, ranks: Sequence[Rank]) -> Mapping[str, object] | None:
    """One status.json for all hosts; None where there is nothing on any.

    It has started when it has on each, has ended when it has on each, and the first failure says why.
    """
    if len(ranks) == 1:
        return ranks[0].status
    known = [rank.status for rank in ranks if rank.status is not None]
    if not known or (run.state is not RunState.RUNNING and len(known) < len(ranks)):
        return {"state": "STARTING"} if known else None
    started = min((str(each["started_at"]) for each in known if each.get("started_at")), default=None)
    if not all(rank.ended or rank.status is None for rank in ranks):
        begun = all(each.get("state") != "STARTING" for each in known)
        return {"state": "RUNNING" if begun else "STARTING", "started_at": started, "beat_at": known[0].get("beat_at")}
    ended = max((str(each["ended_at"]) for each in known if each.get("ended_at")), default=None)
    return {**_decisive(ranks), "started_at": started, "ended_at": ended}


def stop_rest(run: Run, ranks: Sequence[Rank]) -> bool:
    """Where main.py has failed on one host, or the cloud took that back, end it on the others; gives whether there was
    anything to end."""
    failed, lost = _first_failure(ranks), next((rank for rank in ranks if rank.taken), None)
    going = [rank for rank in ranks if rank.status is not None and not rank.ended]
    if (failed is None and lost is None) or not going:
        return False
    reason = f"{failed.agent.name}: {failed.failure}" if failed is not None else ""
    if lost is not None:
        reason = f"{PREEMPTED}the cloud took {lost.agent.name} back"
    for answer in side_by_side([partial(rank.agent.stop, run.id, reason, run.attempt) for rank in going]):
        error = answer.exception()
        # One that has become silent meanwhile is seen to be at the next look.
        if error is not None and not isinstance(error, CynthusError):
            raise error
    return True


def _decisive(ranks: Sequence[Rank]) -> Status:
    """The end that counts: that the cloud took one of them back, for what fails elsewhere comes of that; else the first
    failure, else that it was cancelled, else the first host's."""
    taken = next((rank.status for rank in ranks if rank.taken and rank.status), None)
    if taken is not None:
        return dict(taken)
    failed = _first_failure(ranks)
    if failed is not None:
        assert failed.status is not None  # noqa: S101 - it has failed
        return {**failed.status, "reason": f"{failed.agent.name}: {failed.failure}"}
    lost = next((rank for rank in ranks if rank.status is None), None)
    if lost is not None:
        return {"state": "EXITED", "reason": f"{lost.agent.name}: {GONE}"}
    cancelled = [rank.status for rank in ranks if rank.status and str(rank.status.get("reason") or "")]
    return dict(cancelled[0] if cancelled else ranks[0].status or {})


def _first_failure(ranks: Sequence[Rank]) -> Rank | None:
    """The first by time. The clocks of hosts differ, so one that was ended since another had failed does not count."""
    names = tuple(f"{rank.agent.name}: " for rank in ranks)
    failed = [rank for rank in ranks if rank.failure and not rank.failure.startswith(names)]
    ended = [(str((rank.status or {}).get("ended_at") or "~"), place) for place, rank in enumerate(failed)]
    return failed[min(ended)[1]] if failed else None
