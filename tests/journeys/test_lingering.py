"""An ordinary user on a Debian without polkit: `up` lets systemd look after the agent, `down --purge` takes it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ansible.readying import changed, configure
from tests.ansible.test_ledger import LEDGER, ledger
from tests.journeys.test_silent_host import HOMES, WORKS
from tests.journeys.test_units import told
from tests.journeys.user import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.journeys.user import Ended, User

pytestmark = pytest.mark.hosts

WHO = "tester"
LINGERS = f"/var/lib/systemd/linger/{WHO}"


@pytest.fixture(scope="module")
def machine(bed: Bed, base_tar: Path) -> Iterator[Host]:
    """A host with Docker, where root is asked for nothing else."""
    made = bed.host(docker=True)
    made.import_image(base_tar, "base:1")
    made.text("gpasswd", "--add", WHO, "docker")
    yield made
    bed.remove(made)


@pytest.fixture(scope="module")
def folder(visitor: User, machine: Host) -> Path:
    ssh = {"hosts": [machine.address], "user": WHO, "port": machine.port, "key": str(machine.key)}
    spec = {"target": "ssh", "ssh": ssh, "runtime": "container", "image": {"base": "base:1"}}
    return visitor.folder(main=WORKS, cynthus_yaml=json.dumps(spec))


@pytest.fixture(scope="module")
def up(visitor: User, folder: Path) -> Ended:
    answer = visitor.cynthus("up", folder, "-y", "--detach")
    assert answer.code == 0, answer
    return answer


def lingering(visitor: User, folder: Path) -> str:
    """How doctor finds it."""
    found = visitor.cynthus("doctor", folder, "--json").document["findings"]
    return next(str(each["level"]) for each in found if each["check"].endswith(" lingering"))


def test_doctor_warns_of_an_agent_that_nobody_looks_after(visitor: User, folder: Path) -> None:
    assert lingering(visitor, folder) == "warning"


def test_it_is_shown_and_done(up: Ended, machine: Host) -> None:
    assert f"host-0: install lingering for {WHO}, since" in up.err
    assert machine.run("test", "-e", LINGERS).returncode == 0, up
    assert ledger(machine)["lingering"] == [WHO]


@pytest.mark.usefixtures("up")
def test_then_doctor_is_content(visitor: User, folder: Path) -> None:
    assert lingering(visitor, folder) == "ok"


@pytest.mark.usefixtures("up")
def test_a_second_time_nothing_is_changed(machine: Host, tmp_path: Path) -> None:
    assert changed(configure(tmp_path, machine, user=WHO)) == []


@pytest.mark.usefixtures("up")
def test_the_deployment_has_a_unit_of_the_user(visitor: User, folder: Path, machine: Host) -> None:
    unit = f"cynthus-{visitor.status(folder)['id']}.service"
    asked = f"XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user is-enabled {unit}"
    assert machine.ssh(asked, user=WHO).stdout == b"enabled\n"


@pytest.mark.usefixtures("up")
def test_after_a_reboot_the_end_is_on_record_though_nobody_asks(machine: Host) -> None:
    machine.stop()
    machine.start()
    machine.await_ready()
    wait_for(lambda: told(machine, HOMES)["state"] == "EXITED")
    assert "the machine was started again" in told(machine, HOMES)["reason"]


@pytest.mark.usefixtures("up")
def test_purge_gives_it_back(visitor: User, folder: Path, machine: Host) -> None:
    answer = visitor.cynthus("down", folder, "--purge", "-y")
    assert (answer.code, f"lingering for {WHO}" in answer.err) == (0, True), answer
    assert [path for path in (LINGERS, LEDGER) if machine.run("test", "-e", path).returncode == 0] == []
    assert machine.text("find", f"/home/{WHO}", "-name", "*cynthus*") == ""
