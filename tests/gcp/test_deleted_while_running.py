"""Somebody deletes the machine by hand, in Google's console say, while main.py runs on it: the real provider, a
simulated cloud, real hosts. Each test goes on where the one before it stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gcp.api import ZONE, Api
from tests.gcp.someone import Someone, someone
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.journeys.user import Ended

pytestmark = [pytest.mark.hosts, pytest.mark.cloud]

MAIN = """\
import pathlib, sys, time
if "short" in sys.argv:
    sys.exit(pathlib.Path("outputs/second.txt").write_text("2") != 1)
pathlib.Path("outputs/first.txt").write_text("1")
print("at work", flush=True)
time.sleep(3600)
"""


@pytest.fixture(scope="module")
def person(
    bed: Bed, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Someone]:
    machines = bed.hosts(2)
    with someone(tmp_path_factory.mktemp("deleted"), google, machines) as made:
        yield made
    for machine in machines:
        bed.remove(machine)


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    return person.folder(main=MAIN, more="runtime: venv\n")


@pytest.fixture(scope="module")
def cut(person: Someone, app: Path) -> Ended:
    """What the `up` says that follows the run at that time."""
    with person.user.typing("up", app, "-y") as typed:
        typed.until("at work", timeout=240)
        wait_for(lambda: saved(person, app), "the output in the bucket", patience=60)
        (machine,) = person.cloud.instances()
        api = Api(person.cloud.endpoint)
        api.done(api.delete("compute", f"{ZONE}/instances/{machine['name']}"))
        api.close()
        return typed.ended(timeout=240)


def saved(person: Someone, app: Path) -> bool:
    """Whether what main.py wrote is in the bucket."""
    bucket = f"cynthus-{person.deployment(app)['id']}-out"
    api = Api(person.cloud.endpoint)
    found = api.get("storage", f"b/{bucket}/o").body
    api.close()
    return any(each["name"].endswith("outputs/first.txt") for each in found.get("items", []))


def test_who_follows_is_told_and_goes_on_with_something_else(cut: Ended) -> None:
    assert cut.code == 1, cut
    assert "error [CYN-505]: host-0 does not exist any more" in cut.err
    assert "next: `cynthus status` tells what became of the run" in cut.err
    assert "Traceback" not in cut.err, cut


def test_status_says_that_it_is_gone_and_its_run_is_lost(person: Someone, app: Path, cut: Ended) -> None:
    found = person.deployment(app)
    assert (found["phase"], found["run"]["state"]) == ("gone", "LOST"), cut


def test_what_was_saved_so_far_comes_home(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("pull", app)
    assert answer.code == 0, answer
    assert (app / "outputs/latest/first.txt").read_text() == "1"


def test_the_next_up_makes_another_and_what_was_saved_stays(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("up", app, "-y", "--", "short", timeout=240)
    assert answer.code == 0, answer
    assert person.standing()["instances"] == 1
    assert (app / "outputs/latest/second.txt").read_text() == "2"
    assert [each.read_text() for each in app.glob("outputs/*/first.txt")].count("1") >= 1


def test_destroy_leaves_nothing(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("destroy", app, "-y")
    assert answer.code == 0, answer
    assert person.standing() == {}
