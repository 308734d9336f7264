"""Buckets and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from google.cloud.storage import Client
from google.oauth2.credentials import Credentials

from cynthus.testing.gcp import OWNER_TOKEN, SimulatedCloud

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gcp.api import Api

BODY = {"name": "cynthus-demo-out", "location": "us-central1"}


def create(api: Api, **changes: object) -> None:
    assert api.post("storage", "b", {**BODY, **changes}, project="rehearsal").status == 200


def put(cloud: SimulatedCloud, name: str = "a", token: str = OWNER_TOKEN, data: bytes = b"x") -> int:
    url = f"{cloud.endpoint}/upload/storage/v1/b/cynthus-demo-out/o?uploadType=media&name={name}"
    return requests.post(url, data=data, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code


def fetch(cloud: SimulatedCloud, token: str = OWNER_TOKEN) -> requests.Response:
    url = f"{cloud.endpoint}/storage/v1/b/cynthus-demo-out/o/a?alt=media"
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)


def test_a_bucket_is_as_google_completes_it(api: Api) -> None:
    create(api)
    found = api.get("storage", "b/cynthus-demo-out")
    told = (found["location"], found["locationType"], found["storageClass"], found["softDeletePolicy"])
    assert told[:3] == ("US-CENTRAL1", "region", "STANDARD")
    assert told[3]["retentionDurationSeconds"] == "604800"


def test_a_name_that_is_mine_already_is_refused(api: Api) -> None:
    create(api)
    reply = api.post("storage", "b", BODY, project="rehearsal")
    assert (reply.status, "you already own it" in reply.message) == (409, True)


def test_a_name_that_is_somebody_elses_is_refused(api: Api, cloud: SimulatedCloud) -> None:
    cloud.take("cynthus-demo-out")
    reply = api.post("storage", "b", BODY, project="rehearsal")
    assert (reply.status, "is not available" in reply.message) == (409, True)
    assert api.get("storage", "b/cynthus-demo-out").status == 403


@pytest.mark.parametrize("name", ["Upper", "ab", "a" * 64, "goog-mine", "a/b", "-a-b"])
def test_a_name_that_is_none_is_refused(api: Api, name: str) -> None:
    assert api.post("storage", "b", {**BODY, "name": name}, project="rehearsal").status == 400


def test_a_field_that_nobody_knows_is_refused(api: Api) -> None:
    assert api.post("storage", "b", {**BODY, "public": True}, project="rehearsal").status == 400


def test_a_bucket_with_something_in_it_is_not_deleted(api: Api, cloud: SimulatedCloud) -> None:
    create(api)
    put(cloud)
    reply = api.delete("storage", "b/cynthus-demo-out")
    assert (reply.status, reply.message) == (409, "The bucket you tried to delete is not empty.")
    assert api.delete("storage", "b/cynthus-demo-out/o/a").status == 204
    assert api.delete("storage", "b/cynthus-demo-out").status == 204
    assert api.get("storage", "b/cynthus-demo-out").status == 404


def test_a_new_bucket_has_nothing_of_the_one_that_had_its_name(api: Api, cloud: SimulatedCloud) -> None:
    create(api)
    put(cloud)
    api.delete("storage", "b/cynthus-demo-out/o/a")
    api.delete("storage", "b/cynthus-demo-out")
    create(api)
    assert fetch(cloud).status_code == 404


def test_labels_are_merged_and_taken_away(api: Api) -> None:
    create(api, labels={"a": "1", "b": "2"})
    changed = api.ask("PATCH", "storage", "b/cynthus-demo-out", {"labels": {"a": None, "c": "3"}})
    assert (changed["labels"], changed["metageneration"]) == ({"b": "2", "c": "3"}, "2")


def test_a_label_with_capitals_is_refused(api: Api) -> None:
    assert api.post("storage", "b", {**BODY, "labels": {"a": "B"}}, project="rehearsal").status == 400


def test_a_change_of_what_changed_meanwhile_is_refused(api: Api) -> None:
    create(api)
    body = {"labels": {"a": "1"}}
    assert api.ask("PATCH", "storage", "b/cynthus-demo-out", body, ifMetagenerationMatch="7").status == 412


def test_buckets_are_listed_in_pages(api: Api) -> None:
    for letter in "cab":
        create(api, name=f"cynthus-{letter}")
    first = api.get("storage", "b", project="rehearsal", maxResults="2")
    rest = api.get("storage", "b", project="rehearsal", maxResults="2", pageToken=first["nextPageToken"])
    assert [each["name"] for each in (*first["items"], *rest["items"])] == ["cynthus-a", "cynthus-b", "cynthus-c"]
    assert "nextPageToken" not in rest.body


def test_a_policy_is_set_by_who_knows_the_last_one(api: Api) -> None:
    create(api)
    policy = api.get("storage", "b/cynthus-demo-out/iam").body
    more = {"role": "roles/storage.objectViewer", "members": ["user:anna@example.com"]}
    policy["bindings"].append(more)
    assert more in api.ask("PUT", "storage", "b/cynthus-demo-out/iam", policy)["bindings"]
    assert api.ask("PUT", "storage", "b/cynthus-demo-out/iam", policy).status == 412


def test_who_may_read_may_not_write(api: Api, cloud: SimulatedCloud) -> None:
    create(api)
    put(cloud)
    cloud.token("reader", "anna@example.com")
    assert fetch(cloud, "reader").status_code == 403
    policy = api.get("storage", "b/cynthus-demo-out/iam").body
    policy["bindings"].append({"role": "roles/storage.objectViewer", "members": ["user:anna@example.com"]})
    api.ask("PUT", "storage", "b/cynthus-demo-out/iam", policy)
    assert (fetch(cloud, "reader").status_code, put(cloud, "b", "reader")) == (200, 403)


def test_who_may_only_create_may_not_overwrite(api: Api, cloud: SimulatedCloud) -> None:
    create(api)
    cloud.token("creator", "anna@example.com", "roles/storage.objectCreator")
    assert (put(cloud, "a", "creator"), put(cloud, "a", "creator")) == (200, 403)


def test_nobody_reads_without_a_token(api: Api, cloud: SimulatedCloud) -> None:
    create(api)
    put(cloud)
    assert fetch(cloud, "none").status_code == 401


def test_a_bucket_that_is_not_there_is_not_found(api: Api) -> None:
    reply = api.get("storage", "b/none")
    assert (reply.status, reply.message) == (404, "The specified bucket does not exist.")


def test_another_project_is_unknown(api: Api) -> None:
    reply = api.post("storage", "b", BODY, project="other")
    assert (reply.status, reply.message) == (400, "Unknown project id: other")


def test_googles_library_makes_a_bucket_and_fills_it(
    api: Api, cloud: SimulatedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.endpoint)
    with Client(project="rehearsal", credentials=owner()) as client:
        bucket = client.create_bucket("cynthus-lib", location="us-central1")
        bucket.blob("a/b").upload_from_string(b"content")
        assert [blob.name for blob in client.list_blobs("cynthus-lib")] == ["a/b"]
        assert bucket.blob("a/b").download_as_bytes() == b"content"
    assert api.get("storage", "b/cynthus-lib")["projectNumber"] == "533005541"


def test_objects_and_their_metadata_are_there_after_a_restart(tmp_path: Path) -> None:
    from tests.gcp.api import Api

    for _ in range(2):
        cloud = SimulatedCloud(tmp_path / "cloud")
        with cloud.serving() as endpoint:
            api = Api(endpoint)
            if api.get("storage", "b/cynthus-demo-out").status == 404:
                create(api)
                put(cloud, data=b"kept")
                first = api.ask("PATCH", "storage", "b/cynthus-demo-out/o/a", {"metadata": {"key": "value"}}).body
            again, data = api.get("storage", "b/cynthus-demo-out/o/a").body, fetch(cloud).content
            api.close()
    assert (again, data) == (first, b"kept")


def test_bytes_of_an_object_that_is_gone_are_gone(api: Api, cloud: SimulatedCloud, tmp_path: Path) -> None:
    create(api)
    put(cloud, data=b"one")
    put(cloud, data=b"two")
    folder = tmp_path / "cloud.objects"
    assert [path.read_bytes() for path in folder.rglob("*") if path.is_file()] == [b"two"]
    api.delete("storage", "b/cynthus-demo-out/o/a")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_body_in_chunks_is_taken(api: Api, cloud: SimulatedCloud) -> None:
    create(api)
    url = f"{cloud.endpoint}/upload/storage/v1/b/cynthus-demo-out/o?uploadType=media&name=a"
    pieces = (piece for piece in (b"one ", b"two ", b"x" * 100_000))
    sent = requests.post(url, data=pieces, headers={"Authorization": f"Bearer {OWNER_TOKEN}"}, timeout=10)
    assert (sent.status_code, fetch(cloud).content) == (200, b"one two " + b"x" * 100_000)


def owner() -> Credentials:
    """What a library sends in the owner's name."""
    return Credentials(OWNER_TOKEN)


