"""What a host has saved in its bucket, asked as the host itself would be."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import BucketFailed, HostUnreachable
from cynthus.operations.arrival import Arrival
from cynthus.operations.host_agent import HostAgent
from cynthus.operations.saved_host import SavedHost
from cynthus.storage.gcs import GcsBucket
from cynthus.storage.local import LocalBucket
from cynthus.storage.memory import MemoryBucket
from cynthus.targets.connection import Claim, FileEntry, Sum
from cynthus.testing.gcs import FakeGcs
from tests.operations.host import ID, RUN

if TYPE_CHECKING:
    from pathlib import Path, PurePosixPath

    from cynthus.storage.base import Bucket

OLD = 1_600_000_000_123_456_789
PART = 1 << 20


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Saved:
    """A bucket that is a folder, as the agent writes it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.agent = HostAgent(
            SavedHost(ID, 0, "host-0", f"file://{place}", lambda: (LocalBucket(place), "team/")), ID, gone=True
        )

    def put(self, key: str, data: bytes) -> None:
        file = self.place / "team" / ID / "0" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.utime(file, ns=(OLD, OLD))

    def run(self, key: str, data: bytes) -> None:
        self.put(f"runs/{RUN.id}/{key}", data)

    def listed(self, **files: bytes) -> None:
        told = {name: [len(data), digest(data)] for name, data in files.items()}
        self.run("outputs.json", json.dumps({"schema": 1, "files": told}).encode())

    def complete(self, name: str, **files: bytes) -> None:
        told = {f"{name}/{file}": [len(data), digest(data)] for file, data in files.items()}
        self.put("checkpoints.json", json.dumps({"schema": 1, "complete": [{"name": name, "files": told}]}).encode())

    def outputs(self) -> list[str]:
        return [each.path for each in self.agent.connection.files(self.agent.outputs(RUN.id))]

    def checkpoints(self) -> list[str]:
        return [each.path for each in self.agent.connection.files(self.agent.checkpoints)]

    def log(self) -> PurePosixPath:
        return self.agent.log(RUN.id, 1)


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    return Saved(tmp_path)


def test_outputs_are_those_that_the_host_had(saved: Saved) -> None:
    saved.run("outputs/deep/a", b"abc")
    (file,) = saved.agent.connection.files(saved.agent.outputs(RUN.id))
    assert file == FileEntry("deep/a", 3, OLD, 0o644)
    assert saved.agent.connection.read(saved.agent.outputs(RUN.id) / "deep/a", offset=1, limit=1) == b"b"


def test_what_the_host_had_deleted_at_the_end_does_not_come_back(saved: Saved) -> None:
    saved.run("outputs/kept", b"k")
    saved.run("outputs/deleted", b"d")
    saved.listed(kept=b"k")
    saved.run("attempts/1/exit", b"{}")
    assert saved.outputs() == ["kept"]


def test_an_attempt_whose_machine_was_taken_back_hides_nothing_of_the_end_of_the_next(saved: Saved) -> None:
    saved.run("outputs/kept", b"k")
    saved.run("outputs/deleted", b"d")
    saved.run("attempts/1/status.json", b"{}")
    saved.listed(kept=b"k")
    saved.run("attempts/10/exit", b"{}")
    assert saved.outputs() == ["kept"]


def test_without_an_end_all_that_was_saved_is_there(saved: Saved) -> None:
    saved.run("outputs/of the first attempt", b"k")
    saved.listed(**{"of the first attempt": b"k"})
    saved.run("attempts/1/exit", b"{}")
    saved.run("outputs/of the second", b"d")
    saved.run("attempts/2/status.json", b"{}")
    assert saved.outputs() == ["of the first attempt", "of the second"]


def test_a_file_that_became_a_folder_gives_way() -> None:
    bucket = MemoryBucket()
    for name in ("x", "x/y", "z"):
        bucket.put(f"{ID}/0/runs/{RUN.id}/outputs/{name}", [b"1"])
    agent = HostAgent(SavedHost(ID, 0, "host-0", "gs://x", lambda: (bucket, "")), ID)
    assert [each.path for each in agent.connection.files(agent.outputs(RUN.id))] == ["x/y", "z"]


def test_checkpoints_are_those_that_are_complete(saved: Saved) -> None:
    saved.put("checkpoints/step-1/weights", b"w")
    saved.put("checkpoints/step-2/weights", b"half")
    saved.complete("step-1", weights=b"w")
    assert saved.checkpoints() == ["step-1/weights"]


def test_a_checkpoint_of_which_a_file_is_another_one_by_now_is_not_complete(saved: Saved) -> None:
    saved.put("checkpoints/last/weights", b"newer")
    saved.put("checkpoints/last/optimizer", b"o")
    saved.complete("last", weights=b"w", optimizer=b"o")
    assert saved.checkpoints() == []


def test_the_list_of_checkpoints_is_not_taken_for_what_they_began_with(saved: Saved) -> None:
    saved.complete("last", weights=b"w")
    assert saved.agent.connection.read(saved.agent.checkpoints_begun) is None


@pytest.mark.parametrize("begin", [0, 1, PART - 1, PART, 2 * PART + 5])
def test_a_log_in_parts_is_one(saved: Saved, begin: int) -> None:
    log = os.urandom(2 * PART + 10)
    for offset in range(0, len(log), PART):
        saved.run(f"attempts/1/log/{offset:020d}", log[offset : offset + PART])
    connection = saved.agent.connection
    assert connection.size(saved.log()) == len(log)
    assert connection.read(saved.log(), offset=begin) == log[begin:]
    assert connection.read(saved.log(), offset=begin, limit=7) == log[begin : begin + 7]
    assert connection.sums([(saved.log(), begin, 99)])[0] == Sum(
        digest(log[begin : begin + 99]), len(log[begin : begin + 99]), OLD
    )


def test_a_log_is_read_on_from_where_it_was_read(saved: Saved) -> None:
    saved.run(f"attempts/1/log/{0:020d}", bytes(range(256)))
    connection, read = saved.agent.connection, b""
    while data := connection.read(saved.log(), offset=len(read), limit=100):
        read += data
    assert read == bytes(range(256))
    assert connection.sums([(saved.log(), 0, 256)])[0] == Sum(digest(read), 256, OLD)


def test_how_a_run_stands_is_as_it_was_saved(saved: Saved) -> None:
    saved.run("attempts/1/status.json", b'{"state": "EXITED", "exit_code": 0}')
    assert saved.agent.status(RUN.id, 1) == {"state": "EXITED", "exit_code": 0}
    assert saved.agent.status(RUN.id, 2) is None


def test_a_checksum_that_the_host_has_told_is_its_word(saved: Saved) -> None:
    saved.run("outputs/a", b"abc")
    saved.listed(a=b"xyz")
    assert saved.agent.connection.sums([(saved.agent.outputs(RUN.id) / "a", 0, 3)])[0] == Sum(digest(b"xyz"), 3, OLD)


def test_many_small_files_come_together(saved: Saved) -> None:
    for number in range(40):
        saved.run(f"outputs/{number}", b"x" * number)
    asked = [(saved.agent.outputs(RUN.id) / f"{number}", 10) for number in range(41)]
    assert saved.agent.connection.read_several(asked) == (*(b"x" * min(number, 10) for number in range(40)), None)


@pytest.mark.parametrize("here", [b"", bytes(range(256)) * 1000, b"something else"], ids=["nothing", "a part", "other"])
def test_a_large_file_comes_in_pieces_and_goes_on(tmp_path: Path, here: bytes) -> None:
    data, partial = bytes(range(256)) * 4000 + b"end", tmp_path / "part"
    partial.write_bytes(here)
    with FakeGcs("ours").serving() as fake, closing(GcsBucket("ours", endpoint=fake.endpoint)) as bucket:
        fake.keep("ours", {f"{ID}/0/runs/{RUN.id}/outputs/big": data})
        agent = HostAgent(SavedHost(ID, 0, "host-0", "gs://ours", lambda: (bucket, "")), ID)
        (file,) = agent.connection.files(agent.outputs(RUN.id))
        source = agent.outputs(RUN.id) / "big"
        arrival = Arrival(agent.connection, source, file, partial, lambda _: None, piece=128_000)
        assert arrival.copy(b"", None)
        asked = sum(each.query.get("alt") == "media" for each in fake.requests)
    assert partial.read_bytes() == data
    # One request for all that comes; what is here is compared in up to two pieces.
    assert asked <= 1 + (2 if here else 0), asked


def test_there_is_something_of_a_deployment_or_not(saved: Saved) -> None:
    assert saved.agent.absent
    saved.run("outputs/a", b"abc")
    assert saved.agent.present
    assert saved.agent.connection.folders(saved.agent.home / "runs") == (RUN.id,)


def test_nothing_can_be_done_on_a_host_that_is_gone(saved: Saved) -> None:
    connection = saved.agent.connection
    for what in (
        lambda: connection.run(("true",)), lambda: connection.command((), tty=False), lambda: connection.forward(1, 2),
        lambda: connection.hold(Claim(ID, "t", {}, 1.0)),
    ):
        with pytest.raises(HostUnreachable, match=r"the machine of host-0 is gone; what it saved is in file://"):
            what()


def test_a_bucket_that_says_nothing_is_a_host_that_says_nothing() -> None:
    def fail() -> tuple[Bucket, str]:
        raise BucketFailed("gs://x does not let you in", hint="log in")

    agent = HostAgent(SavedHost(ID, 0, "host-0", "gs://x", fail), ID)
    with pytest.raises(HostUnreachable, match="host-0 is gone, and what it saved cannot be read: gs://x does not let"):
        agent.connection.files(agent.outputs(RUN.id))
