"""`cynthus up` in a cloud project that lacks something: what is seen before anything is made. The cloud is a simulated
one."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.errors import CloudFailed, ProjectUnfit, TerraformFailed
from cynthus.operations.doctor import doctor
from cynthus.operations.up import Request, prepare
from cynthus.process import Command, run
from cynthus.testing.gcp import OWNER
from tests.gcp.laptop import Laptop, laptop
from tests.gcp.test_unlucky_up import LASTS, WHOLE, spec
from tests.journeys.test_schemas import complaints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.core.finding import Finding
    from cynthus.process import Completed
    from cynthus.testing.gcs_faults import Request as Asked

OFF = ("compute.googleapis.com", "storage.googleapis.com", "iam.googleapis.com", "artifactregistry.googleapis.com",
       "iap.googleapis.com")  # fmt: skip
LOOKS = (
    "serviceusage.services.list", "resourcemanager.projects.get", "compute.projects.get", "compute.regions.get",
    "compute.zones.get", "compute.machineTypes.get",
)  # fmt: skip


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptop]:
    monkeypatch.chdir(tmp_path)
    with laptop(tmp_path) as made:
        yield made


def refused(person: Laptop) -> ProjectUnfit:
    """What `up` says before anything is made."""
    with pytest.raises(ProjectUnfit) as caught:
        person.up(person.app)
    assert person.standing() == {}
    return caught.value


# what is sure


def test_a_new_cloud_project_may_have_no_gpu(person: Laptop) -> None:
    spec(person, 'resources: {gpu: "L4:1", zone: us-central1-a}\n')
    person.cloud.project.set_limit("GPUS_ALL_REGIONS", 0)
    error = refused(person)
    assert error.message == "GPUS_ALL_REGIONS: 0 in all regions together, 0 of them in use; this takes 1"
    assert "https://console.cloud.google.com/iam-admin/quotas?project=rehearsal" in error.hint


def test_prepare_takes_no_quota_of_machines(person: Laptop) -> None:
    person.cloud.project.set_limit("CPUS_ALL_REGIONS", 0)
    prepare(person.tools, Request(str(person.app), yes=True))
    assert person.standing() == LASTS


def test_all_that_is_lacking_is_told_at_once(person: Laptop) -> None:
    person.cloud.project.set_limit("CPUS_ALL_REGIONS", 0)
    person.cloud.deny(OWNER, "compute.instances.create", "storage.buckets.create")
    error = refused(person)
    told = "\n".join((error.message, error.hint, *error.details))
    for words in ("compute.instances.create", "roles/compute.instanceAdmin.v1", "roles/storage.admin", "CPUS_ALL"):
        assert words in told


def test_a_quota_that_somebody_uses_up_after_the_question_is_told_by_the_apply(person: Laptop) -> None:
    class Slow:
        """Somebody who takes their time to say yes."""

        def confirm(self, question: str, *, consequence: str, default: bool = True) -> bool:
            person.cloud.project.set_limit("CPUS_ALL_REGIONS", 0)
            return True

        def password(self, question: str) -> None:
            return None

    person.tools = replace(person.tools, person=Slow())
    with pytest.raises(TerraformFailed, match="CPUS_ALL_REGIONS"):
        person.up(person.app, yes=False)
    assert person.standing() == LASTS


# what is doubtful


def test_who_may_not_go_through_the_proxy_is_warned_before(person: Laptop) -> None:
    person.cloud.deny(OWNER, "iap.tunnelInstances.accessViaIAP")
    person.up(person.app)
    (warning,) = person.progress.warnings
    assert "--role=roles/iap.tunnelResourceAccessor" in warning


def test_what_others_have_in_use_is_a_warning(person: Laptop) -> None:
    person.up(person.app)
    other = person.place.parent / "other"
    other.mkdir()
    second = Laptop(other, person.cloud, person.api)
    second.begin()
    person.cloud.project.set_limit("CPUS_ALL_REGIONS", 4)
    with pytest.raises(TerraformFailed, match="CPUS_ALL_REGIONS"):
        second.up(second.app)
    assert any("4 of them in use; this takes 4" in each for each in second.progress.warnings)


# what nobody can tell


def test_who_may_look_at_nothing_goes_on_without_a_word(person: Laptop) -> None:
    person.cloud.deny(OWNER, *LOOKS)
    person.up(person.app)
    assert (person.standing(), person.progress.warnings) == (WHOLE, [])


@pytest.mark.parametrize("service", ["cloudresourcemanager", "cloudbilling", "serviceusage"])
def test_what_only_tells_of_others_may_be_off(person: Laptop, service: str) -> None:
    person.cloud.project.disable(f"{service}.googleapis.com")
    person.up(person.app)
    assert (person.standing(), person.progress.warnings) == (WHOLE, [])


def slowly(path: str, seconds: float) -> Callable[[Asked], None]:
    return lambda request: time.sleep(seconds) if path in request.path else None


def test_one_service_that_answers_slowly_is_not_waited_for(person: Laptop) -> None:
    person.cloud.after(slowly("/cloudbilling/", 6.0))
    begun = time.monotonic()
    prepare(person.tools, Request(str(person.app), yes=True))
    assert time.monotonic() - begun < 6
    assert "not known, for nobody has answered yet: billing" in person.progress.notes


def test_without_a_network_that_is_said_once(person: Laptop) -> None:
    person.moves(CYNTHUS_GOOGLE_API="http://127.0.0.1:9")
    with pytest.raises(CloudFailed, match="does not answer"):
        person.up(person.app)
    assert person.progress.warnings == []


# services that are off


@pytest.fixture
def new(person: Laptop) -> Laptop:
    """In a cloud project in which nothing is enabled yet."""
    for each in OFF:
        person.cloud.project.disable(each)
    return person


def test_up_enables_what_is_off_where_somebody_says_yes_and_goes_on(new: Laptop) -> None:
    new.up(new.app)
    assert new.standing() == WHOLE
    assert f"  ! not enabled in the cloud project rehearsal: {', '.join(OFF)}" in new.progress.notes


def test_a_quota_that_only_shows_once_services_are_on_ends_it_before_anything_is_made(new: Laptop) -> None:
    new.cloud.project.set_limit("CPUS_ALL_REGIONS", 0)
    assert refused(new).message.startswith("CPUS_ALL_REGIONS: 0")


def test_a_service_without_which_it_can_be_planned_is_enabled_before_the_offer(person: Laptop) -> None:
    person.cloud.project.disable("iap.googleapis.com")
    person.up(person.app)
    assert "iap.googleapis.com" in person.cloud.project.enabled
    assert person.standing() == WHOLE


def test_who_may_not_enable_them_is_told_the_command_and_the_role(new: Laptop) -> None:
    new.cloud.deny(OWNER, "serviceusage.services.enable")
    error = refused(new)
    assert f"`gcloud services enable {' '.join(OFF)} --project=rehearsal`" in error.hint
    assert "roles/serviceusage.serviceUsageAdmin" in error.hint


def look(person: Laptop, *, enable: bool | None) -> dict[str, Finding]:
    """What `doctor` finds amiss."""
    found = doctor(person.tools, str(person.app), programs=lambda: iter(()), enable=enable)
    return {each.check: each for each in found if each.level == "error"}


def test_doctor_names_what_is_off_and_changes_nothing(new: Laptop) -> None:
    assert look(new, enable=False)["services"].enables == OFF
    assert not {*OFF} & {*new.cloud.project.enabled}


def test_doctor_enables_it_where_it_is_told_to(new: Laptop) -> None:
    assert look(new, enable=True) == {}


@pytest.mark.parametrize("answer", [True, False])
def test_doctor_asks_whoever_is_there(new: Laptop, *, answer: bool) -> None:
    new.with_person(answer=answer)
    assert (look(new, enable=None) == {}) is answer
    assert new.person.questions == ["Enable them?"]


def typed(person: Laptop, *words: str) -> Completed:
    """What `doctor` answers where nobody sits."""
    environment = person.tools.settings.environment
    return run(Command((sys.executable, "-m", "cynthus", "doctor", str(person.app), *words), person.place, environment))


def test_typed_without_anybody_there_doctor_enables_nothing_unless_it_is_told_to(new: Laptop) -> None:
    said = typed(new)
    assert said.returncode == 1, said.stderr
    assert f"gcloud services enable {' '.join(OFF)}".encode() in said.stdout
    assert not {*OFF} & {*new.cloud.project.enabled}
    said = typed(new, "--enable", "--json")
    assert said.returncode == 0, said.stderr
    assert complaints(json.loads(said.stdout)) == []
    assert {*OFF} <= {*new.cloud.project.enabled}
