"""Ansible without Ansible: plays are recorded, and what they come to is written down beforehand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cynthus.ansible.client import Activity, PlayResult, TaskResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cynthus.core.deployment import Host
    from cynthus.errors import CynthusError


@dataclass(frozen=True)
class Step:
    """What one task comes to on the host. An `error` ends the play there; a `skipped` one leaves no result."""

    role: str
    task: str
    stdout: str = ""
    changed: bool = True
    skipped: bool = False
    error: CynthusError | None = None


@dataclass(frozen=True)
class Played:
    """One call of `play`, as it was made."""

    playbook: Path
    inventory: Path
    extravars: Mapping[str, object]
    sudo_password: str | None = None
    hosts: tuple[Host, ...] = ()


@dataclass
class FakeAnsible:
    """Plays `script`: steps, or a function that gives the steps for a play. `plays` holds what it was asked."""

    script: Sequence[Step] | Callable[[Played], Sequence[Step]] = ()
    host: str = "host-0"
    plays: list[Played] = field(default_factory=list)

    def play(
        self, playbook: Path, *, inventory: Path, extravars: Mapping[str, object], activity: Activity,
        sudo_password: str | None = None, hosts: Sequence[Host] = (),
    ) -> PlayResult:
        played = Played(playbook, inventory, dict(extravars), sudo_password, tuple(hosts))
        self.plays.append(played)
        steps = self.script(played) if callable(self.script) else self.script
        tasks = []
        for step in steps:
            activity(f"{step.role}: {step.task}" if step.role else step.task)
            if step.error:
                raise step.error
            if not step.skipped:
                tasks.append(TaskResult(self.host, step.role, step.task, step.changed, step.stdout))
        return PlayResult(tuple(tasks))

    def end_leftovers(self) -> None:
        """Nothing is ever left: a play here is over when its call is."""


def up_steps(played: Played) -> tuple[Step, ...]:
    """What `up.yml` comes to where all goes well and the agent starts the run that it is told to."""
    run = played.extravars.get("cynthus_run", "")
    starts = bool(played.extravars.get("cynthus_start", True))
    attempt = played.extravars.get("cynthus_attempt", 1)
    return (
        _answer("image", "Make the environment that the app needs", environment="e" * 12, python="python3", image=None),
        _answer("dataset", "Bring the data that the app reads", data=[]),
        _answer("app", "Bring the source of the app", skipped=not (starts or run), run_id=run, source="5" * 16),
        _answer("agent", "Start main.py", skipped=not starts, run_id=run, attempt=attempt),
    )


def _answer(role: str, task: str, *, skipped: bool = False, **answer: object) -> Step:
    return Step(role, task, "" if skipped else json.dumps({"changed": True, **answer}), skipped=skipped)
