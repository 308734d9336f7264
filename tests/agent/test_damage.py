"""A record that a crash or a disk has damaged costs what it told, and nothing else."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from cynthus.agent.home import Home
from tests import damage as damages
from tests.agent.host import Host, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Harm = Callable[[Path], None]

HARMS = [damages.truncated, damages.another_type, damages.wrong_fields, damages.a_folder]


@pytest.fixture
def named(tmp_path: Path, program: Path) -> Iterator[Host]:
    """A host where the deployment's folder is called like the deployment, as Cynthus calls it."""
    made = Host(tmp_path, program, os.environ)
    deployment = f"t-{os.urandom(3).hex()}"
    made.document["deployment"] = deployment
    made.home = Home(tmp_path / deployment, deployment)
    yield made
    made.ask("remove")


@pytest.mark.parametrize("harm", HARMS)
def test_a_home_whose_marker_is_damaged_gets_another(named: Host, harm: Harm) -> None:
    named.ask("environment")
    harm(named.home.marker)
    named.ask("environment")
    assert named.home.deployment in named.home.marker.read_text()


def test_the_damaged_marker_is_kept(named: Host) -> None:
    named.ask("environment")
    damages.truncated(named.home.marker)
    named.ask("environment")
    assert len(list(named.home.folder.glob("deployment.json.damaged-*"))) == 1


@pytest.mark.parametrize("harm", HARMS)
def test_a_home_whose_marker_is_damaged_can_be_removed(named: Host, harm: Harm) -> None:
    named.ask("environment")
    harm(named.home.marker)
    assert named.ask("remove")["changed"]
    assert not named.home.folder.exists()


def test_without_a_name_or_a_program_that_speaks_for_it_a_damaged_marker_is_no_leave_to_remove(host: Host) -> None:
    host.ask("environment")
    kept = host.home.marker.read_bytes()
    damages.truncated(host.home.marker)
    assert "cannot be read" in host.refused("remove")["message"]
    host.home.marker.write_bytes(kept)


@pytest.mark.parametrize("harm", HARMS)
def test_a_run_whose_record_is_damaged_can_be_stopped(host: Host, harm: Harm) -> None:
    host.begin("import time\nprint('begun')\ntime.sleep(600)")
    host.prints("begun")
    harm(host.attempt.record)
    assert host.ask("stop")["changed"]
    assert host.ended()["reason"].startswith("cancelled")


def test_a_run_without_its_supervisor_too_is_found_by_its_mark_and_goes_on(host: Host) -> None:
    host.begin("import os, time\nprint('begun')\nwhile not os.path.exists('go'):\n    time.sleep(0.01)\nprint('done')")
    host.prints("begun")
    supervisor = host.record()["supervisor_pid"]
    damages.truncated(host.attempt.record)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: list(host.attempt.folder.glob("run.pid.damaged-*")))
    (host.run.app / "go").touch()
    host.ended()
    assert host.log == "begun\ndone\n"


def tells_an_end(host: Host) -> bool:
    try:
        return bool(host.told()["exit_code"] == 0)
    except (ValueError, TypeError, LookupError):
        return False


@pytest.mark.parametrize("harm", [damages.truncated, damages.empty, damages.zeros, damages.another_type])
def test_a_damaged_status_is_told_anew(host: Host, harm: Harm) -> None:
    host.end("print('x')")
    until(lambda: not host.agents())
    harm(host.attempt.status)
    assert host.ask("status")["exit_code"] == 0
    until(lambda: tells_an_end(host))
