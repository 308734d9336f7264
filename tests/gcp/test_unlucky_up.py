"""`cynthus up` and what goes wrong on the way, on this side of Terraform: odd names, clocks that are off, people who do
not know of each other, machines that never let anybody in or that somebody deletes. The cloud is a simulated one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from cynthus.errors import CloudFailed, HostUnreachable, ProjectUnfit, SpecError, TaskFailed
from cynthus.operations.down import down
from cynthus.operations.status import status
from cynthus.operations.up import Request, run, up
from cynthus.testing.ansible import FakeAnsible, Step, up_steps
from cynthus.testing.gcp import OWNER, OWNER_TOKEN, Fault, OperationFault
from tests.gcp.laptop import LIFETIME, SPEC, Laptop, laptop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.errors import CynthusError
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Outcome
    from cynthus.testing.ansible import Played
    from cynthus.testing.outage import Outage

LASTS = {
    "accounts": 1, "buckets": 2, "firewalls": 2, "networks": 1, "repositories": 1, "routers": 1, "secrets": 1,
    "subnetworks": 1,
}  # fmt: skip
WHOLE = {**LASTS, "disks": 1, "instances": 1}


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptop]:
    monkeypatch.chdir(tmp_path)
    with laptop(tmp_path) as made:
        yield made


def spec(person: Laptop, more: str) -> None:
    (person.app / "cynthus.yaml").write_text(SPEC.format(key=person.place / "key") + more)


def down_with(person: Laptop, *, forget: bool = False) -> None:
    down(person.tools, str(person.app), yes=True, forget=forget, discard=True)


def phase(person: Laptop) -> str:
    entry = status(person.tools, str(person.app)).site.entry
    return "" if entry is None else entry.phase


# what is asked before anything is planned


def test_nothing_is_planned_in_a_cloud_project_for_which_nobody_pays_and_later_up_goes_on(person: Laptop) -> None:
    person.cloud.project.billing = False
    with pytest.raises(ProjectUnfit, match="nobody pays for the cloud project rehearsal"):
        person.up(person.app)
    assert person.standing() == {}
    person.cloud.project.billing = True
    person.up(person.app)
    assert person.standing() == WHOLE


def test_a_google_that_does_not_answer_ends_it(person: Laptop) -> None:
    person.cloud.faults.plan(Fault(status=503), path="/serviceAccounts/", times=10_000)
    with pytest.raises(CloudFailed, match="503"):
        person.up(person.app)
    assert person.standing() == {}


def test_who_may_not_look_may_make_things_all_the_same(person: Laptop) -> None:
    person.cloud.deny(OWNER, "compute.instances.list")
    person.up(person.app)
    assert person.standing() == WHOLE
    assert any("nobody can tell whether anything is there already" in each for each in person.progress.warnings)


def test_a_bucket_that_somebody_else_has_is_not_emptied(person: Laptop) -> None:
    person.up(person.app)
    deployment = person.tools.index.by_folder(person.app)[0].id
    bucket = f"b/cynthus-{deployment}-in"
    person.api.ask("PATCH", "storage", bucket, {"labels": {"cynthus-deployment": "another-0a1b2c"}})
    url = f"{person.cloud.endpoint}/upload/storage/v1/{bucket}/o?uploadType=media&name=theirs"
    headers = {"Authorization": f"Bearer {OWNER_TOKEN}"}
    requests.post(url, data=b"theirs", headers=headers, timeout=10).raise_for_status()
    person.tools.targets.find("gcp").empty(deployment, person.app / "infra/gcp/base", lambda _: None)
    assert [each["name"] for each in person.api.get("storage", f"{bucket}/o")["items"]] == ["theirs"]


# names


@pytest.mark.parametrize("length", [1, 16, 30, 31, 63])
def test_a_name_of_any_length_that_is_a_name_makes_names_that_google_takes(person: Laptop, length: int) -> None:
    spec(person, f"name: {'a' * length}\n")
    person.up(person.app)
    assert person.standing() == WHOLE


def test_a_name_of_64_characters_is_refused_before_anything_is_touched(person: Laptop) -> None:
    spec(person, f"name: {'a' * 64}\n")
    with pytest.raises(SpecError) as caught:
        person.up(person.app)
    assert (caught.value.exit_code, person.standing()) == (2, {})
    assert not (person.app / "infra").exists()


def test_a_user_whose_name_has_capitals_and_spaces_is_an_owner_that_a_label_can_say(
    person: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "Ann Mary O'Neil")
    person.up(person.app)
    (machine,) = person.cloud.instances()
    assert machine["labels"]["cynthus-owner"] == "ann-mary-o-neil"


# two in one cloud project


def test_two_people_whose_apps_have_one_name_do_not_touch_each_others(person: Laptop, tmp_path: Path) -> None:
    spec(person, "name: twins\n")
    person.up(person.app)
    (tmp_path / "other").mkdir()
    other = Laptop(tmp_path / "other", person.cloud, person.api)
    other.begin()
    spec(other, "name: twins\n")
    other.up(other.app)
    assert person.standing() == {kind: 2 * count for kind, count in WHOLE.items()}
    down_with(other, forget=True)
    assert person.standing() == WHOLE
    assert phase(person) == "up"


# clocks


@pytest.mark.parametrize("hours", [1, -1])
def test_the_clouds_clock_counts_where_this_machines_is_off_by_an_hour(person: Laptop, hours: int) -> None:
    person.wrong_by(hours * 3600)
    person.up(person.app)
    person.cloud.advance(LIFETIME - 60)
    assert person.standing() == WHOLE
    person.cloud.advance(61)
    assert person.standing() == LASTS
    assert phase(person) == "gone"


# machines


def outage(person: Laptop) -> Outage:
    """The way to the machines: nobody answers while it lasts."""
    found: Outage = person.tools.targets.outage  # type: ignore[attr-defined]  # the laptop's are such
    return found


@pytest.fixture
def dark(person: Laptop) -> HostUnreachable:
    """What `up` says of a machine that runs and never lets anybody in."""
    text = "Booting\n\nEXT4-fs error (device sda1)\nKernel panic - not syncing: no init\n"
    person.cloud.faults.plan(OperationFault(dark=text), path="/instances$", method="POST")
    outage(person).begin()
    with pytest.raises(HostUnreachable) as caught:
        person.up(person.app)
    return caught.value


def test_a_machine_that_never_lets_anybody_in_is_told_with_its_consoles_last_lines(dark: HostUnreachable) -> None:
    assert dark.details[-2:] == ("EXT4-fs error (device sda1)", "Kernel panic - not syncing: no init")
    assert "lets nobody in" in dark.message
    assert "it costs until `cynthus down` removes it" in dark.hint


def test_it_does_not_outlive_its_deadline(person: Laptop, dark: HostUnreachable) -> None:
    assert person.standing() == WHOLE
    person.cloud.advance(LIFETIME)
    assert person.standing() == LASTS


def test_down_removes_it_though_it_says_nothing(person: Laptop, dark: HostUnreachable) -> None:
    down(person.tools, str(person.app), yes=True)
    assert person.standing() == LASTS


def test_once_it_lets_somebody_in_the_next_up_goes_on(person: Laptop, dark: HostUnreachable) -> None:
    before = person.cloud.instances()
    outage(person).end()
    assert person.up(person.app).ending == "started"
    assert person.cloud.instances() == before


def agent_fails(played: Played) -> tuple[Step, ...]:
    """A play in which all goes well but the start."""
    error = TaskFailed("the task `Start main.py` failed on host-0: no space", hint="make room")
    return (*up_steps(played)[:-1], Step("agent", "Start main.py", error=error))


@pytest.fixture
def stuck(person: Laptop) -> CynthusError:
    """What `up` says where the agent does not start."""
    ansible = person.tools.ansible
    person.plays(FakeAnsible(agent_fails))
    with pytest.raises(TaskFailed) as caught:
        person.up(person.app)
    person.plays(ansible)
    return caught.value


def test_an_agent_that_does_not_start_is_told_with_the_machine_that_goes_on_costing(
    person: Laptop, stuck: CynthusError
) -> None:
    assert "Start main.py" in stuck.message
    assert stuck.hint.startswith("make room; what was made costs until `cynthus down` removes it, or the cloud does at")
    newest = status(person.tools, str(person.app)).run
    assert newest is not None
    assert (phase(person), newest.state) == ("up", "FAILED")


def test_once_it_can_the_next_up_starts_it_on_the_machine_that_stands(person: Laptop, stuck: CynthusError) -> None:
    before = person.cloud.instances()
    assert person.up(person.app).ending == "started"
    assert person.cloud.instances() == before


def test_a_secret_that_nobody_may_store_is_told_with_the_role_that_it_takes(
    person: Laptop
) -> None:
    spec(person, "secrets: [WORD]\n")
    person.exports(WORD="open", CYNTHUS_PREFLIGHT="off")
    person.cloud.deny(OWNER, "secretmanager.versions.add")
    with pytest.raises(CloudFailed) as caught:
        person.up(person.app)
    assert "secretmanager.versions.add" in caught.value.message
    assert "roles/secretmanager.admin has it" in caught.value.hint


# somebody deletes the machine


@pytest.fixture
def deleted(person: Laptop) -> Laptop:
    """main.py was to start, and an earlier run's outputs are at home; then somebody deletes the machine by hand."""
    person.up(person.app)
    outputs = person.app / "outputs/first"
    outputs.mkdir(parents=True)
    (outputs / "x").write_text("1")
    (machine,) = person.cloud.instances()
    path = f"projects/rehearsal/zones/us-central1-a/instances/{machine['name']}"
    person.api.done(person.api.delete("compute", path))
    return person


def test_a_machine_that_somebody_has_deleted_is_said_to_be_gone(deleted: Laptop) -> None:
    assert phase(deleted) == "gone"


@pytest.mark.parametrize("verb", [up, run])
def test_the_next_command_makes_another_one_and_outputs_stay(
    deleted: Laptop, verb: Callable[[Tools, Request], Outcome]
) -> None:
    outcome = verb(deleted.tools, Request(str(deleted.app), yes=True))
    assert outcome.ending == "started"
    assert deleted.standing() == WHOLE
    assert (deleted.app / "outputs/first/x").read_text() == "1"


def test_down_after_that_is_done(deleted: Laptop) -> None:
    down(deleted.tools, str(deleted.app), yes=True, discard=True)
    assert deleted.standing() == LASTS
