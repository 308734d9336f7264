"""How an agent tells that its machine is being shut down, on a real host whose bus can be stopped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.agent.host import RUN, document, until

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


# a machine that its cloud takes back

HOME = "/opt/cynthus/weather-abcdef"
ATTEMPT = f"{HOME}/runs/{RUN}/attempts/1/0"
AGENT = ("python3", "-I", "-S", "/srv/agent.pyz")
SERVER = """\
import os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if not self.path.endswith("last_etag=0"):
            time.sleep(60)  # who waits for a change is still waiting when the machine goes
        said = b"TRUE" if os.path.exists("/srv/preempted") else b"FALSE"
        self.send_response(200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("ETag", "1")
        self.end_headers()
        self.wfile.write(said)
ThreadingHTTPServer(("127.0.0.1", 8571), Handler).serve_forever()
"""
DIES = "import time\nprint('began', flush=True)\ntime.sleep(600)\n"
SAVES = "import signal, sys\nsignal.signal(15, lambda *_: sys.exit(0))\n" + DIES


def begin(machine: Host, program: Path, place: Path, main: str, **changes: object) -> None:
    """A run on a host with a metadata server that outlives the units of its host."""
    (place / "app").mkdir(parents=True)
    (place / "app/main.py").write_text(main)
    told = document(metadata="http://127.0.0.1:8571", stop_grace=20, **changes)
    (place / "spec.json").write_text(json.dumps(told))
    words = ("--spec", str(place / "spec.json"), "--folder", str(place / "app"), "--kit", str(place / "kit"))
    packed = run(Command(("python3", "-I", "-S", str(program), "pack", *words)))
    assert packed.returncode == 0, packed
    machine.text("rm", "-rf", HOME, "/srv/preempted")
    for name, data in (("kit", (place / "kit").read_bytes()), ("server.py", SERVER.encode())):
        machine.path(f"/srv/{name}").write_bytes(data)
    machine.text("systemd-run", "-p", "DefaultDependencies=no", "python3", "/srv/server.py")
    kit = ("--deployment", "weather-abcdef", "--kit", "/srv/kit")
    got = json.loads(machine.text(*AGENT, "receive", *kit, "--home", HOME))
    known = ("--home", HOME, "--spec", got["spec"])
    for verb in ("environment", "data"):
        machine.text(*AGENT, verb, *known, "--folder", got["folder"])
    machine.text(*AGENT, "source", *known, "--folder", got["folder"], "--archive", got["archive"])
    machine.text(*AGENT, "start", *known)
    until(lambda: "began" in machine.text("cat", f"{ATTEMPT}/log"))
    until(lambda: machine.run("test", "-e", f"{ATTEMPT}/preemption.lock").returncode == 0)


def ended(machine: Host) -> str:
    """Why the run has ended, as it stands there after the machine was started again."""
    machine.reboot()
    until(lambda: machine.run("test", "-s", f"{ATTEMPT}/exit").returncode == 0)
    return str(json.loads(machine.text("cat", f"{ATTEMPT}/exit"))["reason"])


@pytest.mark.parametrize("main", [DIES, SAVES], ids=["dies", "saves and ends well"])
def test_a_machine_that_is_taken_back_is_told_from_one_that_is_shut_down(
    machine: Host, program: Path, tmp_path: Path, main: str
) -> None:
    begin(machine, program, tmp_path, main)
    machine.text("touch", "/srv/preempted")
    assert ended(machine) == "preempted: the cloud took the machine back"


def test_one_that_its_own_clock_ends_is_shut_down(machine: Host, program: Path, tmp_path: Path) -> None:
    begin(machine, program, tmp_path, SAVES)
    assert ended(machine) == "the machine was shut down"


WRITES = """\
import os, signal, sys, time
def save(*_):
    with open("checkpoints/last", "wb") as file:
        for _ in range(200):
            file.write(os.urandom(1 << 20))
    sys.exit(0)
signal.signal(15, save)
print('began', flush=True)
time.sleep(600)
"""


def test_a_machine_does_not_go_before_what_main_wrote_at_its_end_is_saved(
    machine: Host, program: Path, tmp_path: Path
) -> None:
    machine.text("mkdir", "-p", "/srv/results")
    begin(machine, program, tmp_path, WRITES, bucket="file:///srv/results")
    assert ended(machine) == "the machine was shut down"
    saved = "/srv/results/weather-abcdef/0"
    assert machine.text("stat", "-c", "%s", f"{saved}/checkpoints/last").strip() == str(200 << 20)
    assert '"last"' in machine.text("cat", f"{saved}/checkpoints.json")
