"""What the rest of Cynthus asks of Ansible."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.deployment import Host

Activity = Callable[[str], None]
"""Told in a few words which task runs right now."""


class TaskResult(Struct, frozen=True):
    """What one task came to on one host. `stdout` is what a command printed, else ''."""

    host: str
    role: str
    task: str
    changed: bool
    stdout: str = ""

    @property
    def answer(self) -> Mapping[str, Any]:
        """What an agent printed: a JSON object; an empty one where it is anything else."""
        try:
            said = json.loads(self.stdout)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}


class PlayResult(Struct, frozen=True):
    """What a play came to, in the order in which tasks ended. Skipped tasks are left out."""

    tasks: tuple[TaskResult, ...]

    def stdout(self, role: str, host: str) -> str:
        """What the last command of `role` printed on `host`; '' if there was none."""
        found = [task.stdout for task in self.tasks if task.role == role and task.host == host and task.stdout]
        return found[-1] if found else ""


class Ansible(Protocol):
    """Runs playbooks."""

    def play(
        self, playbook: Path, *, inventory: Path, extravars: Mapping[str, object], activity: Activity,
        sudo_password: str | None = None, hosts: Sequence[Host] = (),
    ) -> PlayResult:
        """Run `playbook` against `inventory`. `extravars` reach it as values: nothing in them is ever a template.
        `sudo_password` is for tasks that become root on hosts where sudo asks for one. `hosts` are those that the
        inventory is to tell of; without any it finds them itself, as it does by hand.

        Raises:
            PasswordWrong: sudo does not take it.
            TaskFailed: a task failed.
            HostUnreachable: a host could not be reached.
            AnsibleTimeout: it took too long and was stopped.
            AnsibleMissing: ansible-playbook is not there.
            AnsibleError: anything else that Ansible reports.
        """

    def end_leftovers(self) -> None:
        """End the plays whose Cynthus was killed. (`play` does that too, before its own begins.)

        Raises:
            AnsibleError: their files lie in a folder that is not ours.
        """
