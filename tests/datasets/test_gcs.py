from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.core import reference
from cynthus.credentials.google import TOKEN
from cynthus.datasets.gcs import GoogleStorage
from cynthus.errors import CynthusError, DownloadFailed, ExtraMissing, ReferenceUnknown, TokenNeeded
from cynthus.testing.gcs import FakeGcs
from cynthus.testing.gcs_faults import Fault
from cynthus.testing.web import WebServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.reference import Description

SENTINEL = f"ya29.{os.urandom(12).hex()}"
KEPT = {"raw/a.csv": b"12345", "raw/deep/b.csv": b"1", "raw/c.txt": b"", "rawer.csv": b"other", "one file.zip": b"123"}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGcs]:
    """Nothing of this machine is found, and no network is asked. Pages are small."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", TOKEN, "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with FakeGcs("ours", page=2).serving() as serving:
        serving.keep("ours", KEPT)
        yield serving


def describe(fake: FakeGcs, address: str, **environment: str) -> Description:
    return GoogleStorage({"STORAGE_EMULATOR_HOST": fake.endpoint, **environment}).describe(reference.parse(address))


def refusal(fake: FakeGcs, address: str, **environment: str) -> CynthusError:
    with pytest.raises(CynthusError) as caught:
        describe(fake, address, **environment)
    assert SENTINEL not in f"{caught.value.message} {caught.value.hint} {caught.value.details}"
    return caught.value


@pytest.mark.parametrize(
    ("address", "size", "count"),
    [
        ("gs://ours/raw", 6, 3), ("gs://ours/raw/", 6, 3), ("gs://ours/raw/*.csv", 6, 2), ("gs://ours/raw/deep", 1, 1),
        ("gs://ours", 14, 5), ("gs://ours/raw/a.csv", 5, 1), ("gs://ours/one file.zip", 3, 1),
    ],
)  # fmt: skip
def test_size_and_number_of_files_are_known_before(fake: FakeGcs, address: str, size: int, count: int) -> None:
    found = describe(fake, address)
    assert (found.size, found.count, found.closed) == (size, count, False)


def test_an_object_is_pinned_by_its_generation(fake: FakeGcs) -> None:
    before = describe(fake, "gs://ours/raw/a.csv").pin
    assert describe(fake, f"gs://ours/raw/a.csv#{before}").pin == before
    fake.keep("ours", {"raw/a.csv": KEPT["raw/a.csv"]})
    assert describe(fake, "gs://ours/raw/a.csv").pin != before


def test_a_generation_that_is_not_kept_is_told(fake: FakeGcs) -> None:
    assert isinstance(refusal(fake, "gs://ours/raw/a.csv#7"), ReferenceUnknown)


@pytest.mark.parametrize(
    ("name", "changes"), [("raw/a.csv", True), ("raw/new", True), ("rawer.csv", False), ("raw/deep/", False)]
)
def test_a_folder_is_pinned_by_all_that_is_in_it(fake: FakeGcs, name: str, changes: bool) -> None:  # noqa: FBT001
    before = describe(fake, "gs://ours/raw").pin
    fake.keep("ours", {name: b"" if name.endswith("/") else b"x"})
    assert (describe(fake, "gs://ours/raw").pin != before) == changes


def test_what_is_not_wanted_is_not_in_the_pin(fake: FakeGcs) -> None:
    before = describe(fake, "gs://ours/raw/*.csv").pin
    fake.keep("ours", {"raw/c.txt": b"changed"})
    assert describe(fake, "gs://ours/raw/*.csv").pin == before


@pytest.mark.parametrize("address", ["gs://ours/nothing", "gs://ours/ra", "gs://ours/raw/*.parquet", "gs://gone/raw"])
def test_what_is_not_there_is_told(fake: FakeGcs, address: str) -> None:
    found = refusal(fake, address)
    assert (type(found), "gcloud storage ls" in found.hint) == (ReferenceUnknown, True)


def test_what_is_open_is_asked_for_without_a_token(fake: FakeGcs) -> None:
    describe(fake, "gs://ours/raw", **{TOKEN: SENTINEL})
    assert not any(each.known for each in fake.requests)


def test_what_is_closed_is_asked_for_with_one(fake: FakeGcs) -> None:
    fake.token = SENTINEL
    found = describe(fake, "gs://ours/raw", **{TOKEN: SENTINEL})
    assert (found.count, found.closed) == (3, True)


def test_what_everybody_sees_and_few_may_read_is_closed(fake: FakeGcs) -> None:
    fake.token, fake.listing = SENTINEL, True
    found = describe(fake, "gs://ours/raw/", **{TOKEN: SENTINEL})
    assert (found.count, found.closed) == (3, True)


def test_without_a_token_what_everybody_sees_and_few_may_read_is_refused_at_once(fake: FakeGcs) -> None:
    fake.token, fake.listing = SENTINEL, True
    assert isinstance(refusal(fake, "gs://ours/raw/"), TokenNeeded)


def test_without_a_token_what_is_closed_says_how_to_log_in(fake: FakeGcs) -> None:
    fake.token = SENTINEL
    found = refusal(fake, "gs://ours/raw")
    assert (type(found), TOKEN in found.hint) == (TokenNeeded, True)


def test_where_nobody_is_logged_in_what_is_closed_says_how(fake: FakeGcs) -> None:
    fake.token = SENTINEL
    with pytest.raises(TokenNeeded) as caught:
        GoogleStorage({}, endpoint=fake.endpoint).describe(reference.parse("gs://ours/raw"))
    assert "gcloud auth application-default login" in caught.value.hint


def test_without_googles_package_what_is_closed_names_the_extra(
    fake: FakeGcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.token = SENTINEL
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(ExtraMissing) as caught:
        GoogleStorage({}, endpoint=fake.endpoint).describe(reference.parse("gs://ours/raw"))
    assert "pip install 'cynthus[gcp]'" in caught.value.hint


@pytest.mark.parametrize("said", [b'{"kind": "storage#objects", "items": [{"name": "raw/a"}]}', b"[]", b"no json"])
def test_an_answer_that_makes_no_sense_is_told(said: bytes) -> None:
    with serving(WebServer()) as web:
        web.put("/storage/v1/b/ours/o", said)
        with pytest.raises(DownloadFailed):
            GoogleStorage({}, endpoint=web.address).describe(reference.parse("gs://ours/raw/"))


def test_a_token_that_is_not_taken_is_told(fake: FakeGcs) -> None:
    fake.token = "another"
    found = refusal(fake, "gs://ours/raw", **{TOKEN: SENTINEL})
    assert (type(found), "lasts an hour" in found.hint) == (TokenNeeded, True)


def test_a_bucket_of_somebody_else_says_which_permission_is_missing(fake: FakeGcs) -> None:
    fake.closed.add("ours")
    found = refusal(fake, "gs://ours/raw", **{TOKEN: SENTINEL})
    assert (type(found), "storage.objects.list and storage.objects.get" in found.hint) == (TokenNeeded, True)


def test_a_host_gets_the_token_that_is_there(fake: FakeGcs) -> None:
    assert GoogleStorage({TOKEN: SENTINEL}).tokens() == {TOKEN: SENTINEL}


def test_a_host_may_do_without(fake: FakeGcs) -> None:
    assert GoogleStorage({}).tokens() == {}


@pytest.mark.parametrize("names", [("raw/../x",), ("raw//x",), ("raw/a.csv/b",), ("raw/" + "x" * 256,), ("raw/./x",)])
def test_objects_that_cannot_be_files_are_refused(fake: FakeGcs, names: tuple[str, ...]) -> None:
    fake.keep("ours", dict.fromkeys(names, b"1"))
    found = refusal(fake, "gs://ours/raw")
    assert (type(found), "`files:`" in found.hint) == (DownloadFailed, True)


def test_one_object_that_cannot_be_a_file_is_refused(fake: FakeGcs) -> None:
    name = "raw/" + "x" * 256
    fake.keep("ours", {name: b"1"})
    found = refusal(fake, f"gs://ours/{name}")
    assert (type(found), "longer name than a file can have" in found.message) == (DownloadFailed, True)


def test_placeholders_of_folders_are_no_files(fake: FakeGcs) -> None:
    fake.keep("ours", {"raw/": b"", "raw/deep/": b""})
    assert describe(fake, "gs://ours/raw").count == 3


def test_many_objects_are_asked_for_by_the_page(fake: FakeGcs) -> None:
    fake.page = 1000
    fake.keep("ours", {f"many/{number:04}": b"1" for number in range(5000)})
    fake.requests.clear()
    assert describe(fake, "gs://ours/many/").count == 5000
    # And one whether they are given to us.
    assert len(fake.requests) == 6


def test_one_that_is_busy_for_long_is_told(fake: FakeGcs) -> None:
    fake.faults.plan(Fault(status=429, retry_after="90"), times=9)
    found = refusal(fake, "gs://ours/raw")
    assert (type(found), "in 90 s" in found.hint) == (DownloadFailed, True)


def test_what_google_refuses_is_told_in_its_words(fake: FakeGcs) -> None:
    fake.faults.plan(Fault(status=400, message="no user project provided"), times=9)
    assert "no user project provided" in refusal(fake, "gs://ours/raw/").message


def test_a_service_that_anybody_can_read_along_with_is_not_asked(fake: FakeGcs) -> None:
    found = refusal(fake, "gs://ours/raw", STORAGE_EMULATOR_HOST="http://192.0.2.1", **{TOKEN: SENTINEL})
    assert "anybody can change" in found.message
