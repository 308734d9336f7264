"""What a host's systemd runs: it looks after what goes on, and leaves when there is nothing."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import departure, watch
from tests.agent.host import until

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.home import Home
    from tests.agent.host import Host

WAITS = "import os, time\nwhile not os.path.exists('go'):\n    time.sleep(0.02)\n"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_PAUSE", 0.02)
    monkeypatch.setattr(watch, "_LAST", 0.05)


def noted(host: Host) -> list[str]:
    return sorted(each.name for each in host.home.open.iterdir())


@pytest.fixture
def unit(host: Host) -> Path:
    """The deployment of the host has a unit, as far as the agent can see."""
    host.home.folder.mkdir()
    host.home.unit.write_text("{}")
    return host.home.unit


@pytest.mark.usefixtures("unit")
def test_an_attempt_is_noted_when_it_starts(host: Host) -> None:
    host.end("print('x')")
    assert noted(host) == [f"{host.run.id}@1-0"]


def test_without_a_unit_nothing_is_noted(host: Host) -> None:
    host.end("print('x')")
    assert not host.home.open.exists()


@pytest.mark.usefixtures("unit")
def test_what_has_ended_is_not_looked_after(host: Host) -> None:
    host.end("print('x')")
    watch.watch(host.home)
    assert noted(host) == []


@pytest.mark.usefixtures("unit")
def test_a_start_that_was_cut_off_is_not_looked_after_for_ever(host: Host) -> None:
    host.end("print('x')")
    for each in (host.attempt.record, host.attempt.exit):
        each.unlink()
    watch.watch(host.home)
    assert noted(host) == []


@pytest.mark.usefixtures("unit")
def test_a_run_whose_agent_was_killed_is_taken_over_and_its_end_told(host: Host) -> None:
    host.begin(WAITS)
    for pid in host.agents():
        os.kill(pid, 9)
    (host.run.app / "go").touch()
    watch.watch(host.home)
    until(lambda: host.told()["state"] == "EXITED")
    assert noted(host) == []


@pytest.mark.usefixtures("unit")
def test_it_stays_as_long_as_the_machine_is_to_delete_itself(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.end("print('x')")
    order = departure.Order(600, "http://127.0.0.1:9")
    host.attempt.departure.write_text(json.dumps(order._asdict()))
    seen: list[bool] = []

    def ensure(home: Home) -> bool:
        seen.append(departure.read(host.attempt) == order and home == host.home)
        return len(seen) < 10

    monkeypatch.setattr(departure, "ensure", ensure)
    watch.watch(host.home)
    assert len(seen) > 10
    assert all(seen)
