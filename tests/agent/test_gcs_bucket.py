"""The agent's own way into a bucket of Google, against a simulated one."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import gcs_bucket
from cynthus.agent.bucket import Changed, Paused, Stopped, Unavailable
from cynthus.agent.crowd import side_by_side
from cynthus.agent.gcs_bucket import GcsBucket as Google
from cynthus.agent.gcs_line import LANES, Line
from cynthus.agent.gcs_refusal import Refused
from cynthus.agent.gcs_token import Tokens
from cynthus.agent.gcs_upload import UNIT
from cynthus.agent.ledger import sign_of
from cynthus.agent.standing import Standing
from cynthus.storage.gcs import GcsBucket
from cynthus.testing.gcs import FakeGcs
from cynthus.testing.gcs_faults import Fault, Request
from cynthus.testing.metadata import Metadata, metadata_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.ledger import Sign

KEY = "weather-abcdef/0/runs/20260102-030405-abcd/outputs/model.bin"
NAME = f"team/{KEY}"
PATIENCE = 2.0
LARGE = bytes(range(251)) * 25_000
"""More than goes in one request, and no whole number of units."""


@pytest.fixture
def fake() -> Iterator[FakeGcs]:
    with FakeGcs("ours", page=3).serving() as serving:
        yield serving


Connect = Callable[..., Google]


@pytest.fixture
def connect(fake: FakeGcs) -> Iterator[Connect]:
    """Makes buckets below `team/`."""
    with ExitStack() as stack:

        def made(*, metadata: str = "", name: str = "ours", patience: float = PATIENCE, **more: Any) -> Google:
            known = Standing(f"gs://{name}/team", storage=fake.endpoint, metadata=metadata)
            bucket = gcs_bucket.connect(known, more.pop("go_on", _always), patience=patience, **more)
            stack.callback(bucket.close)
            return bucket

        yield made


def _always() -> bool:
    return True


@pytest.fixture
def bucket(connect: Connect) -> Google:
    return connect()


def written(place: Path, data: bytes, name: str = "file") -> tuple[str, Sign]:
    file = place / name
    file.write_bytes(data)
    file.chmod(0o750)
    os.utime(file, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    return str(file), sign_of(file.stat())


def content(fake: FakeGcs, name: str = NAME) -> bytes:
    return bytes(fake.objects("ours").find(name, {}).content)


@pytest.mark.parametrize("data", [b"", b"x", LARGE[: 5 << 20], LARGE], ids=["nothing", "a byte", "units", "large"])
def test_a_file_is_there_as_it_is_here(
    bucket: Google, fake: FakeGcs, tmp_path: Path, data: bytes
) -> None:
    assert bucket.send(KEY, *written(tmp_path, data)) == hashlib.sha256(data).hexdigest()
    assert content(fake) == data


@pytest.mark.parametrize("data", [b"x", LARGE], ids=["small", "large"])
def test_the_control_side_knows_checksum_mode_and_time(
    bucket: Google, fake: FakeGcs, tmp_path: Path, data: bytes
) -> None:
    bucket.send(KEY, *written(tmp_path, data))
    with closing(GcsBucket("ours", endpoint=fake.endpoint)) as control:
        found = control.find(NAME)
    assert found is not None
    assert (found.checksum, found.mode, found.mtime_ns) == (
        hashlib.sha256(data).hexdigest(), 0o750, 1_700_000_000_123_456_789
    )  # fmt: skip


def test_a_second_version_takes_the_place_of_the_first(
    bucket: Google, fake: FakeGcs, tmp_path: Path
) -> None:
    for data in (b"one", LARGE, LARGE[:-1], b"two"):
        bucket.send(KEY, *written(tmp_path, data))
        assert content(fake) == data


@pytest.mark.parametrize("data", [b"x" * 1000, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("fault", [Fault(status=503), Fault(status=429, retry_after="1"), Fault(cut=0)])
def test_a_fault_that_passes_is_waited_for(
    bucket: Google, fake: FakeGcs, tmp_path: Path, data: bytes, fault: Fault
) -> None:
    fake.faults.plan(fault)
    bucket.send(KEY, *written(tmp_path, data))
    assert content(fake) == data


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("data", [b"x" * 1000, LARGE], ids=["small", "large"])
def test_an_answer_that_is_lost_does_no_harm(
    bucket: Google, fake: FakeGcs, tmp_path: Path, data: bytes, method: str
) -> None:
    fake.faults.plan(Fault(lost=True), method=method, times=2)
    bucket.send(KEY, *written(tmp_path, data))
    assert content(fake) == data


@pytest.mark.parametrize("cut", [1, UNIT - 1, 3 * UNIT + 5, 5 << 20])
def test_a_large_file_goes_on_where_it_was_cut(
    bucket: Google, fake: FakeGcs, tmp_path: Path, cut: int
) -> None:
    fake.faults.plan(Fault(cut=cut), method="PUT")
    bucket.send(KEY, *written(tmp_path, LARGE))
    assert content(fake) == LARGE
    # One upload alone was begun.
    assert begun(fake) == 1


def begun(fake: FakeGcs) -> int:
    """How many uploads were."""
    return sum(each.query.get("uploadType") == "resumable" and each.method == "POST" for each in fake.requests)


def test_a_large_file_goes_on_after_google_was_away_for_longer_than_we_wait(
    connect: Connect, fake: FakeGcs, tmp_path: Path
) -> None:
    file, sign = written(tmp_path, LARGE)
    bucket = connect(patience=0.3, part=4 * UNIT)
    fake.faults.plan(Fault(status=503), method="PUT", skip=3, times=9)
    with pytest.raises(Unavailable):
        bucket.send(KEY, file, sign)
    checksum = ""
    for _ in range(20):
        with suppress(Unavailable):
            checksum = bucket.send(KEY, file, sign)
            break
    assert (content(fake), checksum, begun(fake)) == (LARGE, hashlib.sha256(LARGE).hexdigest(), 1)


def test_a_large_file_gives_way_to_what_is_more_important_and_goes_on_afterwards(
    connect: Connect, fake: FakeGcs, tmp_path: Path
) -> None:
    file, sign = written(tmp_path, LARGE)
    bucket = connect(enough=_always, part=8 * UNIT)
    for times in range(3):
        with pytest.raises(Paused):
            bucket.send(KEY, file, sign)
        bucket.put("log", b"x" * times)
    bucket.send(KEY, file, sign)
    assert (content(fake), begun(fake)) == (LARGE, 1)
    told = {"cynthus-sha256": hashlib.sha256(LARGE).hexdigest(), "cynthus-mode": "750"}
    assert fake.objects("ours").find(NAME, {}).properties["metadata"] == {
        **told, "cynthus-mtime-ns": str(sign.mtime_ns)
    }  # fmt: skip


def test_a_large_file_whose_checksum_could_not_be_told_is_not_sent_again(
    connect: Connect, fake: FakeGcs, tmp_path: Path
) -> None:
    file, sign = written(tmp_path, LARGE)
    bucket = connect(patience=0.3)
    fake.faults.plan(Fault(status=503), method="PATCH", times=9)
    with pytest.raises(Unavailable):
        bucket.send(KEY, file, sign)
    for _ in range(20):
        with suppress(Unavailable):
            bucket.send(KEY, file, sign)
            break
    told = fake.objects("ours").find(NAME, {}).properties["metadata"]
    assert isinstance(told, dict)
    assert (begun(fake), told["cynthus-sha256"]) == (1, hashlib.sha256(LARGE).hexdigest())


def test_another_version_of_a_large_file_begins_anew(connect: Connect, fake: FakeGcs, tmp_path: Path) -> None:
    bucket = connect(enough=_always, part=8 * UNIT)
    with pytest.raises(Paused):
        bucket.send(KEY, *written(tmp_path, LARGE))
    file, sign = written(tmp_path, LARGE[1:])
    for _ in range(9):
        with suppress(Paused):
            bucket.send(KEY, file, sign)
            break
    assert (content(fake), begun(fake)) == (LARGE[1:], 2)


@pytest.mark.parametrize("data", [b"x" * 1000, LARGE], ids=["small", "large"])
def test_what_was_garbled_on_its_way_is_not_taken(
    bucket: Google, fake: FakeGcs, tmp_path: Path, data: bytes
) -> None:
    fake.faults.plan(Fault(garbled=True), method="POST" if len(data) < UNIT else "PUT")
    with pytest.raises(Refused):
        bucket.send(KEY, *written(tmp_path, data))
    assert len(fake.objects("ours")) == 0


@pytest.mark.parametrize("data", [b"x" * 1000, LARGE], ids=["small", "large"])
def test_a_file_that_is_another_one_by_now_is_not_sent(
    bucket: Google, fake: FakeGcs, tmp_path: Path, data: bytes
) -> None:
    file, sign = written(tmp_path, data)
    os.utime(file, ns=(1, 1))
    with pytest.raises(Changed):
        bucket.send(KEY, file, sign)
    assert len(fake.objects("ours")) == 0


def test_a_file_that_changes_while_it_is_sent_is_not_there(
    connect: Connect, fake: FakeGcs, tmp_path: Path
) -> None:
    file, sign = written(tmp_path, LARGE)
    looks = [0]

    def touch() -> bool:
        looks[0] += 1
        if looks[0] == 6:
            os.utime(file, ns=(1, 1))
        return True

    with pytest.raises(Changed):
        connect(go_on=touch).send(KEY, file, sign)
    assert len(fake.objects("ours")) == 0


def test_a_file_that_is_gone_has_changed(bucket: Google, tmp_path: Path) -> None:
    file, sign = written(tmp_path, b"x")
    (tmp_path / "file").unlink()
    with pytest.raises(Changed):
        bucket.send(KEY, file, sign)


def test_a_link_in_the_place_of_a_file_is_not_followed(bucket: Google, tmp_path: Path) -> None:
    file, sign = written(tmp_path, b"x")
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(OSError, match="link"):
        bucket.send(KEY, str(tmp_path / "link"), sign)


def test_whoever_is_not_wanted_any_more_stops_in_the_middle(
    connect: Connect, fake: FakeGcs, tmp_path: Path
) -> None:
    file, sign = written(tmp_path, LARGE)
    asked = iter([True] * 6)
    with pytest.raises(Stopped):
        connect(go_on=lambda: next(asked, False)).send(KEY, file, sign)
    assert len(fake.objects("ours")) == 0


def test_nobody_waits_for_google_once_it_is_not_wanted(connect: Connect, fake: FakeGcs, tmp_path: Path) -> None:
    fake.faults.plan(Fault(status=503, retry_after="20"), times=99)
    wanted = threading.Event()
    threading.Timer(0.3, wanted.set).start()
    begun = time.monotonic()
    with pytest.raises(Stopped):
        connect(go_on=lambda: not wanted.is_set(), patience=30.0).send(KEY, *written(tmp_path, b"x"))
    assert time.monotonic() - begun < 10


# what others have there, and what came before


def test_what_was_sent_before_we_were_killed_is_not_sent_again(
    connect: Connect, fake: FakeGcs, tmp_path: Path
) -> None:
    file, sign = written(tmp_path, LARGE)
    checksum = connect().send(KEY, file, sign)
    fake.requests.clear()
    assert connect().send(KEY, file, sign) == checksum
    assert [each.method for each in fake.requests] == ["GET"]


def test_a_request_that_comes_late_replaces_nothing_newer(
    connect: Connect, fake: FakeGcs
) -> None:
    bucket = connect()
    bucket.put("log", b"a")
    bucket.put("log", b"ab")
    last = [each for each in fake.requests if each.method == "POST"][-1]
    assert last.query["ifGenerationMatch"] not in ("", "0")


def test_another_sender_goes_on_with_what_is_put_again_and_again(connect: Connect, fake: FakeGcs) -> None:
    connect().put("log", b"a")
    bucket = connect()
    bucket.put("log", b"ab")
    bucket.put("log", b"abc")
    assert content(fake, "team/log") == b"abc"


def test_the_last_name_and_sizes_are_found_over_many_pages(bucket: Google) -> None:
    for part in range(7):
        bucket.put(f"log/{part:020d}", b"x" * part)
    assert bucket.last("log/") == f"{6:020d}"
    assert (bucket.size(f"log/{6:020d}"), bucket.size("log/none")) == (6, None)
    assert (bucket.holds_any("log/"), bucket.holds_any("lo/"), bucket.last("lo/")) == (True, False, "")


# who asks


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    with metadata_server() as server:
        server.token = "of-the-machine"
        yield server


def test_the_machine_says_who_it_is(connect: Connect, fake: FakeGcs, metadata: Metadata) -> None:
    fake.token = "of-the-machine"
    bucket = connect(metadata=metadata.address)
    for each in "abc":
        bucket.put(each, b"x")
    assert len(fake.objects("ours")) == 3
    assert len(metadata.asked) == 1


def test_a_token_that_is_not_taken_any_more_is_asked_for_anew(
    connect: Connect, fake: FakeGcs, metadata: Metadata
) -> None:
    bucket = connect(metadata=metadata.address)
    bucket.put("a", b"x")
    fake.token = metadata.token = "another"
    bucket.put("b", b"x")
    assert (len(fake.objects("ours")), len(metadata.asked)) == (2, 2)


def test_a_token_is_not_used_to_its_very_end(metadata: Metadata) -> None:
    now = [0.0]
    tokens = Tokens(metadata.address, lambda: now[0])
    asked = []
    for now[0] in (0.0, 3599 - 310, 3599 - 290):
        tokens.header()
        asked.append(len(metadata.asked))
    assert asked == [1, 1, 2]


def problem(bucket: Google) -> tuple[str, str]:
    with pytest.raises(Unavailable) as raised:
        bucket.put(KEY, b"x")
    return str(raised.value.filename), str(raised.value.strerror)


def test_a_machine_without_an_account_is_told(connect: Connect, metadata: Metadata) -> None:
    metadata.token = ""
    assert problem(connect(metadata=metadata.address)) == (
        "gs://ours", "the machine has no service account, so it is nobody to Google"
    )  # fmt: skip


def test_a_bucket_that_lets_nobody_in_names_the_role(connect: Connect, fake: FakeGcs) -> None:
    fake.closed.add("ours")
    place, said = problem(connect())
    assert place == "gs://ours"
    assert said.startswith("this machine's service account is not let in: give it the role Storage Object User "
                           "(roles/storage.objectUser) on this bucket (403): the caller does not have")  # fmt: skip


def test_a_bucket_that_is_gone_is_told(connect: Connect) -> None:
    place, said = problem(connect(name="other"))
    assert (place, said) == (
        "gs://other", "there is no such bucket (404): The specified bucket does not exist."
    )  # fmt: skip


@pytest.mark.parametrize("ask", ["size", "holds_any", "last"])
def test_looking_into_one_that_is_gone_is_told_too(connect: Connect, ask: str) -> None:
    with pytest.raises(Unavailable, match="there is no such bucket"):
        getattr(connect(name="other"), ask)("x")


def test_what_does_not_pass_is_told_after_a_while(connect: Connect, fake: FakeGcs) -> None:
    fake.faults.plan(Fault(status=503), times=999)
    assert problem(connect())[1] == "it has too much to do (503), and is tried again: as it was told to"


def test_a_wait_that_is_longer_than_our_patience_is_told_at_once(connect: Connect, fake: FakeGcs) -> None:
    fake.faults.plan(Fault(status=429, retry_after="600"), times=999)
    begun = time.monotonic()
    bucket = connect()
    assert "too much to do (429)" in problem(bucket)[1]
    assert "too much to do (429)" in problem(bucket)[1]
    assert time.monotonic() - begun < 10


def test_a_line_that_is_cut_is_told_after_a_while(tmp_path: Path) -> None:
    line = Line("http://127.0.0.1:9", "ours", Tokens(""), _always, 0.5)
    assert problem(Google(line, "", _always, UNIT))[1].startswith("Google does not answer (")


@pytest.mark.parametrize(
    ("key", "why"), [("a\nb", "line break"), ("x" * 1020, "longer than 1024"), ("\udcff", "not UTF-8")]
)  # fmt: skip
def test_a_name_that_google_does_not_take_concerns_that_file_alone(
    bucket: Google, tmp_path: Path, key: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        bucket.send(key, *written(tmp_path, b"x"))


def test_a_service_over_a_line_that_anybody_can_change_is_not_asked() -> None:
    with pytest.raises(Unavailable, match="over a line that anybody can change"):
        gcs_bucket.connect(Standing("gs://ours", storage="http://storage.example"), _always)


# many


class Counting(FakeGcs):
    """`most` is how many requests were on their way at once."""

    def __init__(self) -> None:
        super().__init__("ours", latency=0.05)
        self.most = 0
        self._now = 0
        self._counting = threading.Lock()

    def admit(self, request: Request, authorization: str) -> Fault:
        with self._counting:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return super().admit(request, authorization)
        finally:
            with self._counting:
                self._now -= 1


def test_many_small_files_are_on_their_way_at_once(tmp_path: Path) -> None:
    fake = Counting()
    with fake.serving():
        bucket = gcs_bucket.connect(Standing("gs://ours", storage=fake.endpoint), _always)
        files = {f"{n}": written(tmp_path, b"x", f"{n}") for n in range(40)}
        calls = ((name, partial(bucket.send, name, *files[name])) for name in files)
        sent = {name: result() for name, result in side_by_side(bucket.lanes, calls)}
        bucket.close()
    assert len(sent) == len(fake.objects("ours")) == 40
    assert 5 <= fake.most <= LANES


@pytest.mark.parametrize("lanes", [1, 2])
def test_what_is_done_side_by_side_tells_of_each_how_it_went(lanes: int) -> None:
    def divide(number: int) -> int:
        return 6 // number

    told = {}
    for number, result in side_by_side(lanes, ((each, partial(divide, each)) for each in (1, 0, 3))):
        try:
            told[number] = result()
        except ZeroDivisionError:
            told[number] = -1
    assert told == {1: 6, 0: -1, 3: 2}


def test_the_checksum_that_google_compares_is_that_of_the_file(
    bucket: Google, fake: FakeGcs, tmp_path: Path
) -> None:
    bucket.send(KEY, *written(tmp_path, LARGE))
    told = base64.b64encode(hashlib.md5(LARGE, usedforsecurity=False).digest()).decode()
    assert fake.objects("ours").find(NAME, {}).hashes["md5Hash"] == told
