"""What ansible-runner tells while a play goes on, event by event."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

from msgspec import Struct, field

from cynthus.ansible.client import Activity, TaskResult

_COLOR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LINES = 40
_ARGUMENT_CHECK = "validate_argument_spec"


class Failure(Struct, frozen=True):
    """A task that failed on a host, or a host that could not be reached. `result` is what the module returned."""

    host: str
    role: str
    task: str
    action: str
    unreachable: bool
    result: Mapping[str, object]

    @property
    def where(self) -> str:
        return f"{self.role}: {self.task}" if self.role else self.task


class Events(Struct):
    """Collects the events of one play and tells `activity` of each task as it begins."""

    activity: Activity
    tasks: list[TaskResult] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LINES))
    """The last lines that belong to no task: warnings and errors of Ansible itself."""
    printed: deque[str] = field(default_factory=lambda: deque(maxlen=_LINES))
    """The last lines of all that ansible-playbook printed."""
    no_hosts: bool = False
    current: str = ""
    """The task that runs now, as `activity` was told."""

    def take(self, event: Mapping[str, object]) -> None:
        kind = event.get("event")
        data = event.get("event_data")
        if not isinstance(data, Mapping):
            data = {}
        if kind == "playbook_on_task_start":
            self._begin(data)
        elif kind == "runner_on_ok":
            self._end(data)
        elif kind in ("runner_on_failed", "runner_on_unreachable"):
            self._fail(data, unreachable=kind == "runner_on_unreachable")
        elif kind == "playbook_on_no_hosts_matched":
            self.no_hosts = True
        said = _printed(event)
        self.printed.extend(said)
        if kind in ("verbose", "warning", "error", "system_warning"):
            self.lines.extend(said)

    def _begin(self, data: Mapping[str, object]) -> None:
        if _checks_arguments(data):
            return
        self.current = ": ".join(part for part in (_text(data, "role"), _text(data, "task")) if part)
        self.activity(self.current)

    def _end(self, data: Mapping[str, object]) -> None:
        if _checks_arguments(data):
            return
        result = _result(data)
        self.tasks.append(
            TaskResult(
                host=_text(data, "host"),
                role=_text(data, "role"),
                task=_text(data, "task"),
                changed=result.get("changed") is True,
                stdout=_text(result, "stdout"),
            )
        )

    def _fail(self, data: Mapping[str, object], *, unreachable: bool) -> None:
        if data.get("ignore_errors"):
            return
        self.failures.append(
            Failure(
                host=_text(data, "host"),
                role=_text(data, "role"),
                task=_text(data, "task"),
                action=_text(data, "task_action"),
                unreachable=unreachable,
                result=_result(data),
            )
        )


def _printed(event: Mapping[str, object]) -> list[str]:
    lines = _COLOR.sub("", _text(event, "stdout")).splitlines()
    return [line.rstrip() for line in lines if line.strip()]


def _checks_arguments(data: Mapping[str, object]) -> bool:
    """Whether this is the task that Ansible puts before a role with an argument specification."""
    return _text(data, "task_action").endswith(_ARGUMENT_CHECK)


def _result(data: Mapping[str, object]) -> Mapping[str, object]:
    result = data.get("res")
    return result if isinstance(result, Mapping) else {}


def _text(data: Mapping[str, object], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
