"""The fake and ansible-runner do the same things."""

from __future__ import annotations

import json
import shutil
import sys
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from cynthus.ansible.adapter import AnsibleRunner
from cynthus.errors import CynthusError, EnvironmentFailed, HostUnreachable, TaskFailed
from cynthus.testing.ansible import FakeAnsible, Step, up_steps
from cynthus.testing.contracts.ansible import HOST, AnsibleContract, Scene, Stage
from tests.ansible.workbench import LOCAL, settings_in, write_inventory, write_playbook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class TestFakeAnsible(AnsibleContract):
    def stage(self, folder: Path, scenes: Sequence[Scene]) -> Stage:
        fake = FakeAnsible([_step(scene) for scene in scenes], host=HOST)
        return Stage(fake, folder / "playbook.yml", folder / "hosts.yml")

    def test_a_play_is_recorded(self, tmp_path: Path) -> None:
        fake = FakeAnsible()
        Stage(fake, tmp_path / "up.yml", tmp_path / "inventory.py").play()
        assert [(played.playbook.name, played.extravars["flag"]) for played in fake.plays] == [("up.yml", True)]

    def test_a_script_may_depend_on_the_play(self, tmp_path: Path) -> None:
        fake = FakeAnsible(up_steps)
        result = fake.play(
            tmp_path, inventory=tmp_path, extravars={"cynthus_run": "r", "cynthus_start": True}, activity=lambda _: None
        )
        assert json.loads(result.stdout("agent", "host-0"))["run_id"] == "r"

    def test_a_play_without_a_start_stops_at_the_data(self, tmp_path: Path) -> None:
        fake = FakeAnsible(up_steps)
        result = fake.play(tmp_path, inventory=tmp_path, extravars={"cynthus_start": False}, activity=lambda _: None)
        assert [task.role for task in result.tasks] == ["image", "dataset"]


class TestAnsibleRunner(AnsibleContract):
    def stage(self, folder: Path, scenes: Sequence[Scene]) -> Stage:
        if any(scene.unreachable for scene in scenes) and not shutil.which("ssh"):
            pytest.skip("there is no ssh to fail to connect with")
        roles = []
        for name, group in groupby(scenes, key=lambda scene: scene.role):
            tasks = folder / f"roles/{name}/tasks/main.yml"
            tasks.parent.mkdir(parents=True)
            tasks.write_text(json.dumps([_task(scene) for scene in group]))
            roles.append(name)
        host = LOCAL
        if any(scene.unreachable for scene in scenes):
            # Nothing listens on port 1, so the connection is refused at once.
            host = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
            host["ansible_python_interpreter"] = sys.executable
        playbook = write_playbook(folder, {"roles": roles})
        return Stage(AnsibleRunner(settings_in(folder)), playbook, write_inventory(folder, host))


def _step(scene: Scene) -> Step:
    error: CynthusError | None = None
    if scene.unreachable:
        error = HostUnreachable(f"{HOST} cannot be reached", hint="")
    elif scene.fails and scene.prints.startswith("{"):
        problem = json.loads(scene.prints)["error"]
        error = EnvironmentFailed(problem["message"], hint=problem["hint"], details=problem["details"])
    elif scene.fails:
        error = TaskFailed(f"{scene.role}: {scene.task}: failed on {HOST}: {scene.prints}", hint="")
    return Step(scene.role, scene.task, scene.prints, scene.changed, scene.skipped, error)


def _task(scene: Scene) -> dict[str, object]:
    argv = ["sh", "-c", f'printf %s "$1"; exit {int(scene.fails)}', "sh", scene.prints]
    task = {"name": scene.task, "ansible.builtin.command": {"argv": argv}, "changed_when": scene.changed}
    return {**task, "when": False} if scene.skipped else task
