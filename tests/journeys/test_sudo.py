"""Machines on which somebody who is not root has to become it: with a password, with a wrong one, or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys.terminal import terminal
from tests.journeys.test_secrets import files_with
from tests.journeys.user import COUNT, processes_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.journeys.user import User

pytestmark = pytest.mark.hosts

PASSWORD = f"open sesame {os.urandom(8).hex()}"
"""Of `locked`. No word of it is in a password that tests beside these use at the same time, or look for."""
WAITS = COUNT + "import time\ntime.sleep(600)\n"


@pytest.fixture(scope="module")
def machine(bed: Bed, base_tar: Path) -> Iterator[Host]:
    """A host with a Docker that only root may use so far: to let the user in is the least that needs root."""
    made = bed.host(docker=True)
    made.import_image(base_tar, "base:1")
    made.text("chpasswd", stdin=f"locked:{PASSWORD}\n".encode())
    yield made
    bed.remove(made)


@pytest.fixture(autouse=True)
def _nobody_is_let_in(machine: Host) -> Iterator[None]:
    yield
    machine.run("gpasswd", "--delete", "locked", "docker")
    # A session that is still shared would have the group.
    machine.run("pkill", "--signal", "KILL", "--uid", "locked")


def folder(user: User, machine: Host, who: str = "locked", main: str = COUNT) -> Path:
    ssh = {"hosts": [machine.address], "user": who, "port": machine.port, "key": str(machine.key)}
    spec = {"target": "ssh", "ssh": ssh, "runtime": "container", "image": {"base": "base:1"}}
    return user.folder(main=main, cynthus_yaml=json.dumps(spec))


def members(machine: Host) -> str:
    """Who was let in."""
    return machine.text("getent", "group", "docker").strip().rpartition(":")[2]


def test_the_variable_gives_the_password_and_it_stays_nowhere(user: User, machine: Host) -> None:
    user.environment["CYNTHUS_SUDO_PASSWORD"] = PASSWORD
    app = folder(user, machine, main=WAITS)
    up = user.cynthus("up", app, "-y", "--detach")
    assert up.code == 0, up
    assert members(machine) == "locked"
    assert PASSWORD not in up.out + up.err
    assert [path for place in (user.place, Path("/dev/shm")) for path in files_with(place, PASSWORD)] == []
    assert processes_with(PASSWORD) == []
    assert machine.run("grep", "-rlF", PASSWORD, "/home", "/root", "/tmp", "/var/log", "/run").stdout == b""
    assert user.cynthus("down", app, "-y").code == 0


def test_no_process_sees_the_password_while_hosts_are_made_ready(user: User, machine: Host) -> None:
    user.environment["CYNTHUS_SUDO_PASSWORD"] = PASSWORD
    app = folder(user, machine)
    seen: set[str] = set()
    with user.typing("prepare", app, "-y") as typed:
        while typed.process.poll() is None:
            seen.update(processes_with(PASSWORD))
        ended = typed.ended()
    assert ended.code == 0, ended
    # The command itself was given it.
    assert [line for line in seen if " -m cynthus " not in line] == []
    assert user.cynthus("down", app, "-y").code == 0


def test_whoever_is_there_types_it_once_and_unseen(user: User, machine: Host) -> None:
    app = folder(user, machine)
    with terminal(user, "prepare", app, "-y") as screen:
        screen.until("Password for sudo on host-0")
        screen.type(f"{PASSWORD}\n")
        assert screen.end() == 0, screen.screen
        assert (PASSWORD in screen.screen, screen.screen.count("Password for sudo")) == (False, 1)
    assert members(machine) == "locked"
    assert user.cynthus("down", app, "-y").code == 0


def test_a_wrong_password_is_told_and_changes_nothing(user: User, machine: Host) -> None:
    user.environment["CYNTHUS_SUDO_PASSWORD"] = "wrong horse"
    answer = user.cynthus("up", folder(user, machine), "-y")
    assert (answer.code, answer.err.count("CYN-434")) == (1, 1), answer
    assert "host-0: sudo does not take the password that was given" in answer.err
    assert ("wrong horse" in answer.err, members(machine)) == (False, "")


def test_in_a_pipe_without_the_variable_the_way_out_is_told(user: User, machine: Host) -> None:
    answer = user.cynthus("up", folder(user, machine), "-y")
    assert (answer.code, "CYN-141" in answer.err, "CYNTHUS_SUDO_PASSWORD" in answer.err) == (2, True, True), answer
    assert members(machine) == ""


def test_a_user_who_may_not_become_root_is_refused(user: User, machine: Host) -> None:
    user.environment["CYNTHUS_SUDO_PASSWORD"] = PASSWORD
    answer = user.cynthus("up", folder(user, machine, "plain"), "-y")
    assert (answer.code, "CYN-136" in answer.err) == (2, True), answer
    assert "connect as a user who may use sudo" in answer.err


def test_doctor_tells_that_there_is_a_password(user: User, machine: Host) -> None:
    found = user.cynthus("doctor", folder(user, machine), "--json").document["findings"]
    assert [each["message"] for each in found if each["check"].endswith(" sudo")] == [
        "the user becomes root with a password: type it when asked, or set CYNTHUS_SUDO_PASSWORD"
    ]
