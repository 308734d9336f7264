"""A machine at a public address that lets in one range alone, from somebody's keyboard. Each test goes on where the one
before it stopped."""

from __future__ import annotations

import os
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.gcp.api import Api, P
from tests.gcp.someone import Someone, someone
from tests.journeys.serving import forwarded, healthy
from tests.ports import free_port
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.journeys.user import Ended

pytestmark = [pytest.mark.hosts, pytest.mark.cloud]

ADDRESSES = f"127.77.{os.getpid() % 250}.0/24"
HERE, ELSEWHERE = "127.0.0.0/8", "203.0.113.7/32"
MAIN = """\
import http.server, os, pathlib, sys
print("here", flush=True)
pathlib.Path("outputs/result.txt").write_text("done")
if len(sys.argv) > 1:
    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hello).serve_forever()
"""


@pytest.fixture(scope="module")
def person(bed: Bed, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Someone]:
    machines = bed.hosts(1)
    with someone(tmp_path_factory.mktemp("somebody"), google, machines, ADDRESSES) as made:
        yield made
    for machine in machines:
        bed.remove(machine)


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    return person.folder(main=MAIN, more="runtime: venv\n", gcp=f"access: public, from: {HERE}")


@pytest.fixture(scope="module")
def came(person: Someone, app: Path) -> Ended:
    return person.user.cynthus("up", app, "-y", timeout=240)


def cut(person: Someone) -> None:
    """End the connections that stand, which no firewall looks at again."""
    person.hosts.host(person.cloud.instances()[0]["name"]).line.cut()


def ranges(person: Someone) -> list[list[str]]:
    """What each rule lets in that is about addresses."""
    api = Api(person.cloud.endpoint)
    rules = api.get("compute", f"{P}/global/firewalls")["items"]
    api.close()
    return [each["sourceRanges"] for each in rules if "sourceRanges" in each]


def says(app: Path, source: str) -> None:
    spec = app / "cynthus.yaml"
    was = HERE if HERE in spec.read_text() else ELSEWHERE
    spec.write_text(spec.read_text().replace(f"from: {was}", f"from: {source}"))


def test_one_command_goes_from_the_folder_to_the_log(came: Ended) -> None:
    assert came.code == 0, came
    assert came.out == "here\n"


def test_the_address_is_a_part_of_the_offer(came: Ended) -> None:
    assert "e2-standard-4 in us-central1-a, and a public address each at a price of its own" in came.err


def test_outputs_are_at_home(came: Ended, app: Path) -> None:
    assert (app / "outputs/latest/result.txt").read_text() == "done"


def test_nobody_went_through_googles_proxy(person: Someone, came: Ended) -> None:
    assert person.cloud.relay is not None
    assert person.cloud.relay.connections == 0
    assert "iap.tunnelInstances.accessViaIAP" not in person.cloud.permissions()


def test_one_range_is_let_in_and_nothing_else(person: Someone, came: Ended) -> None:
    assert ranges(person) == [[HERE]]


def test_it_goes_out_by_its_own_address(person: Someone, came: Ended) -> None:
    api = Api(person.cloud.endpoint)
    (router,) = api.get("compute", f"{P}/regions/us-central1/routers")["items"]
    api.close()
    assert router.get("nats", []) == []


def test_a_second_plan_of_each_root_is_empty(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("plan", app, "--detailed-exitcode")
    assert answer.code == 0, answer


def test_a_command_there_runs(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("exec", app, "--", "cat", "outputs/result.txt")
    assert (answer.code, answer.out) == (0, "done"), answer


def test_a_shell_there_opens(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("ssh", app, "--", "id", "-un")
    assert (answer.code, answer.out) == (0, "cynthus\n"), answer


def answers_here(person: Someone, app: Path) -> bytes:
    """What a run that serves something there says to whoever asks a port of this machine. Then all is as before."""
    spec, port = app / "cynthus.yaml", free_port()
    before = spec.read_text()
    spec.write_text(f"{before}ports: [{port}]\n")
    started = person.user.cynthus("run", app, "-y", "--detach", "--", str(port), timeout=120)
    assert started.code == 0, started
    wait_for(lambda: healthy(person.user, app), "a healthy port", patience=60)
    with forwarded(person.user, app) as (_, address), urllib.request.urlopen(f"http://{address}", timeout=20) as answer:
        said: bytes = answer.read()
    assert person.user.cynthus("cancel", app).code == 0
    spec.write_text(before)
    assert person.user.cynthus("run", app, "-y", "--", timeout=120).code == 0
    return said


def test_a_port_there_comes_here(person: Someone, came: Ended, app: Path) -> None:
    assert answers_here(person, app) == b"hello", came


def test_the_log_and_the_outputs_come_again(person: Someone, came: Ended, app: Path) -> None:
    said, pulled = person.user.cynthus("logs", app), person.user.cynthus("pull", app)
    assert (said.code, said.out, pulled.code) == (0, "here\n", 0), (said, pulled)


def test_who_comes_from_elsewhere_is_not_let_in_and_hears_why(person: Someone, came: Ended, app: Path) -> None:
    api = Api(person.cloud.endpoint)
    (rule,) = [each for each in api.get("compute", f"{P}/global/firewalls")["items"] if each["name"].endswith("-ssh")]
    api.done(api.ask("PATCH", "compute", f"{P}/global/firewalls/{rule['name']}", {"sourceRanges": [ELSEWHERE]}))
    api.close()
    cut(person)
    answer = person.user.cynthus("exec", app, "--", "true")
    assert answer.code == 1, answer
    assert "does not answer, at an address that is open to few" in answer.err
    assert "write the new one, and `cynthus up` opens it" in answer.err


def test_with_the_new_address_written_down_up_lets_it_in(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("up", app, "-y", timeout=240)
    assert answer.code == 0, answer
    assert f"SSH is let in from {HERE} now, and from nowhere else" in answer.err
    assert ranges(person) == [[HERE]]
    assert person.user.cynthus("exec", app, "--", "true").code == 0


def test_more_than_that_is_never_let_in(person: Someone, came: Ended, app: Path) -> None:
    says(app, "0.0.0.0/0")
    answer = person.user.cynthus("up", app, "-y")
    (app / "cynthus.yaml").write_text((app / "cynthus.yaml").read_text().replace("0.0.0.0/0", HERE))
    assert answer.code == 2, answer
    assert "is too much of the internet to let it in to SSH" in answer.err
    assert ranges(person) == [[HERE]]


def test_through_googles_proxy_again_the_address_is_given_back(person: Someone, came: Ended, app: Path) -> None:
    spec = app / "cynthus.yaml"
    text = spec.read_text()
    spec.write_text(text.replace(f", access: public, from: {HERE}", ""))
    answer = person.user.cynthus("run", app, "-y", timeout=240)
    assert answer.code == 0, answer
    (machine,) = person.cloud.instances()
    assert "accessConfigs" not in machine["networkInterfaces"][0]
    assert ranges(person) == [["35.235.240.0/20"]]


def test_a_port_there_comes_here_through_the_proxy_too(person: Someone, came: Ended, app: Path) -> None:
    assert answers_here(person, app) == b"hello", came


def test_down_and_destroy_leave_nothing(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("destroy", app, "-y", "--discard")
    assert answer.code == 0, answer
    assert person.standing() == {}
    wait_for(lambda: person.cloud.world.outside.free().endswith(".1"), "the address that is free again")
