"""On a host with systemd the agent is back by itself, when it was killed and when the machine was started again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.test_silent_host import HOMES, WORKS, spec_for
from tests.journeys.user import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.host import Host
    from tests.journeys.user import User

pytestmark = pytest.mark.hosts

ROOTS = "/opt/cynthus"
MAIN = ("pgrep", "-f", "python[0-9.]* main.py")


def as_root(machine: Host) -> str:
    spec = json.loads(spec_for(machine))
    spec["ssh"]["user"] = "root"
    return json.dumps(spec)


def told(machine: Host, homes: str) -> dict[str, Any]:
    """status.json as it lies on the host; no agent is asked for it."""
    text = machine.text("sh", "-c", f"cat {homes}/*/runs/*/attempts/1/0/status.json")
    status: dict[str, Any] = json.loads(text)
    return status


def kill_agents(machine: Host, homes: str) -> str:
    """Kill the agent, its supervisor and whoever looks after them, all at once; gives the last heartbeat."""
    machine.text("pkill", "-KILL", "-f", "agent[.]pyz")
    return str(told(machine, homes)["beat_at"])


@pytest.fixture(scope="module")
def folder(visitor: User, machine: Host) -> Path:
    """An app that goes on there, started by root."""
    made = visitor.folder("units", main=WORKS, cynthus_yaml=as_root(machine))
    answer = visitor.cynthus("up", made, "-y", "--detach")
    assert answer.code == 0, answer
    return made


@pytest.mark.usefixtures("folder")
def test_a_run_is_in_a_unit_of_its_own(machine: Host) -> None:
    pid = machine.text(*MAIN).strip()
    assert ".scope" in machine.text("cat", f"/proc/{pid}/cgroup")
    assert "cynthus-units-" in machine.text("cat", f"/proc/{pid}/cgroup")


@pytest.mark.usefixtures("folder")
def test_a_killed_agent_is_back_though_nobody_asks(machine: Host) -> None:
    main, last = machine.text(*MAIN), kill_agents(machine, ROOTS)
    wait_for(lambda: told(machine, ROOTS)["beat_at"] > last)
    assert machine.text(*MAIN) == main


def test_a_run_that_was_taken_over_can_be_ended_and_then_nothing_is_left_to_look_after(
    visitor: User, machine: Host, folder: Path
) -> None:
    last = kill_agents(machine, ROOTS)
    wait_for(lambda: told(machine, ROOTS)["beat_at"] > last)
    answer = visitor.cynthus("cancel", folder)
    assert answer.code == 0, answer
    assert told(machine, ROOTS)["state"] == "EXITED"
    wait_for(lambda: machine.run("pgrep", "-f", "agent[.]pyz").returncode == 1)


def test_after_a_reboot_the_end_is_on_record_though_nobody_asks(visitor: User, machine: Host, folder: Path) -> None:
    answer = visitor.cynthus("run", folder, "-y", "--detach")
    assert answer.code == 0, answer
    newest = machine.text("sh", "-c", "ls -d /opt/cynthus/*/runs/* | tail -n 1").strip()
    machine.stop()
    machine.start()
    machine.await_ready()
    wait_for(lambda: '"EXITED"' in machine.text("cat", f"{newest}/attempts/1/0/status.json"))
    assert "the machine was started again" in machine.text("cat", f"{newest}/attempts/1/0/status.json")


def test_a_reboot_in_good_order_is_told_as_one_and_not_as_a_wish_of_the_users(
    visitor: User, machine: Host, folder: Path
) -> None:
    answer = visitor.cynthus("run", folder, "-y", "--detach")
    assert answer.code == 0, answer
    newest = machine.text("sh", "-c", "ls -d /opt/cynthus/*/runs/* | tail -n 1").strip()
    machine.reboot()
    wait_for(lambda: '"EXITED"' in machine.text("cat", f"{newest}/attempts/1/0/status.json"))
    told_there = json.loads(machine.text("cat", f"{newest}/attempts/1/0/status.json"))
    assert told_there["reason"].startswith("the machine was"), told_there


def test_down_takes_the_unit_along(visitor: User, machine: Host, folder: Path) -> None:
    assert visitor.cynthus("down", folder, "-y").code == 0
    assert machine.text("sh", "-c", "find /etc/systemd /opt /root/.cache -name '*cynthus*'") == ""


def test_a_user_whose_units_need_no_session_has_the_same(bare_host: Host, user: User) -> None:
    # By SSH: since systemd 256 logind answers only those who are in a cgroup of the host's.
    assert bare_host.ssh("loginctl", "enable-linger", bare_host.user, user="root").returncode == 0
    folder = user.folder(main=WORKS, cynthus_yaml=spec_for(bare_host))
    assert user.cynthus("up", folder, "-y", "--detach").code == 0
    main, last = bare_host.text(*MAIN), kill_agents(bare_host, HOMES)
    wait_for(lambda: told(bare_host, HOMES)["beat_at"] > last)
    assert bare_host.text(*MAIN) == main
    assert user.cynthus("down", folder, "-y").code == 0
    assert bare_host.text("find", f"/home/{bare_host.user}", "-name", "*cynthus*") == ""
