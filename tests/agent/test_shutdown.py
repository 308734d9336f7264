"""How an agent tells that its machine is being shut down, on a real host whose bus can be stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host

pytestmark = pytest.mark.hosts

ASK = "from cynthus.agent.unit import system_stops; print(system_stops())"


@pytest.fixture(scope="module")
def machine(bed: Bed, program: Path) -> Iterator[Host]:
    """A host with the agent's program. It comes up first: until then it is neither here nor there."""
    made = bed.host()
    made.path("/srv/agent.pyz").write_bytes(program.read_bytes())
    made.run("systemctl", "is-system-running", "--wait")
    yield made
    bed.remove(made)


def stops(machine: Host) -> str:
    """What the agent of a user finds, who asks by the bus: root has a way of its own."""
    asked = ("env", "PYTHONPATH=/srv/agent.pyz", "python3", "-B", "-c", ASK)
    return machine.text("runuser", "-u", machine.user, "--", *asked).strip()


def logins(machine: Host, *, closed: bool) -> None:
    machine.text(*(("touch",) if closed else ("rm", "-f")), "/run/nologin")


@pytest.fixture
def without_bus(machine: Host) -> Iterator[Host]:
    """The host as it is late in its shutdown."""
    machine.text("systemctl", "stop", "dbus.socket", "dbus.service")
    yield machine
    machine.text("systemctl", "start", "dbus.socket", "dbus.service")
    logins(machine, closed=False)


def test_a_machine_whose_bus_was_stopped_is_being_shut_down_once_nobody_may_log_in(without_bus: Host) -> None:
    logins(without_bus, closed=True)
    assert stops(without_bus) == "True"


def test_a_machine_whose_bus_was_stopped_by_somebody_goes_on(without_bus: Host) -> None:
    assert stops(without_bus) == "False"


def test_a_machine_into_which_nobody_is_let_goes_on_as_long_as_it_says_so(machine: Host) -> None:
    logins(machine, closed=True)
    assert stops(machine) == "False"
    logins(machine, closed=False)
