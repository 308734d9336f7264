"""`cynthus iap-tunnel` as `ssh` starts it, before the proxy of a simulated cloud."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.process import Command, run
from cynthus.testing.gcp import SimulatedCloud
from cynthus.testing.gcp.relay_faults import RelayFault
from tests.gcp.api import Api, furnish, machine
from tests.gcp.tunnelled import Service, echo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.testing.gcp.machines import Machine

NAME = "demo-host-0"
ZONE = "us-central1-a"


class Doors:
    """A driver whose hosts are all one service."""

    def __init__(self) -> None:
        self.service = Service(echo)

    def boot(self, instance: Machine) -> str:
        return instance.address

    def stop(self, name: str) -> None:
        """Nothing to do."""

    def door(self, name: str) -> tuple[str, int]:
        return "127.0.0.1", self.service.port


class Place:
    """A cloud with one machine, and somebody who wants to get there."""

    def __init__(self, cloud: SimulatedCloud, folder: Path) -> None:
        self.cloud = cloud
        self.said = folder / "said"
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "NO_GCE_CHECK": "true", **cloud.environment()
        }  # fmt: skip

    def command(self, name: str = NAME, port: int = 22, **environment: str) -> Command:
        words = ("-P", "-m", "cynthus", "iap-tunnel", name, str(port), "--project=rehearsal", f"--zone={ZONE}")
        env = {name: value for name, value in {**self.environment, **environment}.items() if value}
        return Command((sys.executable, *words, f"--said={self.said}"), env=env)

    def refusal(self, **about: Any) -> tuple[int, str]:
        answer = run(self.command(**about), timeout=30)
        assert answer.stdout == b""
        return answer.returncode, answer.stderr.decode()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    doors = Doors()
    cloud = SimulatedCloud(tmp_path / "cloud", driver=doors, latency=0)
    with cloud.serving():
        client = Api(cloud.endpoint)
        furnish(client)
        client.done(client.post("compute", f"projects/rehearsal/zones/{ZONE}/instances", machine(NAME)))
        client.close()
        yield Place(cloud, tmp_path)
    doors.service.close()


def test_bytes_go_there_and_back(place: Place) -> None:
    content = os.urandom(500_000)
    command = place.command()
    answer = subprocess.run(command.argv, input=content, env=command.env, capture_output=True, timeout=60)
    assert (answer.returncode, answer.stderr, answer.stdout == content) == (0, b"", True)


def test_it_weighs_the_permission_and_says_which_role_has_it(place: Place) -> None:
    place.cloud.token("little", "joe@example.com", "roles/editor")
    code, said = place.refusal(GOOGLE_OAUTH_ACCESS_TOKEN="little")
    assert code == 1
    assert "error [CYN-403]: demo-host-0:22: Google's proxy does not let you through" in said
    assert "[4033: 'not authorized']" in said
    assert "roles/iap.tunnelResourceAccessor" in said


def test_the_role_is_enough(place: Place) -> None:
    place.cloud.token("little", "joe@example.com", "roles/iap.tunnelResourceAccessor")
    command = place.command(GOOGLE_OAUTH_ACCESS_TOKEN="little")
    answer = subprocess.run(command.argv, input=b"hello", env=command.env, capture_output=True, timeout=60)
    assert answer.stdout == b"hello"
    assert place.cloud.permissions("joe@example.com") == {"iap.tunnelInstances.accessViaIAP"}


def test_a_token_that_has_expired_is_one_that_nobody_knows(place: Place) -> None:
    code, said = place.refusal(GOOGLE_OAUTH_ACCESS_TOKEN="gone")
    assert (code, "Google does not know who you are" in said) == (1, True)
    assert "[HTTP 401: 'Unauthorized']" in said


def test_without_credentials_it_says_how_to_log_in(place: Place) -> None:
    code, said = place.refusal(GOOGLE_OAUTH_ACCESS_TOKEN="", STORAGE_EMULATOR_HOST="")
    assert (code, "[CYN-142]" in said, "gcloud auth application-default login" in said) == (2, True, True)


def test_a_machine_that_is_not_there_is_not_found(place: Place) -> None:
    code, said = place.refusal(name="other")
    assert (code, "[4047: 'Failed to lookup instance']" in said) == (1, True)


def test_a_port_where_nobody_listens_does_not_answer(place: Place) -> None:
    code, said = place.refusal(port=23)
    assert (code, "[4003: 'failed to connect to backend']" in said, "35.235.240.0/20" in said) == (1, True, True)


@pytest.mark.parametrize("relay", ["ws://example.com/v4", "http://127.0.0.1:1", "ws://127.0.0.1.example.com:80/v4"])
def test_a_token_goes_over_no_line_that_anybody_can_change(place: Place, relay: str) -> None:
    code, said = place.refusal(CYNTHUS_GOOGLE_IAP=relay)
    assert (code, "over a line that anybody can change" in said) == (2, True)


def test_why_there_is_no_way_stands_in_a_file_until_there_is_one(place: Place) -> None:
    assert place.cloud.relay is not None
    place.cloud.relay.faults.plan(RelayFault(close=4003, reason="failed to connect to backend"))
    place.refusal()
    assert "[4003: 'failed to connect to backend']" in place.said.read_text()
    assert place.said.stat().st_mode & 0o077 == 0
    run(place.command(), timeout=30)
    assert not place.said.exists()


def test_no_token_is_told_to_anybody(place: Place) -> None:
    assert place.cloud.relay is not None
    place.cloud.relay.faults.plan(RelayFault(status=403))
    _, said = place.refusal()
    assert "sim-owner" not in said + place.said.read_text()


def test_variables_that_a_play_may_not_see_come_from_a_file(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "lent"
    file.write_text('{"GOOGLE_OAUTH_ACCESS_TOKEN": "sim-owner"}')
    command = place.command(GOOGLE_OAUTH_ACCESS_TOKEN="", CYNTHUS_GOOGLE_FILE=str(file))
    answer = subprocess.run(command.argv, input=b"hello", env=command.env, capture_output=True, timeout=60)
    assert answer.stdout == b"hello"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_ends_it_without_a_word(place: Place, number: signal.Signals) -> None:
    command = place.command()
    with subprocess.Popen(
        command.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=command.env
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"x")
        process.stdin.flush()
        assert process.stdout.read(1) == b"x"
        process.send_signal(number)
        before = time.monotonic()
        out, said = process.communicate(timeout=10)
        assert (process.returncode, out, said) == (130, b"", b"")
        assert time.monotonic() - before < 3


def test_it_imports_nothing_heavy_where_a_token_is_there(place: Place) -> None:
    script = (
        "import sys; sys.argv = ['cynthus', 'iap-tunnel', 'demo-host-0', '22', '--project=rehearsal', "
        f"'--zone={ZONE}']\n"
        "from cynthus.cli import failure\nfrom cynthus.cli.main import cli\nfailure.guarded(cli)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    answer = run(Command((sys.executable, "-P", "-c", script), env=place.environment), timeout=30)
    found = set(answer.stderr.decode().split())
    assert "websockets" in found
    assert not found & {"google", "requests", "yaml", "ansible", "ansible_runner", "jinja2", "rich"}
