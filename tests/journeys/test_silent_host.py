"""A host that was there and does not answer any more: switched off, or another machine at its address."""

from __future__ import annotations

import json
import shlex
import time
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.journeys.user import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.host import Host
    from tests.journeys.user import Ended, User

pytestmark = pytest.mark.hosts

HOMES = "/home/tester/.local/share/cynthus"
WORKS = "import time\nprint('working', flush=True)\ntime.sleep(600)\n"


def spec_for(machine: Host) -> str:
    """A cynthus.yaml that runs on the machine."""
    ssh = {"hosts": [machine.address], "user": machine.user, "port": machine.port, "key": str(machine.key)}
    return json.dumps({"target": "ssh", "ssh": ssh, "runtime": "venv"})


@pytest.fixture(scope="module")
def at_home(visitor: User) -> str:
    """A deployment on this machine, which answers; its id."""
    answer = visitor.cynthus("up", visitor.folder("at-home", main="print('here')\n"), "-y")
    assert answer.code == 0, answer
    found: str = visitor.deployments()[0]["id"]
    return found


@pytest.fixture(scope="module")
def folder(visitor: User, machine: Host, at_home: str) -> Path:
    """An app that goes on, on a host from which somebody has pulled the plug."""
    assert at_home
    made = visitor.folder("away", main=WORKS, cynthus_yaml=spec_for(machine))
    answer = visitor.cynthus("up", made, "-y", "--detach")
    assert answer.code == 0, answer
    assert visitor.cynthus("pull", made).code == 0
    machine.stop()
    return made


@pytest.fixture(scope="module")
def discarded(visitor: User, folder: Path) -> Ended:
    """The host is given up. From here on the tests come after all others."""
    return visitor.cynthus("down", folder, "-y", "--discard", "--json")


@pytest.fixture(scope="module")
def back(discarded: Ended, machine: Host) -> Host:
    """The host stands again, after it was given up."""
    assert discarded.code == 0, discarded
    machine.start()
    machine.await_ready()
    return machine


def test_status_shows_the_run_and_since_when_the_host_is_silent(visitor: User, folder: Path) -> None:
    answer = visitor.cynthus("status", folder)
    assert answer.code == 0, answer
    assert "RUNNING" in answer.out
    assert "does not answer; last heard of" in answer.out, answer


def test_the_document_has_it_too(visitor: User, folder: Path) -> None:
    silence = visitor.status(folder)["host_reports"][0]["silence"]
    assert silence["code"] == "CYN-403"
    assert silence["heard_at"] >= silence["beat_at"] > ""


def test_all_deployments_are_shown_in_a_few_seconds(visitor: User, folder: Path, at_home: str) -> None:
    assert folder.is_dir()
    began = time.monotonic()
    found = {each["id"]: each["host_reports"][0]["silence"] is None for each in visitor.deployments()}
    assert (len(found), found[at_home]) == (2, True)
    assert time.monotonic() - began < 25


def test_logs_shows_what_came_home(visitor: User, folder: Path) -> None:
    answer = visitor.cynthus("logs", folder)
    assert (answer.code, answer.out) == (0, "working\n"), answer
    assert "what came home is shown" in answer.err


@pytest.mark.parametrize("verb", ["up", "run", "pull", "cancel", "down"])
def test_what_needs_the_host_says_that_it_does_not_answer(visitor: User, folder: Path, verb: str) -> None:
    yes = () if verb in ("pull", "cancel") else ("-y",)
    answer = visitor.cynthus(verb, folder, *yes)
    assert answer.code == 1, answer
    assert "CYN-403" in answer.err
    assert "--discard" in answer.err, answer
    assert "Traceback" not in answer.err


def test_discarding_forgets_the_host_and_says_what_stays_there(discarded: Ended, visitor: User, folder: Path) -> None:
    assert discarded.code == 0, discarded
    assert discarded.document["left"][0]["folder"].startswith(HOMES)
    assert json.loads((folder / "infra/ssh/compute/terraform.tfstate").read_text())["resources"] == []
    found = visitor.status(folder)
    assert (found["phase"], found["hosts"], found["run"]["state"]) == ("down", [], "LOST")


def test_what_stays_is_removed_by_the_command_that_was_told(discarded: Ended, back: Host) -> None:
    told = shlex.split(discarded.document["left"][0]["command"])
    assert back.text("ls", HOMES)
    options = ("-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
    answer = run(Command((told[0], "-F", "none", *options, *told[1:])), timeout=60)
    assert answer.returncode == 0, answer
    assert back.run("ls", HOMES).returncode != 0


def test_afterwards_the_app_runs_there_again(visitor: User, folder: Path, back: Host) -> None:
    (folder / "main.py").write_text("print('again')\n")
    answer = visitor.cynthus("up", folder, "-y")
    assert (answer.code, answer.out) == (0, "again\n"), answer
    assert back.run("ls", HOMES).returncode == 0


def test_a_host_whose_key_has_changed_is_silent_until_the_fix(visitor: User, folder: Path, back: Host) -> None:
    back.reboot()
    back.new_key()
    wait_for(lambda: visitor.status(folder)["host_reports"][0]["silence"], timeout=90)
    hint = visitor.status(folder)["host_reports"][0]["silence"]["hint"]
    fix = shlex.split(hint.partition("forget the old key: ")[2].partition(";")[0])
    assert run(Command(tuple(fix))).returncode == 0
    assert visitor.status(folder)["host_reports"][0]["silence"] is None
