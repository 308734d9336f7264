"""What the rendered README says, done as it says: Terraform and Ansible, without Cynthus."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.ansible.adapter import ansible_playbook, script_folders
from cynthus.process import Command, run
from tests.ansible.workbench import STAND_IN, asked
from tests.render.folders import Folder, local

if TYPE_CHECKING:
    from cynthus.terraform.binary import Binary

README = Path(__file__).parents[2] / "templates/terraform/common/compute/README.md"


def commands() -> list[str]:
    """The commands of the section `By hand`."""
    section = README.read_text().split("## By hand")[1].split("\n## ")[0]
    return re.findall(r"^    (.+)$", section, re.MULTILINE)


def by_hand(folder: Folder, line: str, terraform: Binary) -> bytes:
    """Run a line of the README; yes is said to what Terraform asks."""
    programs = ansible_playbook(script_folders()).parent
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder.home), "LC_ALL": "C.UTF-8"}
    words = tuple(line.split())
    known = {"ansible-playbook": (str(programs / words[0]),), "terraform": terraform.argv}
    argv = (*known.get(words[0], words[:1]), *words[1:])
    answer = run(Command(argv, cwd=folder.root, env=environment, stdin=b"yes\n"), timeout=120)
    assert answer.returncode == 0, (answer.stdout + answer.stderr).decode()
    return answer.stdout


def test_the_readme_shows_three_commands() -> None:
    assert [line.split()[0] for line in commands()] == ["terraform", "terraform", "ansible-playbook"]


@pytest.mark.parametrize("name", ["app", "an app with 'spaces' and é"])
def test_the_commands_of_the_readme_bring_the_app_to_its_host(tmp_path: Path, any_binary: Binary, name: str) -> None:
    folder = Folder(tmp_path / name)
    folder.write(local(agent=STAND_IN.encode()))
    for line in commands():
        by_hand(folder, line, any_binary)
    assert [words[0] for words in asked(folder.root)] == ["environment", "data", "source", "start"]
    assert f"--folder {folder.home}" in " ".join(asked(folder.root)[0])
    assert str(folder.root / "run.json") in asked(folder.root)[0]


def test_the_inventory_can_be_looked_at_and_needs_no_interpreter_named(tmp_path: Path, any_binary: Binary) -> None:
    folder = Folder(tmp_path)
    folder.write(local())
    for line in commands()[:2]:
        by_hand(folder, line, any_binary)
    assert json.loads(by_hand(folder, "./inventory.py --list", any_binary))["cynthus"] == {"hosts": ["host-0"]}


def test_git_ignores_what_terraform_leaves_behind_and_nothing_of_ours(tmp_path: Path, any_binary: Binary) -> None:
    if shutil.which("git") is None:
        pytest.skip("no git on this machine")
    folder = Folder(tmp_path)
    files = local()
    folder.write(files)
    for line in commands()[:2]:
        by_hand(folder, line, any_binary)
    by_hand(folder, "git init -q .", any_binary)
    found = by_hand(folder, "git ls-files --others --exclude-standard", any_binary).decode().split()
    assert set(found) == {*files.files, ".rendered.json"}
