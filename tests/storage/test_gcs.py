from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import RefreshError
from google.cloud.storage import Client

from cynthus.credentials.google import TOKEN, login
from cynthus.errors import BucketFailed, NotLoggedIn, Overtaken
from cynthus.storage import gcs as gcs_module
from cynthus.storage import gcs_upload
from cynthus.storage.base import ABSENT
from cynthus.storage.gcs_failure import told
from cynthus.storage.moving import crc32c
from cynthus.storage.patience import Patience
from cynthus.testing.contracts.storage import BucketContract, content, keys
from cynthus.testing.gcs_faults import Fault, Faults, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.storage.base import Bucket
    from cynthus.storage.gcs import GcsBucket
    from cynthus.testing.gcs import FakeGcs
    from tests.storage.conftest import Connect

SENTINEL = "swordfish-7c1d"


class TestGcsBucket(BucketContract):
    @pytest.fixture(autouse=True)
    def _at(self, gcs: GcsBucket) -> None:
        self.gcs = gcs

    def make(self, folder: Path) -> Bucket:
        return self.gcs


PART = 512 << 10
LARGE = bytes(range(256)) * 10_000
"""2.5 MB: more than goes in one request here."""
BIT = 64 << 10


def pieces(data: bytes) -> Iterator[bytes]:
    for begin in range(0, len(data), BIT):
        yield data[begin : begin + BIT]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large is smaller, so that the tests are quick."""
    monkeypatch.setattr(gcs_upload, "CHUNK", PART)
    monkeypatch.setattr(gcs_module, "ONE_SHOT", 1 << 20)


def unfinished(fake: FakeGcs) -> list[str]:
    """The uploads that nobody has finished or cancelled."""
    return [key for key, upload in fake.uploads.items() if upload.done is None]


# preconditions


def test_every_write_says_what_it_replaces(fake: FakeGcs, gcs: GcsBucket) -> None:
    gcs.put("a", [b"x"])
    gcs.put("a", pieces(LARGE), size=len(LARGE))
    gcs.delete("a")
    begun = [each for each in fake.requests if each.method in ("POST", "PATCH", "DELETE")]
    assert [each.method for each in begun] == ["POST", "POST", "PATCH", "DELETE"]
    assert all("ifGenerationMatch" in each.query for each in begun)


def test_a_put_that_replaces_whatever_is_there_wins_a_race(fake: FakeGcs, gcs: GcsBucket) -> None:
    gcs.put("a", [b"theirs"])
    fake.faults.plan(Fault(status=412), method="POST")
    gcs.put("a", [b"ours"])
    assert content(gcs, "a") == b"ours"


def test_a_large_put_that_is_overtaken_changes_nothing(gcs: GcsBucket) -> None:
    first = gcs.put("a", [b"old"])

    def meddling() -> Iterator[bytes]:
        yield from pieces(LARGE[:-1])
        gcs.put("a", [b"theirs"])
        yield LARGE[-1:]

    with pytest.raises(Overtaken):
        gcs.put("a", meddling(), over=first.version)
    assert content(gcs, "a") == b"theirs"


def test_an_answer_that_was_lost_is_no_race(fake: FakeGcs, gcs: GcsBucket) -> None:
    fake.faults.plan(Fault(lost=True), method="POST")
    kept = gcs.put("a", [b"x"], over=ABSENT)
    assert gcs.find("a") == kept


def test_an_answer_that_was_lost_is_not_taken_for_ours_where_others_have_written(
    fake: FakeGcs, gcs: GcsBucket
) -> None:
    gcs.put("a", [b"same"])
    with pytest.raises(Overtaken):
        gcs.put("a", [b"same"], over=ABSENT)


def test_a_deletion_of_which_the_answer_was_lost_is_one(fake: FakeGcs, gcs: GcsBucket) -> None:
    gcs.put("a", [b"x"])
    fake.faults.plan(Fault(lost=True), method="DELETE")
    assert (gcs.delete("a"), keys(gcs)) == (True, [])


class _Meddling(Faults):
    """Has somebody do something just before the first request of a kind is heard."""

    def __init__(self, method: str, meddle: Callable[[], object]) -> None:
        super().__init__()
        self._method = method
        self._meddle: Callable[[], object] | None = meddle

    def next(self, request: Request) -> Fault:
        meddle, wanted = self._meddle, request.method == self._method
        if wanted and meddle is not None:
            self._meddle = None
            meddle()
        return super().next(request)


def test_who_deletes_a_version_that_somebody_replaces_is_told(fake: FakeGcs, gcs: GcsBucket) -> None:
    kept = gcs.put("a", [b"x"])
    fake.faults = _Meddling("DELETE", lambda: put_by_others(fake, "a", b"theirs"))
    with pytest.raises(Overtaken):
        gcs.delete("a", over=kept.version)
    assert content(gcs, "a") == b"theirs"


def test_who_deletes_whatever_is_there_deletes_what_replaced_it(fake: FakeGcs, gcs: GcsBucket) -> None:
    gcs.put("a", [b"x"])
    fake.faults = _Meddling("DELETE", lambda: put_by_others(fake, "a", b"theirs"))
    assert (gcs.delete("a"), keys(gcs)) == (True, [])


def test_a_large_put_that_replaces_whatever_is_there_wins_a_race_where_it_can_be_read_again(
    fake: FakeGcs, gcs: GcsBucket
) -> None:
    fake.faults = _Meddling("PUT", lambda: put_by_others(fake, "a", b"theirs"))
    gcs.put("a", list(pieces(LARGE)), size=len(LARGE))
    assert content(gcs, "a") == LARGE


def test_an_upload_that_google_has_forgotten_begins_anew(fake: FakeGcs, gcs: GcsBucket) -> None:
    fake.faults.plan(Fault(status=410), method="PUT", skip=1)
    gcs.put("a", list(pieces(LARGE)), size=len(LARGE))
    assert content(gcs, "a") == LARGE


# objects of others


def test_of_what_others_have_put_only_the_crc32c_is_known(fake: FakeGcs, gcs: GcsBucket) -> None:
    put_by_others(fake, "a", b"x")
    found = gcs.find("a")
    assert found is not None
    assert (found.checksum, found.mode, found.crc32c) == (None, None, crc32c([b"x"]))


@pytest.mark.parametrize("metadata", [{"cynthus-sha256": "no hash"}, {"cynthus-mode": "drwx"}, {"cynthus-mode": "9"}])
def test_metadata_that_make_no_sense_are_left_alone(
    fake: FakeGcs, gcs: GcsBucket, metadata: dict[str, str]
) -> None:
    put_by_others(fake, "a", b"x")
    client = Client(project=None, credentials=AnonymousCredentials(), client_options={"api_endpoint": fake.endpoint})
    blob = client.bucket("ours").blob("a")
    blob.metadata = metadata
    blob.patch()
    assert [(each.checksum, each.mode) for each in gcs.list()] == [(None, None)]


def test_what_can_be_no_file_is_not_listed(fake: FakeGcs, gcs: GcsBucket) -> None:
    for name in ("folder/", "a//b", "a/../b", "c"):
        put_by_others(fake, name, b"")
    assert keys(gcs) == ["c"]


def put_by_others(fake: FakeGcs, name: str, data: bytes) -> None:
    where = f"{fake.endpoint}/upload/storage/v1/b/ours/o"
    answer = requests.post(where, params={"uploadType": "media", "name": name}, data=data, timeout=10)
    assert answer.status_code == 200


# large objects


@pytest.mark.parametrize("known", [len, lambda _: None], ids=["size known", "size unknown"])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_large_object_is_kept_whole_around_the_edges(
    gcs: GcsBucket, known: Callable[[bytes], int | None], more: int
) -> None:
    data = LARGE[: 4 * PART + more]
    kept = gcs.put("a", pieces(data), size=known(data))
    assert (kept.size, kept.checksum) == (len(data), hashlib.sha256(data).hexdigest())
    assert content(gcs, "a") == data


def test_a_large_object_of_known_size_takes_few_requests(fake: FakeGcs, gcs: GcsBucket) -> None:
    gcs.put("a", pieces(LARGE), size=len(LARGE), over=ABSENT, checksum=hashlib.sha256(LARGE).hexdigest())
    assert [each.method for each in fake.requests] == ["POST", "PUT", "PUT"]


@pytest.mark.parametrize("wrong", ["size", "checksum", "reading"])
def test_a_large_object_that_is_not_what_was_announced_leaves_the_one_before(
    fake: FakeGcs, gcs: GcsBucket, wrong: str
) -> None:
    gcs.put("a", [b"old"])

    def data() -> Iterator[bytes]:
        yield from pieces(LARGE)
        if wrong == "reading":
            raise OSError(5, "input/output error")

    size = len(LARGE) - (wrong == "size")
    with pytest.raises((BucketFailed, OSError)):
        gcs.put("a", data(), size=size, checksum="0" * 64 if wrong == "checksum" else None)
    assert (content(gcs, "a"), unfinished(fake)) == (b"old", [])


# what the network does


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("known", [len, lambda _: None], ids=["size known", "size unknown"])
def test_an_upload_goes_on_wherever_it_is_cut(
    fake: FakeGcs, gcs: GcsBucket, tenth: int, known: Callable[[bytes], int | None]
) -> None:
    whole = known(LARGE) or PART
    fake.faults.plan(Fault(cut=whole * tenth // 10), method="PUT", times=2)
    kept = gcs.put("a", pieces(LARGE), size=known(LARGE))
    assert kept.checksum == hashlib.sha256(LARGE).hexdigest()
    assert content(gcs, "a") == LARGE


@pytest.mark.parametrize("again", [True, False])
def test_where_more_is_lost_than_was_kept_only_what_can_be_read_again_is_sent_again(
    fake: FakeGcs, gcs: GcsBucket, monkeypatch: pytest.MonkeyPatch, again: bool  # noqa: FBT001 - one of two cases
) -> None:
    monkeypatch.setattr(gcs_upload, "WINDOW", 0)
    fake.faults.plan(Fault(cut=100_000), method="PUT")
    data = list(pieces(LARGE)) if again else pieces(LARGE)
    if again:
        gcs.put("a", data, size=len(LARGE))
    else:
        with pytest.raises(BucketFailed, match="cut"):
            gcs.put("a", data, size=len(LARGE))
    assert ("a" in keys(gcs), unfinished(fake)) == (again, [])


@pytest.mark.parametrize("tenth", range(10))
def test_a_small_upload_begins_anew_wherever_it_is_cut(fake: FakeGcs, gcs: GcsBucket, tenth: int) -> None:
    fake.faults.plan(Fault(cut=100_000 * tenth // 10), method="POST")
    gcs.put("a", [LARGE[:100_000]])
    assert content(gcs, "a") == LARGE[:100_000]


@pytest.mark.parametrize("tenth", range(10))
def test_a_download_goes_on_wherever_it_is_cut(fake: FakeGcs, gcs: GcsBucket, tenth: int) -> None:
    gcs.put("a", pieces(LARGE))
    fake.faults.plan(Fault(cut=len(LARGE) * tenth // 10), method="GET", name="a")
    assert content(gcs, "a") == LARGE


def test_a_download_that_is_cut_goes_on_with_the_same_version_or_not_at_all(fake: FakeGcs, gcs: GcsBucket) -> None:
    gcs.put("a", pieces(LARGE))
    fake.faults.plan(Fault(cut=1_000_000), method="GET", name="a")
    coming = gcs.get("a")
    next(coming)
    gcs.put("a", [b"new"])
    with pytest.raises(Overtaken):
        b"".join(coming)


def test_the_last_answer_of_an_upload_may_be_lost(fake: FakeGcs, gcs: GcsBucket) -> None:
    fake.faults.plan(Fault(lost=True), method="PUT", skip=1)
    gcs.put("a", pieces(LARGE), size=len(LARGE))
    assert content(gcs, "a") == LARGE


def test_a_list_goes_on_where_it_is_cut(fake: FakeGcs, gcs: GcsBucket) -> None:
    for each in "abcdefgh":
        gcs.put(each, [b"x"])
    fake.faults.plan(Fault(cut=100), method="GET", skip=1, times=2)
    assert keys(gcs) == list("abcdefgh")


def test_a_pause_that_the_server_asks_for_is_kept(fake: FakeGcs, gcs: GcsBucket) -> None:
    fake.faults.plan(Fault(status=429, retry_after="1"), method="POST")
    began = time.monotonic()
    gcs.put("a", [b"x"], over=ABSENT)
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_waited_for(fake: FakeGcs, gcs: GcsBucket, status: int) -> None:
    for use in (lambda: gcs.put("a", pieces(LARGE)), lambda: content(gcs, "a"), lambda: gcs.delete("a")):
        fake.faults.plan(Fault(status=status), times=2)
        use()
    assert keys(gcs) == []


def test_what_does_not_pass_is_told_when_time_is_up(fake: FakeGcs, connect: Connect) -> None:
    bucket = connect(patience=Patience(seconds=0.05, first=0.01))
    fake.faults.plan(Fault(status=429), times=1000)
    with pytest.raises(BucketFailed, match="too much to do"):
        bucket.find("a")


def test_a_service_that_is_not_there_is_told(connect: Connect) -> None:
    bucket = connect(endpoint="http://127.0.0.1:9", patience=Patience(seconds=0.05, first=0.01))
    with pytest.raises(BucketFailed, match="does not answer") as caught:
        keys(bucket)
    assert "HTTPS_PROXY" in caught.value.hint


# checksums


def test_what_is_garbled_on_its_way_here_is_told(fake: FakeGcs, gcs: GcsBucket) -> None:
    gcs.put("a", [b"x" * 100])
    fake.faults.plan(Fault(garbled=True), method="GET", name="a")
    with pytest.raises(BucketFailed, match="crc32c"):
        content(gcs, "a")


@pytest.mark.parametrize("data", [b"new" * 100, LARGE], ids=["small", "large"])
def test_what_is_garbled_on_its_way_there_leaves_the_one_before(fake: FakeGcs, gcs: GcsBucket, data: bytes) -> None:
    gcs.put("a", [b"old"])
    fake.faults.plan(Fault(garbled=True), method="PUT" if len(data) > 1000 else "POST")
    with pytest.raises(BucketFailed, match="crc32c"):
        gcs.put("a", pieces(data))
    assert content(gcs, "a") == b"old"


# who asks


@pytest.fixture
def logged_in(connect: Connect) -> GcsBucket:
    return connect(login=login({TOKEN: SENTINEL}))


def test_the_right_token_opens_the_bucket(fake: FakeGcs, logged_in: GcsBucket) -> None:
    fake.token = SENTINEL
    logged_in.put("a", pieces(LARGE))
    assert content(logged_in, "a") == LARGE


@pytest.mark.parametrize("use", [keys, lambda bucket: bucket.find("a"), lambda bucket: content(bucket, "a")])
def test_a_wrong_or_expired_token_says_which_variable_to_set_and_how(
    fake: FakeGcs, logged_in: GcsBucket, use: Callable[[GcsBucket], object]
) -> None:
    fake.token = "right"
    with pytest.raises(NotLoggedIn) as caught:
        use(logged_in)
    assert "GOOGLE_OAUTH_ACCESS_TOKEN" in caught.value.hint
    assert "gcloud auth print-access-token" in caught.value.hint
    assert SENTINEL not in str(caught.value) + caught.value.hint


def test_a_missing_token_says_so(fake: FakeGcs, gcs: GcsBucket) -> None:
    fake.token = "right"
    with pytest.raises(NotLoggedIn):
        gcs.put("a", [b"x"])


def test_a_token_that_expires_in_the_middle_leaves_nothing_half(fake: FakeGcs, logged_in: GcsBucket) -> None:
    fake.token = SENTINEL

    def data() -> Iterator[bytes]:
        yield from pieces(LARGE)
        fake.token = "the next one"

    with pytest.raises(NotLoggedIn):
        logged_in.put("a", data())
    fake.token = SENTINEL
    assert keys(logged_in) == []


def test_a_bucket_of_somebody_else_is_told(fake: FakeGcs, gcs: GcsBucket) -> None:
    fake.closed.add("ours")
    for use in (lambda: gcs.put("a", [b"x"]), lambda: keys(gcs), lambda: gcs.find("a"), lambda: content(gcs, "a")):
        with pytest.raises(BucketFailed, match="does not let you in") as caught:
            use()
        assert "roles/storage.objectUser" in caught.value.hint


def test_a_bucket_that_is_not_there_is_told(connect: Connect) -> None:
    bucket = connect("nobodys")
    for use in (
        lambda: bucket.put("a", [b"x"]), lambda: keys(bucket), lambda: bucket.find("a"),
        lambda: content(bucket, "a"), lambda: bucket.delete("a"),
    ):  # fmt: skip
        with pytest.raises(BucketFailed, match="there is no bucket gs://nobodys") as caught:
            use()
        assert "gcloud storage buckets create" in caught.value.hint


def test_of_the_bucket_itself_nothing_is_asked(fake: FakeGcs, gcs: GcsBucket) -> None:
    gcs.put("a", [b"x"])
    gcs.find("a")
    keys(gcs)
    assert [each.path for each in fake.requests if each.path.endswith("/b/ours")] == []


def test_no_error_tells_the_address_of_an_upload(fake: FakeGcs, gcs: GcsBucket) -> None:
    fake.faults.plan(Fault(status=400, message="what is wrong"), method="PUT")
    with pytest.raises(BucketFailed, match="Google answers 400: what is wrong") as caught:
        gcs.put("a", pieces(LARGE))
    assert "upload_id" not in "".join((caught.value.message, caught.value.hint, *caught.value.details))


def test_no_error_of_the_connection_tells_the_address_of_an_upload(fake: FakeGcs, connect: Connect) -> None:
    bucket = connect(patience=Patience(seconds=0.02, first=0.01))
    fake.faults.plan(Fault(lost=True), method="PUT", times=100)
    with pytest.raises(BucketFailed, match="does not answer") as caught:
        bucket.put("a", pieces(LARGE))
    assert "upload_id" not in "".join((caught.value.message, caught.value.hint, *caught.value.details))


def test_credentials_that_cannot_be_renewed_say_how_to_log_in() -> None:
    error = told(RefreshError("invalid_grant: Token has been expired or revoked."), "ours", "a", "log in like this")
    assert isinstance(error, NotLoggedIn)
    assert ("expired or revoked" in error.message, error.hint) == (True, "log in like this")


def test_a_proxy_that_the_environment_names_is_used(
    fake: FakeGcs, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", fake.endpoint)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    connect(endpoint="http://storage.example").find("a")
    assert [each.name for each in fake.requests] == ["a"]
