"""Terraform's state in a bucket that several people share: `up` where all is well, where nobody is let in, where the
bucket cannot be reached, and where somebody else holds its lock. With the real Terraform and Google's own provider."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import requests
from msgspec.structs import replace

from cynthus.errors import TerraformLocked
from cynthus.operations.up import Request, prepare
from cynthus.terraform.adapter import TerraformCli, Timing
from cynthus.terraform.environment import terraform_environment
from cynthus.testing.gcp import OWNER, OWNER_TOKEN, Fault
from tests.gcp.api import Api
from tests.gcp.laptop import SPEC, Laptop, laptop
from tests.gcp.someone import Someone, someone
from tests.terraforms import installed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cynthus.terraform.client import Activity
    from tests.journeys.user import Ended

pytestmark = pytest.mark.cloud

STATES = "our-states"
LOCK = {
    "ID": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "Operation": "OperationTypeApply", "Info": "", "Who": "ann@desk",
    "Version": "1.9.0", "Created": "2026-01-02T03:04:05.000000Z", "Path": "",
}  # fmt: skip
"""What Terraform writes into the bucket for as long as it is at work."""


@pytest.fixture(scope="module")
def person(google: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Someone]:
    with someone(tmp_path_factory.mktemp("shared"), google) as made:
        api = Api(made.cloud.endpoint)
        api.post("storage", "b", {"name": STATES, "location": "US-CENTRAL1"}, project="rehearsal")
        api.close()
        yield made


def begun(person: Someone, name: str) -> Path:
    app = person.folder(name, main="print('ran')", more="runtime: venv\n")
    spec = app / "cynthus.yaml"
    spec.write_text(spec.read_text().replace("gcp: {", f"gcp: {{state: gs://{STATES}/team, "))
    return app


def objects(person: Someone) -> list[str]:
    """What lies in the bucket."""
    api = Api(person.cloud.endpoint)
    found = api.get("storage", f"b/{STATES}/o").body
    api.close()
    return [each["name"] for each in found.get("items", [])]


def refusal(answer: Ended) -> str:
    assert (answer.code, "Traceback" in answer.err, "CYN-999" in answer.err) == (1, False, False), answer
    return answer.err[answer.err.index("error [") :]


def test_a_state_in_a_bucket_needs_nothing_unset_and_goes_with_destroy(person: Someone) -> None:
    assert person.user.environment["STORAGE_EMULATOR_HOST"] == person.cloud.endpoint
    app = begun(person, "well")
    answer = person.user.cynthus("prepare", app, "-y")
    assert answer.code == 0, answer
    deployment = person.deployment(app)["id"]
    assert objects(person) == [f"team/{deployment}/base/default.tfstate"]
    answer = person.user.cynthus("destroy", app, "-y")
    assert answer.code == 0, answer
    assert person.standing() == {"buckets": 1}


def test_who_may_not_read_the_state_is_told_which_permission_is_missing(person: Someone) -> None:
    person.cloud.deny(OWNER, "storage.objects.list")
    said = refusal(person.user.cynthus("up", begun(person, "denied"), "-y"))
    person.cloud.deny(OWNER)
    assert f"Terraform's state in gs://{STATES}: " in said
    assert "storage.objects.list" in said
    assert "roles/storage.admin has it" in said


def test_a_bucket_that_does_not_answer_is_given_up_and_told(person: Someone) -> None:
    # Terraform itself would ask again for as long as nobody answers.
    person.cloud.faults.plan(Fault(lost=True), path=f"/b/{STATES}", times=10_000)
    said = refusal(person.user.cynthus("up", begun(person, "away"), "-y"))
    person.cloud.faults.clear()
    assert "Google Cloud does not answer" in said
    assert "check the network" in said


@dataclass(frozen=True)
class Impatient:
    """A `cynthus.terraform.client.TerraformFactory` of the real one, that does not wait for a lock."""

    environment: Mapping[str, str]

    def __call__(self, root: Path, *, logs: Path, activity: Activity) -> TerraformCli:
        timing = Timing(lock_timeout=1)
        return TerraformCli(
            root, installed()[0], environment=self.environment, logs=logs, activity=activity, timing=timing
        )


@pytest.fixture
def locked(tmp_path: Path, google: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptop]:
    """Somebody whose app's state is locked by Ann."""
    monkeypatch.chdir(tmp_path)
    with laptop(tmp_path) as made:
        spec = SPEC.format(key=made.place / "key").replace("gcp: {", f"gcp: {{state: gs://{STATES}, ")
        (made.app / "cynthus.yaml").write_text(spec)
        made.api.post("storage", "b", {"name": STATES, "location": "US-CENTRAL1"}, project="rehearsal")
        environment = terraform_environment({**google, **made.cloud.environment()})
        made.tools = replace(made.tools, terraform=Impatient(environment))
        yield made


def test_a_state_that_somebody_else_has_locked_is_told_with_who_and_how_to_unlock_it(locked: Laptop) -> None:
    # Only after its first plan does anybody know the id.
    deployment = prepare(locked.tools, Request(str(locked.app), yes=True)).site.id
    name = f"{deployment}/base/default.tflock"
    requests.post(
        f"{locked.cloud.endpoint}/upload/storage/v1/b/{STATES}/o",
        params={"uploadType": "media", "name": name}, data=json.dumps(LOCK),
        headers={"Authorization": f"Bearer {OWNER_TOKEN}"}, timeout=10,
    ).raise_for_status()  # fmt: skip
    (locked.app / "infra/gcp/base/custom.tf").write_text("# mine\n")
    with pytest.raises(TerraformLocked) as caught:
        prepare(locked.tools, Request(str(locked.app), yes=True))
    assert "ann@desk, since 2026-01-02" in caught.value.message
    assert " force-unlock " in caught.value.hint
