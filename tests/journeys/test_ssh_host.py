"""A bare host that has an SSH port: one command takes the app there, and `down` leaves nothing of it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.ansible.adapter import ansible_playbook, script_folders
from cynthus.process import Command, Completed, run
from cynthus.settings import read
from cynthus.terraform.binary import find
from cynthus.terraform.environment import terraform_environment
from tests.journeys.user import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.host import Host
    from tests.journeys.user import Ended, User

pytestmark = pytest.mark.hosts

HOMES = "/home/tester/.local/share/cynthus"


@pytest.fixture(scope="module")
def folder(visitor: User, machine: Host) -> Path:
    ssh = {"hosts": [machine.address], "user": machine.user, "port": machine.port, "key": str(machine.key)}
    # With `runtime: auto` Docker would be installed first.
    spec = {"target": "ssh", "ssh": ssh, "data": ["./data"], "runtime": "venv"}
    return visitor.folder("an app", cynthus_yaml=json.dumps(spec))


@pytest.fixture(scope="module")
def bare(machine: Host) -> set[str]:
    """What is on the host before anything of ours is."""
    return everything(machine)


@pytest.fixture(scope="module")
def up(visitor: User, folder: Path, bare: set[str]) -> Ended:
    assert bare
    return visitor.cynthus("up", folder, "-y")


@pytest.fixture(scope="module")
def changed(visitor: User, folder: Path, up: Ended) -> Ended:
    """An `up` after data and main.py have changed. From here on the tests come after all others."""
    assert up.code == 0, up
    (folder / "data/words.txt").write_text("four\n")
    (folder / "main.py").write_text("print(open('data/words.txt').read(), end='')\n")
    return visitor.cynthus("up", folder, "-y")


@pytest.fixture(scope="module")
def down(visitor: User, folder: Path, changed: Ended) -> Ended:
    assert changed.code == 0, changed
    return visitor.cynthus("down", folder, "-y")


def everything(machine: Host) -> set[str]:
    """All files and folders of a host's users and of ours. Ansible keeps an empty folder of its own in each home."""
    places = ("/home", "/root", "/opt", "/tmp", "/var/tmp", "/dev/shm")
    found = machine.text("find", *places, "-not", "-path", "*/.ansible*")
    return {path for path in found.splitlines() if "systemd-private" not in path}


def test_one_command_runs_the_app_there(up: Ended) -> None:
    assert (up.code, up.out) == (0, "counting\n3 words\n"), up


def test_the_machine_is_named_and_costs_nothing(up: Ended) -> None:
    assert "a machine of yours: costs nothing" in up.err


def test_the_outputs_are_at_home(up: Ended, folder: Path) -> None:
    assert (folder / "outputs/latest/count.txt").read_text() == "3", up


def test_the_deployment_lies_in_the_home_of_the_user(up: Ended, visitor: User, folder: Path, machine: Host) -> None:
    assert machine.text("ls", HOMES).split() == [visitor.status(folder)["id"]], up


def test_the_environment_was_made_while_the_data_was_on_its_way(
    up: Ended, visitor: User, folder: Path, machine: Host
) -> None:
    # Which leaves the lock that it held.
    assert machine.text("ls", f"{HOMES}/{visitor.status(folder)['id']}/ahead.lock"), up


def test_a_second_up_does_nothing(up: Ended, visitor: User, folder: Path) -> None:
    again = visitor.cynthus("up", folder, "-y")
    assert (again.code, again.out) == (0, ""), (up, again)
    assert "nothing has changed since run" in again.err


def test_status_reads_what_the_host_says(up: Ended, visitor: User, folder: Path) -> None:
    found = visitor.status(folder)
    assert (found["phase"], found["run"]["state"], found["run"]["pulled"]) == ("up", "SUCCEEDED", True), up


def test_exec_runs_beside_main_py_on_the_host(up: Ended, visitor: User, folder: Path, machine: Host) -> None:
    answer = visitor.cynthus("exec", folder, "--", "sh", "-c", "hostname; id -un; cat data/words.txt; exit 7")
    assert (answer.code, answer.out) == (7, f"{machine.name}\ntester\none two three\n"), (up, answer)


def test_doctor_finds_nothing_wrong_with_the_host_but_that_only_root_may_let_systemd_look_after_the_agent(
    up: Ended, visitor: User, folder: Path
) -> None:
    findings = visitor.cynthus("doctor", folder, "--json").document["findings"]
    wrong = [each for each in findings if each["check"].startswith("host-0") and each["level"] != "ok"]
    assert [each["check"].split()[-1] for each in wrong] == ["lingering"], (up, wrong)


def test_changed_data_and_a_changed_main_py_are_brought(changed: Ended) -> None:
    assert (changed.code, changed.out) == (0, "four\n"), changed


def test_down_takes_everything_of_ours_off_the_host(down: Ended, machine: Host, bare: set[str]) -> None:
    assert down.code == 0, down
    usual = {"/home/tester/.cache", "/home/tester/.local", "/home/tester/.local/share"}
    assert everything(machine) - bare - usual == set()


def test_after_down_nothing_of_it_runs(down: Ended, visitor: User, machine: Host) -> None:
    assert down.code == 0, down
    assert "cynthus" not in machine.text("ps", "-eo", "args")


def test_after_down_the_log_can_be_read(down: Ended, visitor: User, folder: Path) -> None:
    assert visitor.cynthus("logs", folder).out == "four\n", down


# without Cynthus


@pytest.fixture(scope="module")
def clone(visitor: User, folder: Path, down: Ended) -> Path:
    """The rendered folder as a colleague would get it. After `down`, for both bring it to the same host."""
    assert down.code == 0, down
    there = visitor.place / "clone"
    left_out = shutil.ignore_patterns(".cynthus", "terraform.tfstate*", ".terraform", "known_hosts")
    shutil.copytree(folder, there, ignore=left_out)
    return there


def shell(visitor: User, root: Path, *argv: str) -> Completed:
    playbooks = ansible_playbook(script_folders()).parent
    environment = terraform_environment({**visitor.shell(), "PATH": f"{playbooks}:{visitor.shell()['PATH']}"})
    return run(Command(argv, cwd=root, env=environment), timeout=120)


def test_plain_terraform_and_ansible_do_the_same(visitor: User, clone: Path, machine: Host) -> None:
    root, terraform = clone / "infra/ssh/compute", find(read(visitor.shell())).argv
    assert shell(visitor, root, *terraform, "init").returncode == 0
    assert shell(visitor, root, *terraform, "apply", "-auto-approve").returncode == 0
    played = shell(visitor, root, "ansible-playbook", "-i", "inventory.py", "ansible/playbooks/up.yml")
    assert played.returncode == 0, played.stdout.decode()
    wait_for(lambda: machine.run("sh", "-c", f"grep four {HOMES}/*/runs/*/attempts/1/0/log").returncode == 0)
