"""A secret's way through Secret Manager: written from here, read by the machine as itself."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import secret_store
from cynthus.agent.failure import SECRET_MISSING, Failure
from cynthus.errors import CloudFailed
from cynthus.targets.gcp.api import Api as Google
from cynthus.targets.gcp.secrets import keep
from cynthus.testing.metadata import metadata_server
from tests.gcp.api import ACCOUNT, P

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.testing.gcp import SimulatedCloud
    from cynthus.testing.metadata import Metadata
    from tests.gcp.api import Api

NAME = "cloudy-abc123-TOKEN"
VALUE = f"swordfish {os.urandom(8).hex()} ü"
READER = "roles/secretmanager.secretAccessor"


@pytest.fixture
def google(cloud: SimulatedCloud, api: Api) -> Google:
    """As the owner, with an empty place for the secret."""
    made = api.post("secretmanager", f"{P}/secrets", {"replication": {"automatic": {}}}, secretId=NAME)
    assert made.status == 200, made.body
    return Google(cloud.environment(), wait=0)


@pytest.fixture
def machine(cloud: SimulatedCloud, google: Google, room: Api) -> Iterator[Metadata]:
    """One that is let in to this secret alone."""
    cloud.token("the-machine", ACCOUNT)
    policy = {"bindings": [{"role": READER, "members": [f"serviceAccount:{ACCOUNT}"]}]}
    assert room.post("secretmanager", f"{P}/secrets/{NAME}:setIamPolicy", {"policy": policy}).status == 200
    with metadata_server() as metadata:
        metadata.token = "the-machine"
        yield metadata


def kept(google: Google, value: str = VALUE) -> str:
    return keep(google, "rehearsal", NAME, value)


def states(api: Api) -> list[str]:
    """Of all versions, the newest first."""
    return [each["state"] for each in api.get("secretmanager", f"{P}/secrets/{NAME}/versions")["versions"]]


def wishes(cloud: SimulatedCloud, machine: Metadata, version: str) -> secret_store.Asked:
    said: dict[str, Any] = {
        "values": {"OTHER": "came along"}, "kept": {"TOKEN": version}, "server": machine.address,
        "service": f"{cloud.endpoint}/secretmanager/v1",
    }  # fmt: skip
    return secret_store.asked(json.dumps(said).encode())


def test_the_machine_reads_what_was_written(cloud: SimulatedCloud, google: Google, machine: Metadata) -> None:
    read = secret_store.read(wishes(cloud, machine, kept(google)))
    assert read == {"OTHER": "came along", "TOKEN": VALUE}


def test_the_same_value_is_not_written_again(google: Google, api: Api) -> None:
    assert kept(google) == kept(google)
    assert states(api) == ["ENABLED"]


def test_another_value_takes_the_place_of_the_one_before(google: Google, api: Api) -> None:
    kept(google)
    kept(google, "another")
    assert states(api) == ["ENABLED", "DESTROYED"]


def test_who_may_only_add_adds(cloud: SimulatedCloud, google: Google, api: Api) -> None:
    cloud.deny("owner@example.com", "secretmanager.versions.access", "secretmanager.versions.list")
    assert kept(google).endswith("/versions/1")


def test_a_place_that_is_missing_is_told_with_the_root_that_makes_it(google: Google) -> None:
    with pytest.raises(CloudFailed, match="no place called other") as caught:
        keep(google, "rehearsal", "other", VALUE)
    assert "apply the root `base`" in caught.value.hint


@pytest.mark.parametrize("value", [VALUE, "x" * 70_000], ids=["not allowed", "too long"])
def test_no_refusal_repeats_the_value(cloud: SimulatedCloud, google: Google, value: str) -> None:
    if value == VALUE:
        cloud.deny("owner@example.com", "secretmanager.versions.add")
    with pytest.raises(CloudFailed) as caught:
        kept(google, value)
    told = f"{caught.value} {caught.value.hint} {caught.value.details}"
    assert (value in told, base64.b64encode(value.encode()).decode() in told) == (False, False)


def test_a_permission_that_counts_late_is_waited_for(
    cloud: SimulatedCloud, google: Google, machine: Metadata
) -> None:
    version = kept(google)
    cloud.deny(ACCOUNT, "secretmanager.versions.access")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            cloud.deny(ACCOUNT)

    assert secret_store.read(wishes(cloud, machine, version), sleep=sleep)["TOKEN"] == VALUE
    assert len(waited) == 2


def test_a_machine_that_is_not_let_in_says_which_role_it_lacks(
    cloud: SimulatedCloud, google: Google, machine: Metadata
) -> None:
    cloud.deny(ACCOUNT, "secretmanager.versions.access")
    with pytest.raises(Failure, match="does not give TOKEN") as caught:
        secret_store.read(wishes(cloud, machine, kept(google)), patience=0)
    assert (caught.value.code, READER in caught.value.hint) == (SECRET_MISSING, True)


@pytest.mark.parametrize(
    "said", [b"", b"[]", b'{"values": {}}', b'{"values": 1, "kept": {}, "server": "", "service": ""}']
)
def test_what_names_no_secrets_is_refused(said: bytes) -> None:
    with pytest.raises(Failure, match="names no secrets"):
        secret_store.asked(said)


def test_a_store_over_a_line_that_anybody_reads_is_not_asked() -> None:
    one = secret_store.Asked({}, {"A": "projects/p/secrets/a/versions/1"}, "http://127.0.0.1:1", "http://192.0.2.1")
    with pytest.raises(Failure, match="anybody can change"):
        secret_store.read(one)
