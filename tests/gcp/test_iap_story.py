"""A machine behind Google's proxy from somebody's keyboard, with no gcloud but where Cynthus is not at hand. Each test
goes on where the one before it stopped."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, Completed, run
from cynthus.testing.gcp import OWNER_TOKEN
from cynthus.testing.gcp.principals import OWNER
from cynthus.testing.gcp.relay_faults import RelayFault
from tests.gcp.someone import Someone, someone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bed.beds import Bed
    from tests.journeys.user import Ended

pytestmark = [pytest.mark.hosts, pytest.mark.cloud]

MAY = "iap.tunnelInstances.accessViaIAP"
MAIN = 'print("here")\n'


@pytest.fixture(scope="module")
def person(bed: Bed, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Someone]:
    machines = bed.hosts(1)
    with someone(tmp_path_factory.mktemp("somebody"), google, machines) as made:
        yield made
    for machine in machines:
        bed.remove(machine)


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    return person.folder(main=MAIN, more="runtime: venv\n")


@pytest.fixture(scope="module")
def refused(person: Someone, app: Path) -> tuple[Ended, float]:
    """Somebody who may do everything but go through the proxy."""
    person.cloud.deny(OWNER, MAY)
    began = time.monotonic()
    answer = person.user.cynthus("up", app, "-y", timeout=240)
    person.cloud.deny(OWNER)
    return answer, time.monotonic() - began


@pytest.fixture(scope="module")
def came(refused: tuple[Ended, float], person: Someone, app: Path) -> Ended:
    return person.user.cynthus("up", app, "-y", timeout=240)


def by_hand(person: Someone, app: Path, *words: str, programs: Path) -> Completed:
    """In the rendered folder, with these programs beside the system's."""
    environment = {**person.user.shell(), "PATH": f"{programs}:/usr/bin:/bin", "ANSIBLE_HOST_KEY_CHECKING": "True"}
    return run(Command(words, cwd=app / "infra/gcp/compute", env=environment), timeout=120)


def test_who_may_not_go_through_the_proxy_hears_which_role_it_takes_and_does_not_wait(
    refused: tuple[Ended, float],
) -> None:
    answer, took = refused
    assert answer.code == 1, answer
    assert "there is no way to it" in answer.err
    assert "Google's proxy does not let you through" in answer.err
    assert "roles/iap.tunnelResourceAccessor" in answer.err
    assert "[4033: 'not authorized']" in answer.err
    assert took < 120


def test_with_the_role_the_next_one_goes_on(person: Someone, came: Ended) -> None:
    assert came.code == 0, came
    assert came.out == "here\n"
    assert person.standing()["instances"] == 1


def test_nobody_of_the_way_was_asked_but_the_proxy(person: Someone, came: Ended) -> None:
    assert person.cloud.relay is not None
    assert person.cloud.relay.connections > 1
    assert MAY in person.cloud.permissions(OWNER)


def test_no_token_is_in_a_file_that_stays(person: Someone, came: Ended, app: Path) -> None:
    files = [each for place in (app, person.user.home) for each in place.rglob("*") if each.is_file()]
    assert [each for each in files if OWNER_TOKEN.encode() in each.read_bytes()] == []


def test_a_command_there_gets_all_of_its_input_through_cuts(person: Someone, came: Ended, app: Path) -> None:
    assert person.cloud.relay is not None
    for after in (3_000_000, 1_500_000):
        person.cloud.relay.faults.plan(RelayFault(after=after))
    before = person.cloud.relay.connections
    # A connection of its own: the one that commands share stands already.
    script = "head -c 8000000 /dev/zero | ssh -o ControlPath=none -o ControlMaster=no"
    host = person.cloud.instances()[0]["name"]
    proxy = f"{sys.executable} -P -m cynthus iap-tunnel %h %p --project=rehearsal --zone=us-central1-a"
    options = (
        f'-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ProxyCommand="{proxy}" '
        f"-i {person.key} -l cynthus {host} sha256sum"
    )
    answer = run(Command(("sh", "-c", f"{script} {options}"), env=person.user.shell()), timeout=120)
    zeros = run(Command(("sh", "-c", "head -c 8000000 /dev/zero | sha256sum")))
    assert answer.stdout == zeros.stdout, answer
    assert person.cloud.relay.connections == before + 3


def test_by_hand_where_cynthus_is_at_hand_it_leads_there(person: Someone, came: Ended, app: Path) -> None:
    assert person.cloud.relay is not None
    before = person.cloud.relay.connections
    words = ("ansible", "-i", "inventory.py", "all", "-m", "ping", "-e", f"ansible_ssh_private_key_file={person.key}")
    answer = by_hand(person, app, *words, programs=Path(sys.executable).parent)
    assert (answer.returncode, b"pong" in answer.stdout) == (0, True), answer
    assert person.cloud.relay.connections > before


def test_by_hand_where_it_is_not_gcloud_does(person: Someone, came: Ended, app: Path, tmp_path: Path) -> None:
    assert person.cloud.relay is not None
    before = person.cloud.relay.connections
    for name in ("ansible", "ansible-inventory"):
        (tmp_path / name).symlink_to(Path(sys.executable).with_name(name))
    (tmp_path / "gcloud").symlink_to(person.user.place / "gcloud/programs/gcloud")
    words = ("ansible", "-i", "inventory.py", "all", "-m", "ping")
    environment = {"ANSIBLE_SSH_CONTROL_PATH_DIR": str(tmp_path / "c")}
    assert not os.access("/usr/bin/cynthus", os.X_OK)
    answer = by_hand(person, app, "env", *(f"{k}={v}" for k, v in environment.items()), *words, programs=tmp_path)
    assert (answer.returncode, b"pong" in answer.stdout) == (0, True), answer
    assert person.cloud.relay.connections == before


def test_destroy_leaves_nothing(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("destroy", app, "-y", "--discard")
    assert answer.code == 0, answer
    assert person.standing() == {}
