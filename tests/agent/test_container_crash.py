from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import container, lock, record, spec, supervisor, version
from cynthus.agent.container_room import name_of
from cynthus.process import birth, run
from tests.agent.host import Host, until

if TYPE_CHECKING:
    from tests.docker_engine import DockerEngine

pytestmark = [pytest.mark.engine, pytest.mark.crash]
WAIT = "import time\nprint('began', flush=True)\ntime.sleep(600)\n"


@pytest.fixture
def host(container_host: Host) -> Host:
    return container_host


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: birth(pid) is None)


def kill_the_agent(host: Host) -> None:
    until(lambda: lock.held(host.attempt.agent_lock))
    for pid in host.agents():
        kill(pid)


def test_a_killed_supervisor_is_replaced_and_the_end_is_known(host: Host) -> None:
    host.begin("import time, os\nprint('began')\nwhile not os.path.exists('outputs/end'): time.sleep(0.01)\nexit(6)")
    host.prints("began")
    kill_the_agent(host)
    (host.run.outputs / "end").touch()
    until(lambda: birth(host.record()["pid"]) is None)
    # Unlike a plain process's, a container's exit code outlives its supervisor.
    assert host.ask("status")["exit_code"] == 6


def test_with_the_whole_agent_killed_the_run_goes_on_and_can_be_stopped(host: Host) -> None:
    host.begin(WAIT)
    host.prints("began")
    kill_the_agent(host)
    assert host.ask("status")["state"] == "RUNNING"
    host.ask("stop")
    assert host.ended()["signal"] == signal.SIGTERM


def test_a_container_that_was_made_and_never_started_is_made_anew(host: Host, docker_engine: DockerEngine) -> None:
    host.bring("print('x')")
    name = name_of(host.attempt)
    label = f"cynthus-deployment={host.home.deployment}"
    docker_engine.docker("create", "--name", name, "--label", label, docker_engine.base, "sleep", "1")
    host.ask("start")
    assert (host.ended()["exit_code"], host.log) == (0, "x\n")


def test_a_container_that_was_made_and_recorded_is_started_by_the_next_look(host: Host) -> None:
    host.bring("print('x')")
    ready = version.read(host.run)
    assert ready is not None
    host.attempt.folder.mkdir(parents=True)
    given = spec.parse(host.document)
    made = container.launch(host.home, given, host.run, host.attempt, ready, host.environment, {})
    assert run(made.command).returncode == 0
    # As a supervisor leaves it that was killed just before the start.
    begun = supervisor.first_record(made, 0, "", name_of(host.attempt))
    record.write(host.attempt, begun._replace(supervisor_born="gone"))
    assert not host.ask("start")["changed"]
    assert (host.ended()["exit_code"], host.log) == (0, "x\n")


def test_a_container_of_somebody_else_is_left_alone(host: Host, docker_engine: DockerEngine) -> None:
    host.bring("print('x')")
    docker_engine.docker("create", "--name", name_of(host.attempt), docker_engine.base, "sleep", "1")
    try:
        assert "already" in host.refused("start")["message"]
    finally:
        docker_engine.docker("rm", name_of(host.attempt))


def test_a_container_that_somebody_removed_has_ended(host: Host, docker_engine: DockerEngine) -> None:
    host.begin(WAIT)
    supervisor = host.record()["supervisor_pid"]
    # Docker kills a container before it removes it; asleep, the supervisor does not see the first of the two.
    os.kill(supervisor, signal.SIGSTOP)
    docker_engine.docker("rm", "--force", name_of(host.attempt))
    os.kill(supervisor, signal.SIGCONT)
    ended = host.ended()
    assert (ended["exit_code"], "removed" in ended["reason"]) == (None, True)


def test_a_later_verb_finds_the_engine_whatever_its_own_settings(host: Host) -> None:
    host.begin(WAIT)
    host.prints("began")
    known = host.environment
    host.environment = {**known, "DOCKER_HOST": "unix:///nowhere"}
    kill_the_agent(host)
    host.ask("stop")
    assert host.ended()["signal"] == signal.SIGTERM
    host.environment = known
