"""Everything on the laptop is killed, after each call to the cloud that a command makes. The Terraform is one that asks
the same simulated cloud piece by piece; all else of the target is real, but for what happens on machines."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cynthus.operations.down import down
from cynthus.operations.recover import APPLIES
from cynthus.operations.site import locate
from cynthus.state.journal import Journal
from tests.gcp.album import Album, Picture
from tests.gcp.laptop import LIFETIME, Laptop, laptop, standing
from tests.gcp.pieces import ROOTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.testing.gcp.ledger import Entry

pytestmark = pytest.mark.crash

COMMANDS = ("up", "down", "destroy")
LASTS = {
    "accounts": 1, "buckets": 2, "firewalls": 2, "networks": 1, "repositories": 1, "routers": 1, "secrets": 1,
    "subnetworks": 1,
}  # fmt: skip
WHOLE = {**LASTS, "disks": 1, "instances": 1}
UNSAID = {"owner": "somebody", "expires": "then", "ssh_keys": []}
"""What is known only at run time."""
TICK = 60
"""Seconds after which somebody looks each time."""


def destroy(person: Laptop) -> None:
    down(person.tools, str(person.app), yes=True, forget=True)


def take_down(person: Laptop) -> None:
    down(person.tools, str(person.app), yes=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crash")


@pytest.fixture(scope="module")
def albums(place: Path) -> dict[str, Album]:
    """The pictures of each command, one command after the other."""
    with laptop(place) as person:
        made = {command: Album(person, place / command) for command in COMMANDS}
        made["up"].of(lambda: person.up(person.app))
        assert person.standing() == WHOLE
        made["down"].of(lambda: take_down(person))
        assert person.standing() == LASTS
        # What destroys has a machine to remove too.
        person.up(person.app)
        made["destroy"].of(lambda: destroy(person))
        assert person.standing() == {}
    return made


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@contextmanager
def back(place: Path, picture: Picture) -> Iterator[Laptop]:
    """Somebody comes back to what a kill has left. Whatever goes wrong then is told with the kill."""
    try:
        with laptop(place, picture.place) as person:
            yield person
    except Exception as error:
        error.add_note(str(picture))
        raise


def test_the_pieces_are_those_of_the_rendered_files(place: Path, albums: dict[str, Album]) -> None:
    """Else a piece that a template makes would be in no picture."""
    infra = albums["up"].pictures[-1].place / "laptop/app/infra/gcp"
    for root, pieces in ROOTS.items():
        written = {
            found
            for file in (infra / root).rglob("*.tf")
            for found in re.findall(r'^resource "(google_\w+)" "(\w+)"', file.read_text(), re.MULTILINE)
        }
        elsewhere = {"other_regions": {"us-east1": "10.128.16.0/20"}}
        values = {**UNSAID, **elsewhere, **json.loads((infra / root / "terraform.tfvars.json").read_text())}
        known = {re.search(r"(google_\w+)\.(\w+)", piece.address).groups() for piece in pieces(values)}  # type: ignore[union-attr]
        assert known == written, root


@pytest.mark.parametrize("command", ["up", "down"])
def test_up_goes_on_and_makes_nothing_twice(place: Path, albums: dict[str, Album], command: str) -> None:
    for picture in albums[command].pictures:
        with back(place, picture) as person:
            before = {entry.key for entry in machines(person) if entry.ended is not None}
            assert person.up(person.app).ending == "started"
            assert person.standing() == WHOLE
            (entry,) = person.tools.index.by_folder(person.app)
            (machine,) = person.cloud.instances()
            assert (entry.phase, [host.connection.instance_id for host in entry.hosts]) == ("up", [machine["id"]])
            if command == "up":
                assert (len(machines(person)), before) == (1, set())
                assert twice(person) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_down_removes_the_machine_and_destroy_all(place: Path, albums: dict[str, Album], command: str) -> None:
    for picture in albums[command].pictures:
        with back(place, picture) as person:
            take_down(person)
            assert person.standing().keys() <= LASTS.keys()
            destroy(person)
            assert person.standing() == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_half_a_state_is_in_nobodys_way(place: Path, albums: dict[str, Album], command: str) -> None:
    """Terraform writes it in place, so that a kill may leave any part of it."""
    for picture in albums[command].pictures[::2]:
        with back(place, picture) as person:
            site = locate(person.tools, str(person.app))
            going = Journal(site.paths.journal, operation="nobody", clock=person.clock).open_intents()
            # Terraform writes none before that, and none after it.
            at_work = any(intent.step.startswith(APPLIES) for intent in going)
            for state in person.app.glob("infra/gcp/*/terraform.tfstate") if at_work else ():
                os.truncate(state, state.stat().st_size // 2)
            destroy(person)
            assert person.standing() == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_cloud_removes_the_machine_though_nobody_comes_back(
    place: Path, albums: dict[str, Album], command: str
) -> None:
    for picture in albums[command].pictures:
        cloud = picture.alone(place / "alone")
        for _ in range(LIFETIME // TICK + 1):
            cloud.advance(TICK)
        left, lived = standing(cloud), [entry for entry in cloud.ledger() if entry.kind in ("instances", "disks")]
        cloud.world.close()
        assert left.keys() <= LASTS.keys(), picture
        longest = LIFETIME + 2 * TICK
        assert all(entry.ended is not None and entry.ended - entry.began <= longest for entry in lived), picture


def machines(person: Laptop) -> list[Entry]:
    return [entry for entry in person.cloud.ledger() if entry.kind == "instances"]


def twice(person: Laptop) -> list[str]:
    """What was made more than once, or removed again."""
    made = Counter(entry.key for entry in person.cloud.ledger())
    return [entry.key for entry in person.cloud.ledger() if made[entry.key] > 1 or entry.ended is not None]
