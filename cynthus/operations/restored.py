"""What new hosts got of what those before them had saved, for whoever looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.amounts import counted, size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cynthus.ansible.client import PlayResult
    from cynthus.operations.tools import Tools


def tell_restored(tools: Tools, result: PlayResult) -> None:
    """Say it of each host, and warn of what was left out."""
    tasks = [task for task in result.tasks if task.role == "app" and isinstance(task.answer.get("restored"), dict)]
    several = len({task.host for task in tasks}) > 1
    for task in tasks:
        told: Mapping[str, Any] = task.answer["restored"]
        who = f"{task.host}: " if several else ""
        if told.get("files"):
            tools.progress.note(f"{who}restored {_described(told)}")
        for each in told.get("left_out") or ():
            tools.progress.warn(f"{who}{each}")


def _described(told: Mapping[str, Any]) -> str:
    kinds = {"checkpoints": "checkpoint", "outputs": "output"}
    parts = [counted(told[kind], word) for kind, word in kinds.items() if told[kind]]
    newest = f", the newest checkpoint is {told['newest']}" if told.get("newest") else ""
    return f"{' and '.join(parts)} ({size(told['bytes'])}){newest}"
