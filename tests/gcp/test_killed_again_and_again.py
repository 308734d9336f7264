"""Every process of a laptop is killed at named points of `up`, `down` and `destroy`, with the real provider: in one
deployment, again and again, so that each command has to get along with what all the kills before it have left.

What `tests/gcp/test_crash_everywhere.py` shows after each call with a plain Terraform, these show of the real one.
Each test goes on where the one before it stopped.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cynthus.testing.gcp import SimulatedCloud
from cynthus.testing.gcs_faults import Fault
from tests.gcp.bed_hosts import BedHosts
from tests.gcp.someone import Someone, someone
from tests.processes import kill_all_of, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cynthus.testing.gcs_faults import Request
    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.journeys.user import Ended

pytestmark = [pytest.mark.hosts, pytest.mark.cloud, pytest.mark.crash]

MORE = "runtime: venv\nsecrets: [PASSPHRASE]\n"
LIFETIME = 5400
"""Seconds: the run's hour, and half an hour around it."""
LASTS = {
    "accounts": 1, "buckets": 2, "firewalls": 2, "networks": 1, "repositories": 1, "routers": 1, "secrets": 1,
    "subnetworks": 1,
}  # fmt: skip
ANY, FOREVER = "", 10**6


@dataclass(frozen=True)
class Point:
    """A call to the cloud after whose work, and before whose answer, everything is killed."""

    name: str
    method: str
    path: str

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    def is_(self, request: Request) -> bool:
        return self.method in (ANY, request.method) and re.search(self.path, request.path) is not None


BASE = (
    Point("nothing is made", ANY, ""),
    Point("account", "POST", "/serviceAccounts$"),
    Point("network", "POST", "/global/networks$"),
    Point("subnetwork", "POST", "/subnetworks$"),
    Point("router", "POST", "/routers$"),
    Point("nat", "PATCH", "/routers/"),
    Point("firewall", "POST", "/firewalls$"),
    Point("bucket", "POST", "/storage/v1/b$"),
    Point("policy of a bucket", "PUT", "/iam$"),
    Point("repository", "POST", "/repositories$"),
    Point("secret", "POST", "/secrets$"),
)
"""In an order in which they can be made. What comes later is held back until the kill, for Terraform makes ten pieces
at a time."""
MACHINE = (
    Point("machine asked for", "POST", "/instances$"),
    Point("machine on its way", ANY, "/zones/[^/]+/operations/"),
)
REMOVED = Point("machine gone", "DELETE", "/instances/")
DESTROYED = (
    Point("first bucket gone", "DELETE", "/storage/v1/b/[^/]+$"),
    Point("network gone", "DELETE", "/global/networks/"),
)  # fmt: skip


class Life:
    """One deployment, of which pictures can be taken while nobody works on it."""

    def __init__(self, place: Path, google: Mapping[str, str], machines: Sequence[Host]) -> None:
        self.place = place / "life"
        self.place.mkdir()
        self.first, self.second = (BedHosts([machine]) for machine in machines)
        self._google = google
        self._picture = place / "picture"
        with self.back() as person:
            self.app = person.folder(main="print('ran')", more=MORE)

    @contextmanager
    def back(self, hosts: BedHosts | None = None) -> Iterator[Someone]:
        """Somebody sits down at the laptop. Without hosts nobody gets into a machine."""
        with someone(self.place, self._google, hosts or (), PASSPHRASE="open") as person:
            # Only now: what was asked for in the moment of a kill was to be held back, too.
            person.cloud.faults.clear()
            yield person

    def picture(self) -> None:
        """Remember all that is there, on the laptop and in the cloud."""
        shutil.rmtree(self._picture, ignore_errors=True)
        shutil.copytree(self.place, self._picture, symlinks=True)

    def go_back(self) -> None:
        """Have it there again."""
        shutil.rmtree(self.place)
        shutil.copytree(self._picture, self.place, symlinks=True)

    def alone(self) -> SimulatedCloud:
        """The cloud of the picture, whom nobody asks for anything any more."""
        return SimulatedCloud(self._picture / "cloud")


@pytest.fixture(scope="module")
def life(bed: Bed, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    machines = bed.hosts(2)
    yield Life(tmp_path_factory.mktemp("life"), google, machines)
    for machine in machines:
        bed.remove(machine)


@pytest.mark.parametrize("point", BASE, ids=str)
def test_up_is_killed_while_base_is_made(life: Life, point: Point) -> None:
    killed(life, "up", point, later=(*BASE[BASE.index(point) + 1 :], *MACHINE) if point.path else ())
    assert_can_be_left(life)


@pytest.mark.parametrize("point", MACHINE, ids=str)
def test_up_is_killed_while_the_machine_is_made(life: Life, point: Point) -> None:
    killed(life, "up", point)
    with life.back() as person:
        assert person.standing() == {**LASTS, "disks": 1, "instances": 1}
    assert_can_be_left(life)
    with life.back() as person:
        assert typed(person, "down", life.app).code == 0
        assert person.standing() == LASTS


def test_up_is_killed_while_it_waits_for_the_machine(life: Life) -> None:
    state = life.app / "infra/gcp/compute/terraform.tfstate"
    with life.back() as person, person.user.typing("up", life.app, "-y") as up:
        known = lambda: state.exists() and "google_compute_instance" in state.read_text()  # noqa: E731
        wait_for(known, "a machine in the state", patience=120)
        kill_all_of(person.user.home)
        assert up.ended().code == -9
    assert_can_be_left(life)
    with life.back() as person:
        assert typed(person, "down", life.app).code == 0


def test_the_next_up_converges(life: Life) -> None:
    converges(life, life.first)


def test_down_is_killed_as_the_machine_goes(life: Life) -> None:
    killed(life, "down", REMOVED, hosts=life.first)
    assert_can_be_left(life)


@pytest.mark.parametrize("point", DESTROYED, ids=str)
def test_destroy_is_killed(life: Life, point: Point) -> None:
    killed(life, "destroy", point, later=DESTROYED[DESTROYED.index(point) + 1 :])
    assert_can_be_left(life)


def test_a_run_makes_again_what_a_killed_destroy_has_removed(life: Life) -> None:
    """`up` has nothing to do: that program has run already."""
    converges(life, life.second, command="run")


def test_nothing_is_left_in_the_end(life: Life) -> None:
    with life.back(life.second) as person:
        assert typed(person, "destroy", life.app).code == 0
        assert person.standing() == {}
        assert person.user.deployments() == []


def killed(
    life: Life, command: str, point: Point, later: tuple[Point, ...] = (), hosts: BedHosts | None = None
) -> None:
    """Type a command, and kill all that it is when that was asked for."""
    with life.back(hosts) as person:
        hit: list[str] = []

        def kill(request: Request) -> None:
            if not hit and point.is_(request):
                hit.append(request.path)
                kill_all_of(person.user.home)

        for each in later:
            person.cloud.faults.plan(Fault(status=503), times=FOREVER, method=each.method, path=each.path)
        person.cloud.after(kill)
        ended = typed(person, command, life.app)
        assert (bool(hit), ended.code) == (True, -9), ended


def assert_can_be_left(life: Life) -> None:
    """See that `destroy` leaves nothing, and that the cloud alone leaves no machine."""
    life.picture()
    with life.back() as person:
        answer = typed(person, "destroy", life.app)
        assert (answer.code, person.standing()) == (0, {}), answer
    life.go_back()
    cloud = life.alone()
    cloud.advance(LIFETIME)
    left, machines = cloud.instances(), [each for each in cloud.ledger() if each.kind in ("instances", "disks")]
    cloud.world.close()
    assert left == []
    assert [each for each in machines if each.ended is None] == []


def converges(life: Life, hosts: BedHosts, command: str = "up") -> None:
    """See that it comes to a finished run, and that there is nothing to do after it."""
    with life.back(hosts) as person:
        answer = typed(person, command, life.app)
        assert (answer.code, answer.out) == (0, "ran\n"), answer
        assert person.standing() == {**LASTS, "disks": 1, "instances": 1}
        plan = person.user.cynthus("plan", life.app, "--detailed-exitcode")
        assert plan.code == 0, plan


def typed(person: Someone, command: str, app: Path) -> Ended:
    return person.user.cynthus(command, app, "-y", timeout=240)
