"""How a machine of Google's reads objects: as itself, and with nothing installed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

import pytest

from cynthus import objects
from cynthus.agent import failure, gcs_read, wanted
from cynthus.testing.gcs import FakeGcs
from cynthus.testing.gcs_faults import Fault
from cynthus.testing.gcs_objects import Content
from cynthus.testing.metadata import metadata_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.testing.metadata import Metadata

LARGE = os.urandom(9_000_001)
FILES = {"raw/a.csv": b"1,2\n", "raw/deep/b.bin": LARGE, "raw/odd [1] #?.txt": b"odd", "raw/empty": b""}
SENTINEL = f"ya29.{os.urandom(12).hex()}"
PIECES = 3
"""In how many requests the large one comes."""


@pytest.fixture
def fake() -> Iterator[FakeGcs]:
    """Pages are so small that every list has several. It lets in the machine alone."""
    with FakeGcs("ours", page=3).serving() as serving:
        serving.keep("ours", {**FILES, "rawer.csv": b"another", "raw/": b""})
        serving.token = SENTINEL
        yield serving


@pytest.fixture
def machine() -> Iterator[Metadata]:
    with metadata_server() as metadata:
        metadata.token = SENTINEL
        yield metadata


class Reader:
    """A machine that has pinned what lies below a path, and reads it into `room`."""

    def __init__(self, fake: FakeGcs, machine: Metadata, room: Path, path: str = "raw/", **more: Any) -> None:
        self.room = room
        self.said: list[str] = []
        self.wanted = wanted.parse({
            "scheme": "gs", "kind": "objects", "name": f"ours/{path}", "pin": pin(fake, path), "files": [],
            "sha256": None, "unpack": False, "size": None, "text": f"gs://ours/{path}", **more,
        })  # fmt: skip
        self.environment = {
            "STORAGE_EMULATOR_HOST": fake.endpoint, "GCE_METADATA_HOST": machine.address.removeprefix("http://"),
        }  # fmt: skip
        room.mkdir(exist_ok=True)

    def read(self) -> bool:
        body, content = self.room / "body", self.room / "content"
        return gcs_read.fetch(self.wanted, body, content, self.environment, self.said.append, patience=1)

    def refused(self) -> failure.Failure:
        with pytest.raises(failure.Failure) as caught:
            self.read()
        return caught.value

    def content(self) -> dict[str, bytes]:
        folder = self.room / "content"
        return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture
def reader(fake: FakeGcs, machine: Metadata, tmp_path: Path) -> Reader:
    return Reader(fake, machine, tmp_path)


def pin(fake: FakeGcs, path: str) -> str:
    """As the control side makes it."""
    held, _ = fake.objects("ours").page("", "", 1_000_000)
    if not path.endswith("/"):
        return str(next(each.generation for each in held if each.name == path))
    listed = [objects.told(each.resource("ours")) for each in held if each.name.startswith(path)]
    return objects.pin_of(objects.chosen(listed, path, ()).values())


def all_of_it() -> dict[str, bytes]:
    return {name.removeprefix("raw/"): data for name, data in FILES.items()}


def test_a_folder_comes_as_its_files(reader: Reader) -> None:
    assert (reader.read(), reader.content()) == (True, all_of_it())


def test_one_object_comes_as_one_file(fake: FakeGcs, machine: Metadata, tmp_path: Path) -> None:
    reader = Reader(fake, machine, tmp_path, "raw/deep/b.bin")
    assert reader.read()
    assert (tmp_path / "body").read_bytes() == LARGE


def test_what_could_be_executed_still_can(fake: FakeGcs, machine: Metadata, tmp_path: Path) -> None:
    content = Content()
    content.add(b"#!/bin/sh\n")
    fake.objects("ours").put("tools/run", content, {"metadata": {"cynthus-mode": "755"}}, {})
    assert Reader(fake, machine, tmp_path, "tools/").read()
    assert os.access(tmp_path / "content/run", os.X_OK)


def test_a_large_object_comes_in_pieces_and_after_a_failure_the_rest(fake: FakeGcs, reader: Reader) -> None:
    fake.faults.plan(Fault(status=400), name="raw/deep/b.bin", skip=PIECES - 1)
    assert reader.refused().code == failure.DOWNLOAD
    fake.requests.clear()
    assert (reader.read(), reader.content()) == (True, all_of_it())
    assert [each.begin > 0 for each in fake.requests if each.name == "raw/deep/b.bin"] == [True]


@pytest.mark.parametrize("fault", [
    Fault(cut=90_000), Fault(status=503), Fault(status=429, retry_after="0"), Fault(garbled=True), Fault(whole=True),
], ids=["cut", "broken", "busy", "garbled", "all of it"])
def test_what_passes_by_itself_is_no_trouble(fake: FakeGcs, reader: Reader, fault: Fault) -> None:
    fake.faults.plan(fault, name="raw/deep/b.bin", skip=1)
    assert (reader.read(), reader.content()) == (True, all_of_it())


def test_what_is_garbled_each_time_is_refused(fake: FakeGcs, reader: Reader) -> None:
    fake.faults.plan(Fault(garbled=True), name="raw/a.csv", times=99)
    assert reader.refused().code == failure.CONTENT_WRONG
    assert "a.csv" not in reader.content()


def test_what_lies_there_damaged_comes_again(reader: Reader) -> None:
    reader.read()
    (reader.room / "content/a.csv").write_bytes(b"0000")
    reader.read()
    assert reader.content() == all_of_it()


def test_what_was_changed_since_it_was_pinned_is_refused(fake: FakeGcs, reader: Reader) -> None:
    fake.keep("ours", {"raw/a.csv": b"3,4\n"})
    assert reader.refused().code == failure.CONTENT_WRONG


def test_a_bucket_that_is_gone_is_told(fake: FakeGcs, machine: Metadata, tmp_path: Path) -> None:
    problem = Reader(fake, machine, tmp_path, name="gone/raw/").refused()
    assert (problem.code, "no such bucket" in problem.message) == (failure.REFERENCE_UNKNOWN, True)


def test_a_google_that_does_not_work_is_told(fake: FakeGcs, reader: Reader) -> None:
    fake.faults.plan(Fault(status=503), times=99)
    assert reader.refused().code == failure.DOWNLOAD


def test_objects_without_an_md5_are_left_to_others(fake: FakeGcs, reader: Reader) -> None:
    held, _ = fake.objects("ours").page("raw/a.csv", "", 1)
    # As of one that was put together from others.
    del cast("dict[str, str]", held[0].hashes)["md5Hash"]
    assert (reader.read(), reader.content()) == (False, {})


def test_what_the_machine_is_not_let_in_to_is_left_to_others(fake: FakeGcs, reader: Reader) -> None:
    fake.closed.add("ours")
    assert (reader.read(), reader.content()) == (False, {})


def test_a_machine_of_somebody_else_leaves_it_to_others(reader: Reader) -> None:
    del reader.environment["GCE_METADATA_HOST"]
    assert (reader.read(), reader.content()) == (False, {})
