"""A login to a registry of images that is handed over: it is used, and stays nowhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import memory, registry_login
from cynthus.process import Command, start
from tests.agent.host import contents, pids, until
from tests.image_registry import PORTER

if TYPE_CHECKING:
    from subprocess import Popen
    from typing import IO

    from tests.agent.host import Host
    from tests.agent.machines import Machines
    from tests.image_registry import ImageRegistry

pytestmark = pytest.mark.engine


def handed(registry: ImageRegistry, auth: str = PORTER.auth) -> bytes:
    return json.dumps({"login": {"server": registry.address, "auth": auth}}).encode()


def test_a_login_that_is_handed_over_is_used(machines: Machines, registry: ImageRegistry) -> None:
    host = machines.new(logged_in=False)
    made = host.ask("environment", "--login", "stdin", stdin=handed(registry))
    assert (made["registry"]["state"], registry.tags(machines.name)) == ("pushed", [made["environment"]]), made


def test_a_login_that_is_handed_over_stays_nowhere(machines: Machines, registry: ImageRegistry, tmp_path: Path) -> None:
    host = machines.new(logged_in=False)
    answer = host.call("environment", "--login", "stdin", stdin=handed(registry))
    words = (PORTER.auth.encode(), PORTER.password.encode())
    # The registry's own folder has the name of its tester, and a sum of the password.
    files = [file for place in (tmp_path, Path("/dev/shm")) for file in place.rglob("*") if file.is_file()]
    assert [file for file in files if any(word in file.read_bytes() for word in words)] == []
    assert not any(word in answer.stdout + answer.stderr for word in words)


@pytest.mark.parametrize(("given", "told"), [
    ({"DOCKER_TLS_VERIFY": "1"}, "{home}/.docker"), ({"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/c"}, None),
    ({"DOCKER_TLS": "1", "DOCKER_CONFIG": "/mine"}, "/mine"), ({}, None),
])
def test_an_engine_with_tls_still_finds_its_certificates(
    tmp_path: Path, given: dict[str, str], told: str | None
) -> None:
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PATH": os.environ["PATH"], **given}
    login = {"server": "localhost", "auth": PORTER.auth}
    with registry_login.handed(login, "weather-abcdef", environment) as variables:
        assert variables.get("DOCKER_CERT_PATH") == (told and told.format(home=tmp_path))


def pulls(machines: Machines) -> bool:
    """Whether Docker is asked for an image of theirs."""
    lines = [contents(pid, "cmdline") for pid in pids()]
    return any(line.startswith(b"docker\0pull\0") and machines.name.encode() in line for line in lines)


def pulling(machines: Machines, host: Host, registry: ImageRegistry, out: IO[bytes]) -> tuple[Popen[bytes], Path]:
    """An agent that waits for a registry that went silent, and where its login is."""
    registry.front.freeze()
    command = Command(host.argv("environment", "--login", "stdin"), env=host.environment, cwd=host.root)
    agent = start(command, stdout=out, stderr=out, fed=True)
    assert agent.stdin is not None
    agent.stdin.write(handed(registry))
    agent.stdin.close()
    place = memory.secrets_folder(host.environment, host.home.deployment)
    until(lambda: [file for file in place.glob("*/config.json") if PORTER.auth in file.read_text()])
    until(lambda: pulls(machines))
    return agent, place


def test_who_waits_for_a_silent_registry_ends_with_the_connection_that_it_was_called_by(
    machines: Machines, registry: ImageRegistry
) -> None:
    """Else it would hold the lock that whoever comes next waits for."""
    host, (reader, writer) = machines.new(logged_in=False), os.pipe()
    with open(writer, "wb") as out:
        agent, place = pulling(machines, host, registry, out)
    assert agent.poll() is None
    os.close(reader)
    assert agent.wait(10) == 1
    until(lambda: not list(place.iterdir()) and not pulls(machines))
    registry.front.mend()


def test_a_login_goes_with_an_agent_that_is_killed(machines: Machines, registry: ImageRegistry) -> None:
    host = machines.new(logged_in=False)
    with (host.root / "out").open("wb") as out:
        agent, place = pulling(machines, host, registry, out)
    agent.kill()
    agent.wait()
    until(lambda: not list(place.iterdir()))
    # Nor does what it waited for keep whoever comes next from going on.
    until(lambda: not pulls(machines))
    registry.front.mend()


def test_a_wrong_login_that_is_handed_over_is_in_no_error(machines: Machines, registry: ImageRegistry) -> None:
    host = machines.new(logged_in=False)
    answer = host.call("environment", "--login", "stdin", stdin=handed(registry, "c2VudGluZWw6c2VudGluZWw="))
    assert b"CYN-152" in answer.stdout
    assert b"entinel" not in answer.stdout + answer.stderr
    assert b"c2VudGluZWw" not in answer.stdout + answer.stderr


def test_what_is_no_login_is_not_repeated(machines: Machines) -> None:
    answer = machines.new().call("environment", "--login", "stdin", stdin=b'{"login": "sentinel"}')
    assert (answer.returncode, b"no login" in answer.stdout, b"sentinel" in answer.stdout) == (1, True, False)


def test_while_it_is_used_a_login_is_on_no_command_line_and_in_no_variable(
    machines: Machines, registry: ImageRegistry
) -> None:
    """Looked at again and again, from before the first request to after the last."""
    import threading

    host, over = machines.new(logged_in=False), threading.Event()
    seen: list[str] = []

    def look() -> None:
        while not over.is_set():
            for pid in pids():
                said = contents(pid, "cmdline") + contents(pid, "environ")
                if pid != os.getpid() and (PORTER.auth.encode() in said or PORTER.password.encode() in said):
                    seen.append(said.decode(errors="replace"))

    watching = threading.Thread(target=look)
    watching.start()
    try:
        made = host.ask("environment", "--login", "stdin", stdin=handed(registry))
    finally:
        over.set()
        watching.join()
    assert (made["registry"]["state"], seen) == ("pushed", [])
