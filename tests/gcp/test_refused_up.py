"""`cynthus up` where Google says no: what the person at the keyboard is told, and that nothing is left that costs. With
the real Terraform and Google's own provider, through which most of these words come."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.testing.gcp import OWNER, Fault
from tests.gcp.api import Api, P
from tests.gcp.someone import Someone, someone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.journeys.user import Ended

pytestmark = pytest.mark.cloud

LASTS = {"accounts": 1, "buckets": 2, "firewalls": 2, "networks": 1, "repositories": 1, "routers": 1, "subnetworks": 1}
VENV = "runtime: venv\n"


@pytest.fixture(scope="module")
def person(google: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Someone]:
    with someone(tmp_path_factory.mktemp("refused"), google) as made:
        yield made


def begun(person: Someone, name: str, more: str = VENV) -> Path:
    return person.folder(name, main="print('ran')", more=more)


def type_up(person: Someone, folder: Path, **shell: str) -> Ended:
    """`up`, with these variables in the shell beside its own; '' unsets one."""
    told = {name: value for name, value in person.user.shell(**shell).items() if value or name not in shell}
    return person.user.cynthus("up", folder, "-y", shell=told)


def told(answer: Ended) -> tuple[str, str]:
    """The first line of the error, and the hint. What is no error of ours, or a defect, is none."""
    assert "Traceback" not in answer.err, answer
    assert "CYN-999" not in answer.err, answer
    (error,) = (line for line in answer.err.splitlines() if line.startswith("error ["))
    (hint,) = (line for line in answer.err.splitlines() if line.startswith("  next: "))
    return error, hint


# what is asked before anything is planned


@pytest.mark.parametrize(
    ("shell", "message", "hint"),
    [
        ({"GOOGLE_OAUTH_ACCESS_TOKEN": "", "STORAGE_EMULATOR_HOST": ""}, "there are no credentials on this machine",
         "`gcloud auth application-default login`"),
        ({"GOOGLE_OAUTH_ACCESS_TOKEN": "wrong"}, "does not take these credentials",
         "GOOGLE_OAUTH_ACCESS_TOKEN lasts an hour"),
        ({"GOOGLE_OAUTH_ACCESS_TOKEN": "expired"}, "does not take these credentials", "gcloud auth print-access-token"),
    ],
    ids=["none", "wrong", "expired"],
)  # fmt: skip
def test_who_is_nobody_is_told_how_to_log_in(
    person: Someone, shell: dict[str, str], message: str, hint: str, tmp_path: Path
) -> None:
    person.cloud.token("expired", "ann@example.com", "roles/owner", seconds=1)
    person.cloud.advance(2)
    app = begun(person, tmp_path.name)
    answer = type_up(person, app, CLOUDSDK_CONFIG=str(tmp_path), NO_GCE_CHECK="true", **shell)
    error, way = told(answer)
    assert (answer.code, message in error, hint in way) == (2, True, True), answer
    assert person.standing() == {}


def test_a_cloud_project_that_is_not_there_is_named(person: Someone) -> None:
    nowhere = {"GOOGLE_CLOUD_PROJECT": "no-such-lab", "GOOGLE_PROJECT": "no-such-lab"}
    answer = type_up(person, begun(person, "elsewhere"), **nowhere)
    error, hint = told(answer)
    assert answer.code == 1
    assert "there is no cloud project no-such-lab, or you may not use it" in error
    assert "`gcloud projects list`" in hint
    assert person.standing() == {}


@pytest.mark.parametrize("service", ["compute", "storage", "secretmanager"])
def test_a_service_that_is_not_enabled_is_told_before_anything_is_made(person: Someone, service: str) -> None:
    host = f"{service}.googleapis.com"
    person.cloud.project.disable(host)
    person.cloud.deny(OWNER, "serviceusage.services.enable")
    answer = type_up(person, begun(person, f"without-{service}", f"{VENV}secrets: [WORD]\n"), WORD="open")
    person.cloud.deny(OWNER)
    person.cloud.project.enable(host)
    error, hint = told(answer)
    assert answer.code == 1
    assert "not enabled in the cloud project rehearsal, and not by you" in error
    assert "gcloud services enable" in hint
    assert host in hint
    assert "--project=rehearsal" in hint
    assert person.standing() == {}


def test_a_zone_that_google_does_not_have_is_told_before_anything_is_made(person: Someone) -> None:
    app = begun(person, "nowhere")
    spec = app / "cynthus.yaml"
    spec.write_text(spec.read_text().replace("us-central1-a", "us-central1-q"))
    answer = type_up(person, app)
    error, hint = told(answer)
    assert "Google has no zone us-central1-q" in error
    assert "`gcloud compute zones list --project=rehearsal`" in hint
    assert person.standing() == {}


def test_a_name_of_googles_is_refused_before_anything_is_written(person: Someone) -> None:
    app = begun(person, "goog")
    (app / "cynthus.yaml").write_text((app / "cynthus.yaml").read_text().replace("cloudy", "google-maps"))
    answer = type_up(person, app)
    error, hint = told(answer)
    assert answer.code == 2, answer
    assert "'google'" in error
    assert "write another `name:`" in hint
    assert not (app / "infra").exists()


def test_a_provider_that_cannot_be_had_is_told_with_how_to_use_a_mirror(person: Someone, tmp_path: Path) -> None:
    rc = tmp_path / "terraform.rc"
    rc.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path}"\n  }}\n}}\n')
    error, hint = told(type_up(person, begun(person, "offline"), TF_CLI_CONFIG_FILE=str(rc)))
    assert "cannot get the provider hashicorp/google" in error
    assert "terraform providers mirror FOLDER" in hint
    assert person.standing() == {}


def test_a_state_bucket_that_is_not_there_is_told_with_how_to_make_it(person: Someone) -> None:
    app = begun(person, "stateless")
    spec = app / "cynthus.yaml"
    spec.write_text(spec.read_text().replace("gcp: {", "gcp: {state: gs://our-states/team, "))
    error, hint = told(type_up(person, app))
    assert "there is no bucket our-states for Terraform's state" in error
    assert "gcloud storage buckets create gs://our-states" in hint
    assert person.standing() == {}


# what only making it shows


def test_a_bucket_that_somebody_else_has_is_told_and_destroy_removes_the_rest(person: Someone) -> None:
    app = begun(person, "taken")
    deployment = rendered(person, app)
    person.cloud.take(f"cynthus-{deployment}-out")
    error, hint = told(type_up(person, app))
    assert "somebody else has a bucket of that name" in error
    assert "without the folder infra/gcp the next `cynthus up` has other names" in hint
    answer = person.user.cynthus("destroy", app, "-y")
    assert answer.code == 0, answer
    assert person.standing() == {}
    shutil.rmtree(app / "infra/gcp")
    assert rendered(person, app) != deployment


def test_a_network_of_another_tool_is_told_and_left_as_it_is(person: Someone) -> None:
    app, api = begun(person, "beside"), Api(person.cloud.endpoint)
    network = f"{P}/global/networks"
    body = {"name": rendered(person, app), "autoCreateSubnetworks": False}
    api.done(api.post("compute", network, body))
    error, hint = told(type_up(person, app))
    assert f"networks/{body['name']} is there already, and was not made for this deployment" in error
    assert "it was left as it is" in hint
    answer = person.user.cynthus("destroy", app, "-y")
    assert answer.code == 0, answer
    assert person.standing() == {"networks": 1}
    api.done(api.delete("compute", f"{network}/{body['name']}"))
    api.close()


@pytest.fixture(scope="module")
def base(person: Someone) -> Iterator[tuple[Path, Ended, Ended]]:
    """All but the machine, of an app for which nobody paid at first; with what each try said. Then Google was asked too
    often, and was out of order while things were being made."""
    app = begun(person, "base")
    person.cloud.project.billing = False
    unpaid = person.user.cynthus("prepare", app, "-y")
    person.cloud.project.billing = True
    person.cloud.faults.plan(Fault(status=429), path="/networks$", method="POST", times=2)
    person.cloud.faults.plan(Fault(status=429, retry_after="1"), path="/serviceAccounts$", method="POST", times=2)
    person.cloud.faults.plan(Fault(status=503), path="/operations/", times=4)
    paid = person.user.cynthus("prepare", app, "-y")
    person.cloud.faults.clear()
    yield app, unpaid, paid
    answer = person.user.cynthus("destroy", app, "-y")
    assert (answer.code, person.standing()) == (0, {}), answer


def test_a_cloud_project_for_which_nobody_pays_is_told_before_anything_is_made(base: tuple[Path, Ended, Ended]) -> None:
    error, hint = told(base[1])
    assert base[1].code == 1
    assert "nobody pays for the cloud project rehearsal" in error
    assert "gcloud billing projects link rehearsal" in hint
    assert "Apply" not in base[1].err


def test_what_google_refuses_for_a_moment_is_asked_again(person: Someone, base: tuple[Path, Ended, Ended]) -> None:
    assert base[2].code == 0, base[2]
    assert person.standing() == LASTS


WRONG: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str, str]] = {
    "a machine type that the zone lacks": (
        lambda _: {"machine_type": "z9-standard-4"},
        "us-central1-a has no machines of the type z9-standard-4",
        "`gcloud compute machine-types list --filter=name=z9-standard-4`",
    ),
    "a GPU that does not fit the machine": (
        lambda _: {"machine_type": "n1-standard-4", "gpus": 1, "accelerator": {"type": "nvidia-l4", "count": 1}},
        "a machine of the type n1-standard-4 takes no nvidia-l4",
        "`cynthus diff`",
    ),
    "a disk that the machine refuses": (
        lambda values: {"machine_type": "g2-standard-4", "gpus": 1, "disk": {**values["disk"], "type": "pd-standard"}},
        "a machine of the type g2-standard-4 takes no pd-standard",
        "`cynthus diff`",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_machine_that_cannot_be_is_told_in_words(
    person: Someone, base: tuple[Path, Ended, Ended], what: str
) -> None:
    changed, message, way = WRONG[what]
    file = base[0] / "infra/gcp/compute/terraform.tfvars.json"
    before = file.read_text()
    values = json.loads(before)
    file.write_text(json.dumps({**values, **changed(values)}, indent=2) + "\n")
    answer = type_up(person, base[0])
    file.write_text(before)
    error, hint = told(answer)
    assert (answer.code, message in error, way in hint) == (1, True, True), answer
    assert person.standing() == LASTS


RESERVED: dict[str, tuple[tuple[str, int] | None, str, str]] = {
    "is not there": (None, "there is no reservation lab in the machine's zone", "`gcloud compute reservations list"),
    "has another machine type": (("n2-standard-8", 1), "the reservation lab is for other machines", "describe lab"),
    "is used up": (("e2-standard-4", 0), "all machines of the reservation lab are in use", "leave `reservation:` out"),
}


@pytest.mark.parametrize("what", RESERVED)
def test_a_reservation_that_has_nothing_is_told_in_words(
    person: Someone, base: tuple[Path, Ended, Ended], what: str
) -> None:
    kept, message, way = RESERVED[what]
    if kept is not None:
        person.cloud.project.reserve("us-central1-a", "lab", *kept)
    spec = base[0] / "cynthus.yaml"
    before = spec.read_text()
    spec.write_text(before.replace("zone: us-central1-a", "zone: us-central1-a, reservation: lab"))
    answer = type_up(person, base[0])
    spec.write_text(before)
    error, hint = told(answer)
    assert (answer.code, message in error, way in hint) == (1, True, True), answer
    assert person.standing() == LASTS


@pytest.mark.parametrize(
    ("preflight", "message", "way"),
    [
        ("", "you lack compute.instances.create", "--role=roles/compute.instanceAdmin.v1"),
        ("off", "you lack the permission compute.instances.create", "roles/compute.instanceAdmin.v1 has it"),
    ],
    ids=["asked before", "told when it is made"],
)
def test_one_permission_that_is_missing_is_named_with_a_role_that_has_it(
    person: Someone, base: tuple[Path, Ended, Ended], preflight: str, message: str, way: str
) -> None:
    person.cloud.deny(OWNER, "compute.instances.create")
    answer = type_up(person, base[0], CYNTHUS_PREFLIGHT=preflight)
    person.cloud.deny(OWNER)
    error, hint = told(answer)
    assert answer.code == 1
    assert f"{message} in the cloud project rehearsal" in error
    assert way in hint
    assert ("Apply" in answer.err) is bool(preflight)
    assert person.standing() == LASTS


def rendered(person: Someone, app: Path) -> str:
    """Write the files; gives the id that is in them."""
    answer = person.user.cynthus("render", app)
    assert answer.code == 0, answer
    found: str = json.loads((app / "infra/gcp/base/terraform.tfvars.json").read_text())["deployment"]
    return found
