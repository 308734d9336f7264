"""The simulated Google Cloud Storage does what Google's own library expects of it."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import pytest
import requests
from google.api_core.exceptions import Forbidden, NotFound, PreconditionFailed, TooManyRequests
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from cynthus.testing.gcs_faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from google.cloud.storage import Bucket

    from cynthus.testing.gcs import FakeGcs


@pytest.fixture
def theirs(fake: FakeGcs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """The bucket as Google's library sees it, which finds the fake by its own variable."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.endpoint)
    with Client(project="any", credentials=AnonymousCredentials()) as client:
        yield client.bucket("ours")


def test_what_was_put_in_one_request_is_given(theirs: Bucket) -> None:
    theirs.blob("a").upload_from_string(b"content")
    assert theirs.blob("a").download_as_bytes() == b"content"


def test_what_was_put_in_parts_is_given(theirs: Bucket) -> None:
    data = bytes(range(256)) * 5000
    theirs.blob("a", chunk_size=256 << 10).upload_from_file(io.BytesIO(data), size=len(data))
    assert theirs.blob("a").download_as_bytes() == data


def test_a_part_of_an_object_is_given(theirs: Bucket) -> None:
    theirs.blob("a").upload_from_string(b"0123456789")
    assert theirs.blob("a").download_as_bytes(start=2, end=4) == b"234"


def test_an_object_is_given_by_its_short_address_too(fake: FakeGcs, theirs: Bucket) -> None:
    theirs.blob("a folder/b").upload_from_string(b"x")
    assert requests.get(f"{fake.endpoint}/ours/a%20folder/b", timeout=10).content == b"x"
    assert requests.get(f"{fake.endpoint}/ours/c", timeout=10).status_code == 404


def test_a_list_has_several_pages(fake: FakeGcs, theirs: Bucket) -> None:
    for name in "gfedcba":
        theirs.blob(name).upload_from_string(b"x")
    fake.requests.clear()
    assert [blob.name for blob in theirs.list_blobs()] == list("abcdefg")
    assert len(fake.requests) == 3


def test_a_generation_that_is_not_there_is_not_replaced(theirs: Bucket) -> None:
    theirs.blob("a").upload_from_string(b"x", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        theirs.blob("a").upload_from_string(b"y", if_generation_match=0)
    assert theirs.blob("a").download_as_bytes() == b"x"


def test_a_generation_that_is_not_there_is_not_deleted(theirs: Bucket) -> None:
    theirs.blob("a").upload_from_string(b"x")
    with pytest.raises(PreconditionFailed):
        theirs.blob("a").delete(if_generation_match=1)
    assert theirs.blob("a").exists()


def test_metadata_are_changed_without_a_new_generation(theirs: Bucket) -> None:
    blob = theirs.blob("a")
    blob.upload_from_string(b"x")
    before = blob.generation
    blob.metadata = {"key": "value"}
    blob.patch(if_metageneration_match=1)
    found = theirs.get_blob("a")
    assert (found.metadata, found.generation, found.metageneration) == ({"key": "value"}, before, 2)


def test_a_file_goes_there_and_comes_back(theirs: Bucket, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"x" * 100_000)
    theirs.blob("a b/ü?.bin").upload_from_filename(tmp_path / "there")
    theirs.blob("a b/ü?.bin").download_to_filename(tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"x" * 100_000


def test_an_object_that_is_not_there_is_not_found(theirs: Bucket) -> None:
    with pytest.raises(NotFound, match="No such object"):
        theirs.blob("a").download_as_bytes()


def test_a_closed_bucket_is_forbidden(fake: FakeGcs, theirs: Bucket) -> None:
    fake.closed.add("ours")
    with pytest.raises(Forbidden):
        theirs.blob("a").upload_from_string(b"x")


@pytest.mark.parametrize(("brought", "status"), [("", 401), ("Bearer other", 401), ("Bearer wanted", 200)])
def test_who_brings_no_token_is_not_known(fake: FakeGcs, brought: str, status: int) -> None:
    fake.token = "wanted"
    where = f"{fake.endpoint}/storage/v1/b/ours/o"
    assert requests.get(where, headers={"Authorization": brought}, timeout=10).status_code == status


def test_a_fault_comes_when_it_was_planned(fake: FakeGcs, theirs: Bucket) -> None:
    fake.faults.plan(Fault(status=429, retry_after="7"), method="POST", skip=1)
    theirs.blob("a").upload_from_string(b"x", retry=None)
    with pytest.raises(TooManyRequests) as caught:
        theirs.blob("b").upload_from_string(b"x", retry=None)
    assert caught.value.response.headers["Retry-After"] == "7"
    theirs.blob("b").upload_from_string(b"x", retry=None)


def test_latency_passes_before_each_answer(fake: FakeGcs, theirs: Bucket) -> None:
    fake.latency = 0.2
    began = time.monotonic()
    theirs.blob("a").exists()
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("name", ["a\nb", "x" * 1025])
def test_a_name_that_google_does_not_take_is_refused(theirs: Bucket, name: str) -> None:
    from google.api_core.exceptions import BadRequest

    with pytest.raises(BadRequest, match="Invalid object name"):
        theirs.blob(name).upload_from_string(b"x")
