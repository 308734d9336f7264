"""`cynthus catalog update` as it is typed, against a cloud that answers, or does not."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import CloudFailed, CynthusError, FolderNotWritable, NotLoggedIn, NotPermitted, ProjectUnfit
from cynthus.process import Command, Completed, run
from cynthus.targets.gcp.own import own_copy
from cynthus.targets.gcp.refresh.renewing import renew
from cynthus.targets.gcp.table import load
from cynthus.testing.gcp import Fault, SimulatedCloud
from cynthus.testing.gcp.principals import OWNER
from tests.journeys.test_schemas import complaints
from tests.targets.answers.spelled import skus, traps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.core.renewal import Renewal

TODAY = date(2026, 11, 29)
OLD = b"whatever was there before"

KILLED = """
import os, signal, sys
def watch(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith("gcp.json"):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
sys.argv = ["cynthus", "catalog", "update"]
from cynthus.cli.main import main
main()
"""
"""The command, killed when the new table is about to take the place of the old one."""


@pytest.fixture
def seller(cloud: SimulatedCloud) -> SimulatedCloud:
    """A cloud that has machines and prices."""
    cloud.sell([*skus(), *traps()])
    return cloud


@pytest.fixture
def environment(seller: SimulatedCloud, tmp_path: Path) -> dict[str, str]:
    own = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path), "NO_GCE_CHECK": "true"}
    return {**seller.environment(), **own}


def typed(environment: dict[str, str], tmp_path: Path, *words: str) -> Completed:
    return run(Command((sys.executable, "-m", "cynthus", *words), tmp_path, environment))


def made(environment: dict[str, str], *, keep: bool = True) -> Renewal:
    return renew(environment, TODAY, "", keep=keep)


def refusal(environment: dict[str, str]) -> CynthusError:
    with pytest.raises(CynthusError) as caught:
        made(environment)
    return caught.value


def test_the_table_is_made_and_counts_from_then_on(environment: dict[str, str], tmp_path: Path) -> None:
    said = typed(environment, tmp_path, "catalog", "update")
    assert said.returncode == 0, said.stderr
    assert b"before of 2026-07-30" in said.stdout
    assert str(own_copy(environment)).encode() in said.stderr
    shown = json.loads(typed(environment, tmp_path, "gpus", "B200", "--region", "us-central1", "--json").stdout)
    assert [each["spot"] for each in shown["machines"]] == [pytest.approx(8 * 4.9542)]


def test_a_program_gets_one_document_of_the_shape_that_is_promised(
    environment: dict[str, str], tmp_path: Path
) -> None:
    said = typed(environment, tmp_path, "catalog", "update", "--dry-run", "--json")
    document = json.loads(said.stdout)
    assert complaints(document) == []
    assert document["written"] is False


def test_a_rehearsal_writes_nothing(environment: dict[str, str]) -> None:
    assert not made(environment, keep=False).written
    assert not own_copy(environment).exists()


def test_a_second_time_nothing_has_changed(environment: dict[str, str]) -> None:
    made(environment)
    again = made(environment).prices
    assert (again.up, again.down, again.first, again.gone) == (0, 0, 0, 0)


def test_the_day_is_that_of_the_question(environment: dict[str, str]) -> None:
    made(environment)
    assert load(own_copy(environment)).as_of == TODAY.isoformat()


def test_a_broken_copy_is_made_anew_and_that_is_told(environment: dict[str, str]) -> None:
    old(environment)
    assert "cannot be read" in made(environment).notes[0]
    assert load(own_copy(environment)).as_of == TODAY.isoformat()


def test_it_is_asked_on_the_account_of_the_cloud_project(
    seller: SimulatedCloud, environment: dict[str, str]
) -> None:
    seller.deny(OWNER, "serviceusage.services.use")
    assert "serviceusage" in refusal(environment).message + refusal(environment).hint


def test_a_cloud_project_that_is_not_there_is_told(environment: dict[str, str]) -> None:
    with pytest.raises(ProjectUnfit, match="no cloud project nobody-has-it"):
        renew(environment, TODAY, "nobody-has-it", keep=True)


# what goes wrong


def old(environment: dict[str, str]) -> Path:
    """Something in the place of the copy."""
    path = own_copy(environment)
    path.parent.mkdir(parents=True)
    path.write_bytes(OLD)
    return path


def _denied(cloud: SimulatedCloud) -> None:
    cloud.token("sentinel", "ann@example.org", "roles/viewer")
    cloud.deny("ann@example.org", "compute.machineTypes.list")


FAILS: dict[str, tuple[Callable[[SimulatedCloud], object], type[CynthusError], str]] = {
    "nobody is logged in": (lambda cloud: cloud.forget("sentinel"), NotLoggedIn, "does not take these credentials"),
    "a permission is missing": (_denied, NotPermitted, "compute.machineTypes.list"),
    "no compute API": (
        lambda cloud: cloud.project.disable("compute.googleapis.com"), NotPermitted, "Compute Engine API has not been",
    ),
    "no billing API": (
        lambda cloud: cloud.project.disable("cloudbilling.googleapis.com"), NotPermitted, "Cloud Billing API has not",
    ),
    "the second page is refused": (
        lambda cloud: cloud.faults.plan(Fault(status=400, message="odd"), path="Types$", skip=1), CloudFailed, "odd",
    ),
    "the price list is empty": (lambda cloud: cloud.sell([]), CloudFailed, "list of prices is empty"),
    "the price list is something else": (
        lambda cloud: cloud.sell([{"description": 5}]), CloudFailed, "not what it documents",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILS)
def test_whatever_is_refused_the_copy_stays_as_it_is(
    seller: SimulatedCloud, environment: dict[str, str], case: str
) -> None:
    does, kind, words = FAILS[case]
    seller.token("sentinel", "ann@example.org", "roles/viewer")
    path = old(environment)
    does(seller)
    found = refusal({**environment, "GOOGLE_OAUTH_ACCESS_TOKEN": "sentinel"})
    assert isinstance(found, kind)
    assert words in found.message
    assert path.read_bytes() == OLD


def test_an_api_that_is_not_enabled_is_named_with_the_command_that_enables_it(
    seller: SimulatedCloud, environment: dict[str, str]
) -> None:
    seller.project.disable("cloudbilling.googleapis.com")
    assert "`gcloud services enable cloudbilling.googleapis.com --project=" in refusal(environment).hint


def test_where_nobody_answers_it_is_told(environment: dict[str, str]) -> None:
    found = refusal({**environment, "CYNTHUS_GOOGLE_API": "http://127.0.0.1:9"})
    assert "does not answer" in found.message


def test_a_page_that_fails_once_is_asked_for_again(seller: SimulatedCloud, environment: dict[str, str]) -> None:
    seller.faults.plan(Fault(status=503), path="machineTypes$", skip=1)
    assert made(environment).written


def test_a_place_that_cannot_be_written_to_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, where there should be a folder")
    assert isinstance(refusal(environment), FolderNotWritable)


def test_killed_before_the_new_table_is_in_its_place_the_old_one_is_whole(
    environment: dict[str, str], tmp_path: Path
) -> None:
    made(environment)
    before = own_copy(environment).read_bytes()
    ended = run(Command((sys.executable, "-c", KILLED), tmp_path, environment))
    assert ended.returncode == -9
    assert own_copy(environment).read_bytes() == before
    assert made(environment).written


def test_targets_that_sell_nothing_say_so(environment: dict[str, str], tmp_path: Path) -> None:
    said = typed(environment, tmp_path, "catalog", "update", "--target", "local")
    assert said.returncode == 2
    assert b"sells nothing" in said.stderr
