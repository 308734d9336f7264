"""The play `up.yml` without Ansible: the same verbs of the same agent, asked one after the other.

For tests of what comes before and after the play, in a tenth of its time.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cynthus.ansible.client import Activity, PlayResult, TaskResult
from cynthus.ansible.failure import agent_error
from cynthus.errors import TaskFailed
from cynthus.process import Command, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cynthus.core.deployment import Host

AGENT = "ansible/roles/agent/files/cynthus-agent.pyz"


class DirectPlay:
    """A `cynthus.ansible.client.Ansible` that knows one playbook and one host, this machine.

    `environment` is the whole environment of the agent. `plays` holds the extravars of every play.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.plays: list[Mapping[str, object]] = []

    def play(
        self,
        playbook: Path,  # noqa: ARG002 - it knows one playbook
        *,
        inventory: Path,
        extravars: Mapping[str, object],
        activity: Activity,
        sudo_password: str | None = None,  # noqa: ARG002 - nothing of it needs root
        hosts: Sequence[Host] = (),  # noqa: ARG002 - it knows one host
    ) -> PlayResult:
        self.plays.append(dict(extravars))
        agent = inventory.parent / AGENT
        tasks = []
        for role, arguments in _asked(extravars):
            activity(role)
            tasks.append(self._ask(agent, role, arguments))
        return PlayResult(tuple(tasks))

    def end_leftovers(self) -> None:
        """Nothing to do: the verbs that it asked for end by themselves."""

    def _ask(self, agent: Path, role: str, arguments: tuple[str, ...]) -> TaskResult:
        argv = (sys.executable, "-I", "-S", str(agent), *arguments)
        answer = run(Command(argv, env=self._environment), timeout=120)
        said = answer.stdout.decode()
        if answer.returncode != 0:
            raise agent_error({"stdout": said}) or TaskFailed(
                f"{role}: failed: {answer.stderr.decode()}", hint="look at the agent"
            )
        return TaskResult("local", role, role, changed='"changed": true' in said, stdout=said)


def _asked(extravars: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    given = {name.removeprefix("cynthus_"): str(value) for name, value in extravars.items()}
    spec, home = ("--spec", given["spec"]), ("--home", given["home"])
    folder = ("--folder", given["folder"])
    if given.get("image") != "later":
        yield "image", ("environment", *spec, *folder, *home)
    later = ("--elsewhere", "later") if given.get("elsewhere") == "later" else ()
    yield "dataset", ("data", *spec, *folder, *home, *later)
    yield "app", ("source", *spec, *folder, *home, "--run", given["run"], "--archive", given["source_archive"])
    if extravars["cynthus_start"]:
        yield "agent", ("start", *spec, *home, "--run", given["run"], "--attempt", given.get("attempt", "1"))
