"""What is said of that which new hosts got."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cynthus.ansible.client import PlayResult, TaskResult
from cynthus.operations.restored import tell_restored

if TYPE_CHECKING:
    from tests.operations.workshop import Workshop

ALL = {"checkpoints": 1, "newest": "rounds.json", "outputs": 3, "files": 4, "bytes": 31_000_000, "left_out": []}


def said(workshop: Workshop, *restored: Any) -> tuple[list[str], list[str]]:
    tasks = tuple(
        TaskResult(f"host-{number}", "app", "Bring it", changed=True, stdout=json.dumps({"restored": each}))
        for number, each in enumerate(restored)
    )
    tell_restored(replace(workshop.tools, progress=workshop.progress), PlayResult(tasks))
    return workshop.progress.notes, workshop.progress.warnings


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "restored 1 checkpoint and 3 outputs (31.0 MB), the newest checkpoint is rounds.json"),
        ({"checkpoints": 0, "newest": None}, "restored 3 outputs (31.0 MB)"),
        ({"outputs": 0, "checkpoints": 2}, "restored 2 checkpoints (31.0 MB), the newest checkpoint is rounds.json"),
    ],
)
def test_it_is_told_what_came_back(workshop: Workshop, change: dict[str, Any], text: str) -> None:
    assert said(workshop, {**ALL, **change}) == ([text], [])


@pytest.mark.parametrize("restored", [None, {**ALL, "files": 0, "outputs": 0, "checkpoints": 0}])
def test_where_nothing_did_nothing_is_said(workshop: Workshop, restored: Any) -> None:
    assert said(workshop, restored) == ([], [])


def test_what_was_left_out_is_a_warning(workshop: Workshop) -> None:
    _, warnings = said(workshop, {**ALL, "left_out": ["half.pt is not whole in the bucket"]})
    assert warnings == ["half.pt is not whole in the bucket"]


def test_of_several_hosts_each_is_named(workshop: Workshop) -> None:
    notes, _ = said(workshop, ALL, ALL)
    assert [note.partition(":")[0] for note in notes] == ["host-0", "host-1"]
