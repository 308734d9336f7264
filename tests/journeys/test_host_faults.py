"""What can happen on a host while an app is brought there and runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.journeys.test_silent_host import HOMES, WORKS, spec_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.host import Host
    from tests.journeys.user import User

pytestmark = pytest.mark.hosts


def test_a_killed_agent_is_put_back_and_main_py_is_not_started_twice(bare_host: Host, user: User) -> None:
    folder = user.folder(main=WORKS, cynthus_yaml=spec_for(bare_host))
    assert user.cynthus("up", folder, "-y", "--detach").code == 0
    before = user.status(folder)["run"]["id"]
    bare_host.text("pkill", "-KILL", "-f", "agent.pyz")
    again = user.cynthus("up", folder, "-y", "--detach")
    assert again.code == 0, again
    assert (user.status(folder)["run"]["id"], user.status(folder)["run"]["state"]) == (before, "RUNNING")
    assert bare_host.text("pgrep", "-fc", "python[0-9.]* main.py").strip() == "1"


def test_an_up_that_was_cut_off_in_the_midst_is_gone_on_with_by_the_next(bare_host: Host, user: User) -> None:
    folder = user.folder(main=WORKS, cynthus_yaml=spec_for(bare_host))
    with user.typing("up", folder, "-y", "--detach") as typed:
        typed.until("Configure and deploy")
        bare_host.line.cut()
        first = typed.ended()
    assert "Traceback" not in first.err, first
    again = user.cynthus("up", folder, "-y", "--detach")
    assert again.code == 0, again
    running = bare_host.text("sh", "-c", f"grep -l RUNNING {HOMES}/*/runs/*/attempts/1/0/status.json")
    assert len(running.split()) == 1


# what is refused before anything is touched


def app(user: User, machine: Host, who: str = "tester", *, address: str = "") -> Path:
    ssh = {"hosts": [address or machine.address], "user": who, "port": machine.port, "key": str(machine.key)}
    return user.folder(cynthus_yaml=json.dumps({"target": "ssh", "ssh": ssh, "runtime": "container"}))


def touched(machine: Host) -> str:
    """Files of ours, and what `up` would have installed."""
    places = ("/home", "/opt", "/var/lib/cynthus", "/usr/bin/docker")
    return machine.run("find", *places, "-name", "*cynthus*", "-o", "-name", "docker").stdout.decode()


def test_a_system_that_nothing_is_installed_on_is_refused(bare_host: Host, user: User) -> None:
    bare_host.path("/etc/os-release").unlink()
    bare_host.path("/etc/os-release").write_text("ID=fedora\nPRETTY_NAME='Fedora Linux 42'\n")
    answer = user.cynthus("up", app(user, bare_host), "-y")
    assert (answer.code, "CYN-430" in answer.err, "on Fedora Linux 42" in answer.err) == (1, True, True), answer
    assert "install Docker Engine: one that works is left as it is" in answer.err
    assert touched(bare_host) == ""


def test_a_user_who_may_not_use_sudo_is_refused(bare_host: Host, user: User) -> None:
    answer = user.cynthus("up", app(user, bare_host, "plain"), "-y")
    assert (answer.code, "CYN-136" in answer.err, "may use sudo" in answer.err) == (2, True, True), answer
    assert touched(bare_host) == ""


def test_an_address_that_no_way_leads_to_is_refused(bare_host: Host, user: User) -> None:
    folder = app(user, bare_host, address=bare_host.internal_address)
    answer = user.cynthus("up", folder, "-y")
    assert (answer.code, "CYN-403" in answer.err, "does not answer" in answer.err) == (1, True, True), answer
    assert touched(bare_host) == ""
