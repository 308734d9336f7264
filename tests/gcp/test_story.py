"""From a folder to a finished run on a machine of Google Cloud, and back to nothing: the real provider, a simulated
cloud, real hosts. Each test goes on where the one before it stopped."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cynthus.credentials.google import login
from cynthus.storage.opening import gcs_bucket
from tests.gcp.someone import Someone, someone
from tests.journeys.test_secrets import files_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.journeys.user import Ended

pytestmark = [pytest.mark.hosts, pytest.mark.cloud]

MAIN = """\
import os, pathlib
print("reading", pathlib.Path("data/words.txt").read_text().strip(), flush=True)
pathlib.Path("outputs/result.txt").write_text(os.environ["WHO"])
pathlib.Path("outputs/letters").write_text(str(len(os.environ["PASSPHRASE"])))
"""
MORE = 'image: {base: "base:1"}\nenv: {WHO: somebody}\nsecrets: [PASSPHRASE]\n'
PASSPHRASE = f"open {os.urandom(9).hex()}"
LASTS = {
    "accounts": 1, "buckets": 2, "firewalls": 2, "networks": 1, "repositories": 1, "routers": 1, "secrets": 1,
    "subnetworks": 1,
}
"""What outlives a machine."""


@pytest.fixture(scope="module")
def person(
    bed: Bed, base_tar: Path, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Someone]:
    machines = bed.hosts(2, docker=True)
    for machine in machines:
        machine.import_image(base_tar, "base:1")
    with someone(tmp_path_factory.mktemp("somebody"), google, machines) as made:
        made.user.environment["PASSPHRASE"] = PASSPHRASE
        yield made
    for machine in machines:
        bed.remove(machine)


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    return person.folder(main=MAIN, more=MORE)


@pytest.fixture(scope="module")
def first(person: Someone, app: Path) -> Ended:
    return person.user.cynthus("up", app, "-y", timeout=240)


def test_one_command_goes_from_the_folder_to_the_log(first: Ended) -> None:
    assert first.code == 0, first
    assert first.out == "reading one two three\n"


def test_outputs_are_at_home(first: Ended, app: Path) -> None:
    assert (app / "outputs/latest/result.txt").read_text() == "somebody"


def test_the_machine_reads_its_secret_from_the_store(person: Someone, first: Ended, app: Path) -> None:
    assert (app / "outputs/latest/letters").read_text() == str(len(PASSPHRASE))
    account = person.cloud.resources()["accounts"][0]
    assert "secretmanager.versions.access" in person.cloud.permissions(account)
    assert PASSPHRASE not in first.out + first.err
    assert files_with(app, PASSPHRASE) == []


def test_the_data_went_by_way_of_the_bucket(person: Someone, app: Path) -> None:
    bucket = person.deployment(app)["host_reports"][0]["status"]["sync"]["bucket"].replace("-out", "-in")
    name, who = bucket.removeprefix("gs://"), login(person.user.environment)
    with closing(gcs_bucket(name, lambda: who, endpoint=person.cloud.endpoint)) as inputs:
        assert [each.key for each in inputs.list()] == ["data/words.txt"]


def test_the_run_is_in_the_deployments_own_bucket(person: Someone, app: Path) -> None:
    sync = person.deployment(app)["host_reports"][0]["status"]["sync"]
    assert (sync["state"], sync["files_behind"]) == ("saved", 0), sync
    assert sync["bucket"].startswith("gs://cynthus-cloudy-")


def test_it_is_told_when_the_cloud_removes_the_machine(person: Someone, first: Ended, app: Path) -> None:
    expires = person.deployment(app)["expires_at"]
    assert f"deletes itself at {expires}" in first.err
    (machine,) = person.cloud.instances()
    assert machine["scheduling"]["maxRunDuration"]["seconds"] == "5400"
    assert machine["scheduling"]["instanceTerminationAction"] == "DELETE"


def test_a_second_plan_of_each_root_is_empty(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("plan", app, "--detailed-exitcode", "--json")
    assert answer.code == 0, answer
    assert answer.document["changes"] == []


def test_a_plan_explains_which_machine_was_taken_and_why_no_other(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("plan", app, "--explain")
    assert answer.code == 0, answer
    table = [line.split() for line in answer.out.splitlines()]
    (head,) = (number for number, words in enumerate(table) if words[:1] == ["CONSIDERED"])
    assert (table[head + 1][0], table[head + 1][-1]) == ("e2-standard-4", "taken")
    assert table[head + 2][-2:] == ["costs", "more"]


def test_nothing_changed_is_nothing_done(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("up", app, "-y")
    assert answer.code == 0, answer
    assert "nothing has changed" in answer.err


def test_a_changed_program_runs_on_the_machine_that_stands(person: Someone, app: Path) -> None:
    (app / "main.py").write_text(MAIN.replace("reading", "again"))
    answer = person.user.cynthus("up", app, "-y")
    assert answer.code == 0, answer
    assert "again one two three" in answer.out
    assert "Apply" not in answer.err


def test_what_is_gone_is_seen_to_be_gone_and_its_run_still_answers(person: Someone, app: Path) -> None:
    person.cloud.advance(5400)
    assert person.standing() == LASTS
    found = person.deployment(app)
    assert (found["phase"], found["run"]["state"]) == ("gone", "SUCCEEDED")
    said = person.user.cynthus("logs", app)
    assert (said.code, said.out) == (0, "again one two three\n"), said


def test_run_makes_another_machine(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("run", app, "-y", timeout=240)
    assert answer.code == 0, answer
    assert person.standing()["instances"] == 1


def test_no_more_was_allowed_than_is_needed(person: Someone) -> None:
    account = person.cloud.resources()["accounts"][0]
    used = person.cloud.permissions(account)
    assert used
    assert used <= {
        "secretmanager.versions.access", "storage.buckets.get", "storage.objects.create", "storage.objects.delete",
        "storage.objects.get", "storage.objects.list",
    }


def test_down_leaves_nothing_that_bills_by_the_hour(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("down", app, "-y")
    assert answer.code == 0, answer
    assert person.standing() == LASTS
    assert "-out: " in answer.out


def test_what_stays_is_told_with_its_price_by_the_month(person: Someone, app: Path) -> None:
    stays = person.deployment(app)["stays"]
    prices = [line.rpartition(", ")[2] for line in stays]
    assert prices == ["less than a cent a month"] * 2 + ["$0.00 a month", "$0.06 a month"]


def test_destroy_leaves_nothing(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("destroy", app, "-y")
    assert answer.code == 0, answer
    assert person.standing() == {}
    assert person.user.deployments() == []


def test_no_secret_is_in_a_state(app: Path) -> None:
    for state in app.glob("infra/gcp/*/terraform.tfstate*"):
        assert "sim-owner" not in state.read_text()
        assert PASSPHRASE not in state.read_text()
