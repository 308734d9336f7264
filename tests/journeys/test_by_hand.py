"""The rendered folder works without Cynthus: plain Terraform, plain Ansible."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from cynthus.ansible.adapter import ansible_playbook, script_folders
from cynthus.process import Command, Completed, run
from cynthus.settings import read
from cynthus.terraform.binary import find
from cynthus.terraform.environment import terraform_environment
from tests.journeys.user import User, wait_for
from tests.readme import readme_block

RENDER, ENTER, INIT, APPLY, PLAY = (shlex.split(line) for line in readme_block("by-hand").splitlines())
"""What the README tells a reader to type, word by word."""


def test_the_readme_says_which_programs_are_typed() -> None:
    assert [words[0] for words in (RENDER, ENTER, INIT, APPLY, PLAY)] == [
        "cynthus", "cd", "terraform", "terraform", "ansible-playbook",
    ]


@pytest.fixture(scope="module")
def root(visitor: User) -> Path:
    """A rendered folder as a colleague would get it: cloned, without any record of ours."""
    folder = visitor.folder("app")
    assert visitor.cynthus(*RENDER[1:-1], folder).code == 0
    clone = visitor.place / "clone"
    shutil.copytree(folder, clone, ignore=shutil.ignore_patterns(".cynthus"))
    return clone / Path(ENTER[1]).relative_to(RENDER[-1])


def shell(visitor: User, root: Path, *argv: str) -> Completed:
    playbooks = ansible_playbook(script_folders()).parent
    environment = terraform_environment({**visitor.shell(), "PATH": f"{playbooks}:{visitor.shell()['PATH']}"})
    return run(Command(argv, cwd=root, env=environment), timeout=120)


def terraform(visitor: User, root: Path, *arguments: str) -> Completed:
    return shell(visitor, root, *find(read(visitor.shell())).argv, *arguments)


@pytest.fixture(scope="module")
def applied(visitor: User, root: Path) -> Completed:
    assert terraform(visitor, root, *INIT[1:]).returncode == 0
    return terraform(visitor, root, *APPLY[1:], "-auto-approve")


@pytest.fixture(scope="module")
def played(visitor: User, root: Path, applied: Completed) -> Completed:
    assert applied.returncode == 0, applied
    return shell(visitor, root, *PLAY)


def test_terraform_makes_the_host(applied: Completed) -> None:
    assert applied.returncode == 0, applied


def test_the_inventory_has_that_host(visitor: User, root: Path, applied: Completed) -> None:
    assert applied.returncode == 0
    answer = shell(visitor, root, "./inventory.py", "--list")
    assert len(json.loads(answer.stdout)["cynthus"]["hosts"]) == 1, answer


def test_ansible_starts_main_py(visitor: User, root: Path, played: Completed) -> None:
    assert played.returncode == 0, played.stdout.decode()
    home = visitor.home / ".local/share/cynthus"
    wait_for(lambda: list(home.glob("*/runs/*/outputs/count.txt")))
    assert next(home.glob("*/runs/*/outputs/count.txt")).read_text() == "3"


def test_terraform_removes_the_host(visitor: User, root: Path, played: Completed) -> None:
    assert played.returncode == 0
    assert terraform(visitor, root, "destroy", "-auto-approve").returncode == 0
    shutil.rmtree(visitor.home / ".local/share/cynthus")


def test_rendering_twice_changes_no_byte(user: User) -> None:
    folder = user.folder()
    user.cynthus("render", folder)
    before = content(folder / "infra")
    user.cynthus("render", folder)
    assert content(folder / "infra") == before


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
