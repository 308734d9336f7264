"""What every `cynthus.ansible.client.Ansible` does. Inherit the class and say how a play is set up."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cynthus.ansible.client import PlayResult, TaskResult
from cynthus.errors import EnvironmentFailed, HostUnreachable, TaskFailed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.ansible.client import Activity, Ansible

HOST = "host-0"
EVIL = "{{ lookup('pipe', 'id') }}"


@dataclass(frozen=True)
class Scene:
    """One task on the host HOST: what it prints, or how it fails."""

    role: str
    task: str
    prints: str = ""
    changed: bool = True
    skipped: bool = False
    fails: bool = False
    """It prints `prints` and ends with exit code 1."""
    unreachable: bool = False


@dataclass(frozen=True)
class Stage:
    """An Ansible and a playbook for it."""

    ansible: Ansible
    playbook: Path
    inventory: Path

    def play(self, activity: Activity = lambda _: None) -> PlayResult:
        return self.ansible.play(
            self.playbook, inventory=self.inventory, extravars={"word": EVIL, "flag": True}, activity=activity
        )


class AnsibleContract(ABC):
    """Tests that the real Ansible and the fake one pass."""

    @abstractmethod
    def stage(self, folder: Path, scenes: Sequence[Scene]) -> Stage:
        """A playbook below `folder` with a task for each of `scenes`."""

    def test_results_come_in_the_order_of_the_tasks(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Make it", "one"), Scene("app", "Bring it", "two", changed=False)])
        assert stage.play().tasks == (
            TaskResult(HOST, "image", "Make it", changed=True, stdout="one"),
            TaskResult(HOST, "app", "Bring it", changed=False, stdout="two"),
        )

    def test_a_skipped_task_leaves_no_result(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Make it", "one"), Scene("app", "Bring it", skipped=True)])
        assert [task.role for task in stage.play().tasks] == ["image"]

    def test_the_last_words_of_a_role_can_be_asked_for(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Look", "one"), Scene("image", "Make it", "two")])
        assert stage.play().stdout("image", HOST) == "two"

    def test_a_role_that_printed_nothing_has_no_words(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Look", "one")])
        assert stage.play().stdout("agent", HOST) == ""

    def test_activity_is_told_of_each_task_as_role_and_sentence(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Make it", "one"), Scene("app", "Bring it", "two")])
        told: list[str] = []
        stage.play(told.append)
        assert told == ["image: Make it", "app: Bring it"]

    def test_a_failed_task_ends_the_play(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Make it", "no luck", fails=True), Scene("app", "Bring it")])
        told: list[str] = []
        with pytest.raises(TaskFailed):
            stage.play(told.append)
        assert told == ["image: Make it"]

    def test_a_failed_task_is_named_with_its_host_and_words(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Make it", "no luck", fails=True)])
        with pytest.raises(TaskFailed, match=f"image: Make it: failed on {HOST}: no luck"):
            stage.play()

    def test_an_error_of_the_agent_comes_back_in_its_own_class(self, tmp_path: Path) -> None:
        problem = {"code": "CYN-421", "message": "no such package", "hint": "mend it", "details": ["line 1"]}
        stage = self.stage(tmp_path, [Scene("image", "Make it", json.dumps({"error": problem}), fails=True)])
        with pytest.raises(EnvironmentFailed, match="no such package") as caught:
            stage.play()
        assert (caught.value.hint, caught.value.details) == ("mend it", ("line 1",))

    def test_a_host_out_of_reach_is_said_to_be(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Make it", unreachable=True)])
        with pytest.raises(HostUnreachable, match=HOST):
            stage.play()

    def test_where_nothing_was_left_there_is_nothing_to_end(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Make it", "one")])
        stage.ansible.end_leftovers()
        stage.play()
        stage.ansible.end_leftovers()
        assert stage.play().stdout("image", HOST) == "one"

    def test_two_plays_do_not_mix(self, tmp_path: Path) -> None:
        stage = self.stage(tmp_path, [Scene("image", "Make it", "one")])
        assert stage.play() == stage.play()
