from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.cli.status_text import lines
from cynthus.core.run import RunState
from cynthus.operations.status import HostStatus, Status
from cynthus.operations.warnings import Warned, Warnings, warned
from cynthus.testing.clock import FakeClock
from tests.operations.host import Host, run_in, site_in

if TYPE_CHECKING:
    from pathlib import Path

FULL, LITTLE = "the disk is full", "little room is left"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "weather-0a1b2c")


def heard(host: Host, *texts: str, state: RunState = RunState.RUNNING, pause: float = 5) -> list[str]:
    """What a follower shows of a host that warns in these words, one after the other."""
    said: list[str] = []
    warnings, clock = Warnings(lambda _, found: said.append(found.text)), FakeClock()
    for text in texts:
        host.tells(state="RUNNING", warning=text, disk_free_bytes=1)
        warnings.look([host.agent], run_in(state), clock)
        clock.advance(pause)
    return said


def test_a_warning_is_shown_once(host: Host) -> None:
    assert heard(host, "", LITTLE, LITTLE, LITTLE) == [LITTLE]


def test_what_gets_worse_and_better_is_shown_again(host: Host) -> None:
    assert heard(host, LITTLE, FULL, LITTLE, "") == [LITTLE, FULL, LITTLE, ""]


def test_a_host_without_a_warning_says_nothing(host: Host) -> None:
    assert heard(host, "", "") == []


def test_it_is_looked_at_every_few_seconds(host: Host) -> None:
    assert heard(host, LITTLE, FULL, LITTLE, pause=1) == [LITTLE]


def test_a_run_that_has_not_begun_warns_of_nothing(host: Host) -> None:
    assert heard(host, FULL, state=RunState.CONFIGURING) == []


def test_each_host_warns_for_itself(host: Host) -> None:
    twin = replace(host.agent, name="host-1", rank=1)
    said: list[str] = []
    host.tells(state="RUNNING", warning=FULL)
    second = host.attempt.parent / "1"
    second.mkdir()
    (second / "status.json").write_bytes((host.attempt / "status.json").read_bytes())
    warnings = Warnings(lambda agent, _: said.append(agent.name))
    warnings.look([host.agent, twin], run_in(RunState.RUNNING), FakeClock())
    assert said == ["host-0", "host-1"]


def test_an_earlier_agent_warns_of_nothing() -> None:
    assert (warned({"schema": 1}), warned(None)) == (Warned(), Warned())


def test_status_shows_the_warning_and_what_is_free(tmp_path: Path) -> None:
    told = HostStatus("host-0", {"state": "RUNNING", "warning": LITTLE, "disk_free_bytes": 812_000_000})
    found = Status(site_in(tmp_path), run_in(RunState.RUNNING), (), (told,), (0, 0))
    assert f"  warning    {LITTLE}, 812.0 MB are free" in list(lines(found, FakeClock().now()))
