"""Fetching from Google Cloud Storage, with its own library, which talks to one on loopback."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from cynthus import objects
from cynthus.agent import failure, gcs, gcs_failure, wanted
from cynthus.testing.gcs import FakeGcs
from cynthus.testing.gcs_faults import Fault
from cynthus.testing.metadata import Metadata, metadata_server
from cynthus.testing.web import WebServer, serving
from tests.agent.elsewhere import content, lying, said
from tests.agent.host import bare_python
from tests.state.disks import mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.wanted import Wanted
    from tests.agent.host import Host

pytestmark = pytest.mark.data
FILES = {"raw/a.csv": b"1,2\n", "raw/deep/b.bin": os.urandom(900_000), "raw/odd [1] #?.txt": b"odd", "raw/empty": b""}
SENTINEL = f"ya29.{os.urandom(12).hex()}"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGcs]:
    """Pages are so small that every list has several."""
    monkeypatch.delenv("GCE_METADATA_HOST", raising=False)
    with FakeGcs("ours", page=3).serving() as serving:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", serving.endpoint)
        serving.keep("ours", {**FILES, "rawer.csv": b"another", "raw/": b""})
        yield serving


class Wish:
    """What is asked for, and the folder where it comes."""

    def __init__(self, fake: FakeGcs, room: Path, path: str = "raw/", *patterns: str, token: str = "") -> None:
        self.room = room
        self.waited: list[float] = []
        room.mkdir(parents=True, exist_ok=True)
        self.asked: dict[str, Any] = {
            "scheme": "gs", "kind": "objects", "name": f"ours/{path}", "revision": pin(fake, path, *patterns),
            "patterns": list(patterns), "text": f"gs://ours/{path}", "folder": str(room / "content"),
            "file": str(room / "body"), "tokens": {gcs_failure.TOKEN: token} if token else {},
        }  # fmt: skip

    def come(self) -> dict[str, object]:
        return gcs.fetch(self.asked, sleep=self.waited.append)

    def refused(self) -> failure.Failure:
        with pytest.raises(failure.Failure) as caught:
            self.come()
        assert SENTINEL not in f"{caught.value.problem()}"
        return caught.value

    def content(self) -> dict[str, bytes]:
        folder = self.room / "content"
        return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def pin(fake: FakeGcs, path: str, *patterns: str) -> str:
    """As the control side makes it."""
    held, _ = fake.objects("ours").page("", "", 1_000_000)
    if not path.endswith("/"):
        return str(next(each.generation for each in held if each.name == path))
    listed = [objects.told(each.resource("ours")) for each in held if each.name.startswith(path)]
    return objects.pin_of(objects.chosen(listed, path, patterns).values())


def below(prefix: str) -> dict[str, bytes]:
    return {name.removeprefix(prefix): data for name, data in FILES.items()}


def test_a_folder_comes_as_its_files(fake: FakeGcs, tmp_path: Path) -> None:
    wish = Wish(fake, tmp_path)
    assert wish.come() == {"files": 4, "bytes": sum(map(len, FILES.values()))}
    assert wish.content() == below("raw/")


def test_only_files_that_are_wanted_come(fake: FakeGcs, tmp_path: Path) -> None:
    wish = Wish(fake, tmp_path, "raw/", "*.csv")
    wish.come()
    assert set(wish.content()) == {"a.csv"}


def test_one_object_comes_as_one_file(fake: FakeGcs, tmp_path: Path) -> None:
    wish = Wish(fake, tmp_path, "raw/deep/b.bin")
    wish.come()
    assert (wish.room / "body").read_bytes() == FILES["raw/deep/b.bin"]


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_cut_anywhere_is_gone_on_from(fake: FakeGcs, tmp_path: Path, tenth: int) -> None:
    fake.faults.plan(Fault(cut=90_000 * tenth), name="raw/deep/b.bin")
    wish = Wish(fake, tmp_path)
    wish.come()
    assert wish.content() == below("raw/")
    assert wish.waited == [0.1]


def test_what_arrived_before_a_cut_is_not_sent_again(fake: FakeGcs, tmp_path: Path) -> None:
    fake.faults.plan(Fault(cut=500_000), name="raw/deep/b.bin")
    Wish(fake, tmp_path).come()
    begun = [each.begin for each in fake.requests if each.name == "raw/deep/b.bin"]
    assert begun[0] == 0
    assert 200_000 < begun[1] <= 500_000


def test_a_cache_that_gives_all_of_it_is_no_trouble(fake: FakeGcs, tmp_path: Path) -> None:
    fake.faults.plan(Fault(cut=500_000), name="raw/deep/b.bin")
    fake.faults.plan(Fault(whole=True), name="raw/deep/b.bin")
    wish = Wish(fake, tmp_path)
    wish.come()
    assert wish.content() == below("raw/")
    assert wish.waited == [0.1]


def test_a_fetch_that_failed_is_gone_on_from_by_the_next(fake: FakeGcs, tmp_path: Path) -> None:
    fake.faults.plan(Fault(cut=500_000), name="raw/deep/b.bin")
    fake.faults.plan(Fault(status=400), name="raw/deep/b.bin")
    Wish(fake, tmp_path).refused()
    fake.requests.clear()
    wish = Wish(fake, tmp_path)
    wish.come()
    assert wish.content() == below("raw/")
    assert [each.begin > 0 for each in fake.requests if each.name == "raw/deep/b.bin"] == [True]


def test_what_lies_there_damaged_comes_again(fake: FakeGcs, tmp_path: Path) -> None:
    Wish(fake, tmp_path).come()
    (tmp_path / "content/a.csv").write_bytes(b"0000")
    wish = Wish(fake, tmp_path)
    wish.come()
    assert wish.content() == below("raw/")


@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_to_wait_is_waited_for(fake: FakeGcs, tmp_path: Path, status: int) -> None:
    fake.faults.plan(Fault(status=status, retry_after="7"), name="raw/a.csv")
    wish = Wish(fake, tmp_path)
    wish.come()
    assert wish.waited == [7.0]


def test_who_asks_to_wait_for_long_is_told(fake: FakeGcs, tmp_path: Path) -> None:
    fake.faults.plan(Fault(status=429, retry_after="3600"), name="raw/a.csv")
    problem = Wish(fake, tmp_path).refused()
    assert (problem.code, "3600 s" in problem.hint) == (failure.DOWNLOAD, True)


@pytest.mark.parametrize("name", ["", "raw/a.csv"], ids=["list", "object"])
def test_nobody_follows_an_answer_that_leads_elsewhere(fake: FakeGcs, tmp_path: Path, name: str) -> None:
    with serving(WebServer()) as elsewhere:
        fake.faults.plan(Fault(status=302, location=elsewhere.put("/x", b"another")), name=name, times=99)
        problem = Wish(fake, tmp_path, token=SENTINEL).refused()
        assert (problem.code, "leads to another address" in problem.message) == (failure.DOWNLOAD, True)
        assert elsewhere.asked == []


def test_one_that_fails_again_and_again_is_told(fake: FakeGcs, tmp_path: Path) -> None:
    fake.faults.plan(Fault(status=500), name="raw/a.csv", times=99)
    wish = Wish(fake, tmp_path)
    assert wish.refused().code == failure.DOWNLOAD
    assert len(wish.waited) == 5


def test_what_is_garbled_on_its_way_comes_again(fake: FakeGcs, tmp_path: Path) -> None:
    fake.faults.plan(Fault(garbled=True), name="raw/deep/b.bin")
    wish = Wish(fake, tmp_path)
    wish.come()
    assert wish.content() == below("raw/")


def test_what_is_garbled_each_time_is_refused(fake: FakeGcs, tmp_path: Path) -> None:
    fake.faults.plan(Fault(garbled=True), name="raw/a.csv", times=99)
    wish = Wish(fake, tmp_path)
    assert wish.refused().code == failure.CONTENT_WRONG
    assert "a.csv" not in wish.content()


@pytest.mark.parametrize("path", ["raw/", "raw/a.csv"])
def test_what_was_changed_since_it_was_pinned_is_refused(fake: FakeGcs, tmp_path: Path, path: str) -> None:
    wish = Wish(fake, tmp_path, path)
    fake.keep("ours", {"raw/a.csv": FILES["raw/a.csv"]})
    problem = wish.refused()
    assert (problem.code, "was changed" in problem.message) == (failure.CONTENT_WRONG, True)


def test_what_is_changed_while_it_is_fetched_is_refused(fake: FakeGcs, tmp_path: Path) -> None:
    wish = Wish(fake, tmp_path)
    fake.faults.plan(Fault(status=503), name="raw/a.csv")
    wish.waited = Changing(fake)
    assert wish.refused().code == failure.CONTENT_WRONG


class Changing(list[float]):
    """Somebody writes an object while we wait."""

    def __init__(self, fake: FakeGcs) -> None:
        self._fake = fake

    def append(self, _: float) -> None:
        self._fake.keep("ours", {"raw/a.csv": b"3"})


def test_more_objects_than_a_page_has_are_all_there(fake: FakeGcs, tmp_path: Path) -> None:
    fake.page = 1000
    fake.keep("ours", {f"many/{number:04}": b"" for number in range(5000)})
    wish = Wish(fake, tmp_path, "many/")
    fake.requests.clear()
    assert wish.come()["files"] == 5000
    # And one whether they are given to us.
    assert len(fake.requests) == 6


def test_a_token_that_came_is_shown(fake: FakeGcs, tmp_path: Path) -> None:
    fake.token = SENTINEL
    wish = Wish(fake, tmp_path, token=SENTINEL)
    wish.come()
    assert wish.content() == below("raw/")
    assert [each for each in tmp_path.rglob("*") if each.is_file() and SENTINEL.encode() in each.read_bytes()] == []


def test_a_token_that_ends_in_the_middle_says_so_and_a_new_one_goes_on(fake: FakeGcs, tmp_path: Path) -> None:
    fake.token = SENTINEL
    fake.faults.plan(Fault(cut=500_000), name="raw/deep/b.bin")
    fake.faults.plan(Fault(status=401), name="raw/deep/b.bin")
    problem = Wish(fake, tmp_path, token=SENTINEL).refused()
    assert (problem.code, "lasts an hour" in problem.message, "run the command again" in problem.hint) == (
        failure.TOKEN_NEEDED, True, True,
    )  # fmt: skip
    fake.token = f"{SENTINEL}-new"
    wish = Wish(fake, tmp_path, token=fake.token)
    wish.come()
    assert wish.content() == below("raw/")


def test_without_a_token_what_is_closed_is_told(fake: FakeGcs, tmp_path: Path) -> None:
    fake.token = SENTINEL
    problem = Wish(fake, tmp_path).refused()
    assert (problem.code, "gcloud auth" in problem.hint) == (failure.TOKEN_NEEDED, True)


def test_a_bucket_of_somebody_else_says_which_permission_is_missing(fake: FakeGcs, tmp_path: Path) -> None:
    wish = Wish(fake, tmp_path, token=SENTINEL)
    fake.closed.add("ours")
    problem = wish.refused()
    assert (problem.code, "storage.objects.get" in problem.hint) == (failure.TOKEN_NEEDED, True)


def test_a_bucket_that_is_gone_is_told(fake: FakeGcs, tmp_path: Path) -> None:
    wish = Wish(fake, tmp_path)
    wish.asked["name"] = "gone/raw/"
    assert wish.refused().code == failure.REFERENCE_UNKNOWN


def test_names_that_lead_out_of_the_folder_are_refused(fake: FakeGcs, tmp_path: Path) -> None:
    wish = Wish(fake, tmp_path)
    fake.keep("ours", {"raw/../../x": b"bad"})
    assert "no file can have" in wish.refused().message
    assert not (tmp_path / "x").exists()


def test_one_object_whose_name_no_file_can_have_is_refused(fake: FakeGcs, tmp_path: Path) -> None:
    name = "raw/" + "x" * 256
    fake.keep("ours", {name: b"1"})
    assert "longer name than a file can have" in Wish(fake, tmp_path, name).refused().message


def test_a_full_disk_is_told_and_with_more_room_it_goes_on(fake: FakeGcs, tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=1400k") as disk:
        (disk / "filler").write_bytes(bytes(900_000))
        wish = Wish(fake, disk / "room")
        assert wish.refused().code == failure.DISK_FULL
        (disk / "filler").unlink()
        fake.requests.clear()
        wish.come()
        assert wish.content() == below("raw/")
        assert [each.begin > 0 for each in fake.requests if each.name == "raw/deep/b.bin"] == [True]


def test_a_service_that_anybody_can_read_along_with_is_not_asked(
    fake: FakeGcs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = Wish(fake, tmp_path, token=SENTINEL)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://192.0.2.1:80")
    assert "anybody can change" in wish.refused().message


@pytest.fixture
def machine(fake: FakeGcs, host: Host) -> Iterator[Metadata]:
    """The host is a machine of Google's."""
    with metadata_server() as metadata:
        host.environment["GCE_METADATA_HOST"] = metadata.address.removeprefix("http://")
        yield metadata


def asking(fake: FakeGcs) -> Wanted:
    return wanted.parse({
        "scheme": "gs", "kind": "objects", "name": "ours/raw/", "pin": pin(fake, "raw/"), "files": [], "sha256": None,
        "unpack": False, "size": 900_007, "text": "gs://ours/raw/",
    })  # fmt: skip


def fetch(host: Host, one: Wanted, **tokens: str) -> dict[str, Any]:
    answer = host.call("fetch", "--deployment", host.home.deployment, stdin=said(one, **tokens))
    assert SENTINEL.encode() not in answer.stdout + answer.stderr
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


def test_a_machine_of_googles_is_let_in_as_itself(fake: FakeGcs, host: Host, machine: Metadata) -> None:
    machine.token = fake.token = SENTINEL
    one = asking(fake)
    fetch(host, one, **{gcs_failure.TOKEN: "another"})
    assert content(host.home, one) == below("raw/")


def test_a_token_of_the_machine_that_ends_is_renewed(fake: FakeGcs, host: Host, machine: Metadata) -> None:
    machine.token = fake.token = SENTINEL
    fake.faults.plan(Fault(status=401), name="raw/deep/b.bin")
    one = asking(fake)
    fetch(host, one)
    assert content(host.home, one) == below("raw/")
    assert len([each for each in machine.asked if each.endswith("/token")]) > 1


def test_where_the_machine_is_not_let_in_the_token_that_came_is(
    fake: FakeGcs, host: Host, machine: Metadata
) -> None:
    machine.token, fake.token = "of nobody", SENTINEL
    one = asking(fake)
    fetch(host, one, **{gcs_failure.TOKEN: SENTINEL})
    assert content(host.home, one) == below("raw/")


def test_where_the_machine_may_only_list_the_token_that_came_is_used(
    fake: FakeGcs, host: Host, machine: Metadata
) -> None:
    machine.token, fake.token, fake.listing = "of nobody", SENTINEL, True
    one = asking(fake)
    fetch(host, one, **{gcs_failure.TOKEN: SENTINEL})
    assert content(host.home, one) == below("raw/")


def test_a_machine_without_an_account_needs_a_token(fake: FakeGcs, host: Host, machine: Metadata) -> None:
    fake.token = SENTINEL
    one = asking(fake)
    assert fetch(host, one)["error"]["code"] == failure.TOKEN_NEEDED
    assert lying(host.home) == []


def test_what_the_user_of_the_host_is_for_google_is_not_used(fake: FakeGcs, host: Host) -> None:
    fake.token = SENTINEL
    host.environment[gcs_failure.TOKEN] = SENTINEL
    assert fetch(host, asking(fake))["error"]["code"] == failure.TOKEN_NEEDED


@pytest.mark.slow
def test_a_host_without_the_library_installs_it_once(fake: FakeGcs, host: Host, tmp_path: Path) -> None:
    host.python = (bare_python(tmp_path), "-I", "-S")
    one = asking(fake)
    fetch(host, one)
    assert content(host.home, one) == below("raw/")
    made = list((host.root / "user/.cache/cynthus/libraries").glob("google-cloud-storage-*/cynthus-environment.json"))
    assert len(made) == 1
