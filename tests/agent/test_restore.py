"""What a machine had saved comes to the next one: `Before` is the first, with the sender that every host has."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import time
from contextlib import closing
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import checkpoints, spec
from cynthus.agent.backlog import Tree
from cynthus.agent.failure import Failure
from cynthus.agent.home import Home
from cynthus.agent.ledger import Ledger
from cynthus.agent.restore import Restored, restore
from cynthus.agent.standing import Standing
from cynthus.agent.sync import Sender
from cynthus.core.progress import Unsaid
from cynthus.operations.fetch import Pair, compare, fetch
from cynthus.process import Command, ended, start
from cynthus.state.known import parse
from cynthus.storage.gcs import GcsBucket
from cynthus.storage.local import LocalBucket
from cynthus.targets.local.connection import LocalConnection
from cynthus.testing.gcs import FakeGcs
from cynthus.testing.gcs_faults import Fault
from tests.agent.host import RUN, Host, document, until
from tests.state.disks import mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.spec import Spec
    from cynthus.storage.base import Bucket

LARGE = bytes(range(256)) * 20_000
LONG_AGO = 1_600_000_000_123_456_789


class Place:
    """A bucket: how a spec names it, how its hosts write there, and how everybody else does."""

    def __init__(self, address: str, sent: str, control: Bucket, fake: FakeGcs | None = None) -> None:
        self.control = control
        self.fake = fake
        self.standing = Standing(sent, storage=fake.endpoint if fake else "")
        self.changes: dict[str, object] = {"bucket": address, "storage": fake.endpoint if fake else None}

    def key(self, path: str, rank: int = 0) -> str:
        return f"weather-abcdef/{rank}/{path}"

    def damage(self, path: str) -> None:
        """Have something else of that size there."""
        self.control.put(self.key(path), [bytes(len(b"".join(self.control.get(self.key(path)))))])


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    (tmp_path / "a bucket").mkdir()
    return Place(f"file://{tmp_path}/a bucket", f"{tmp_path}/a bucket", LocalBucket(tmp_path / "a bucket"))


@pytest.fixture
def google() -> Iterator[Place]:
    with FakeGcs("ours", page=3).serving() as fake, closing(GcsBucket("ours", endpoint=fake.endpoint)) as control:
        yield Place("gs://ours", "gs://ours", control, fake)


@pytest.fixture(params=["folder", "google"])
def place(request: pytest.FixtureRequest) -> Place:
    """A bucket of each kind."""
    found: Place = request.getfixturevalue(request.param)
    return found


class Machine:
    """One with a home of its own; `rank` is its place among those of the run."""

    def __init__(self, root: Path, place: Place, *, rank: int = 0, number: int = 1) -> None:
        self.home = Home(root, "weather-abcdef")
        self.home.folder.mkdir()
        self.app = root.with_name(f"{root.name} app")
        self.run = self.home.run(RUN)
        self.run.folder.mkdir(parents=True)
        self.rank = rank
        self.attempt: Attempt = self.run.attempt(number, rank)
        self.place = place
        self.spec: Spec = spec.parse(document(restore=True, **place.changes))

    def put(self, path: str, data: bytes = b"x", *, mode: int = 0o644) -> Path:
        """A file below the home."""
        file = self.home.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(mode)
        os.utime(file, ns=(LONG_AGO, LONG_AGO))
        return file

    def checkpoint(self, name: str, data: bytes = b"w", *, at: int = LONG_AGO) -> None:
        file = self.put(f"checkpoints/{name}", data)
        os.utime(file, ns=(at, at))

    def output(self, name: str, data: bytes = b"o", *, mode: int = 0o644) -> None:
        self.put(f"runs/{RUN}/outputs/{name}", data, mode=mode)

    def begin(self) -> None:
        """What the verb `source` does about checkpoints where nothing is restored."""
        checkpoints.begin(self.home, self.app / "checkpoints")

    def save(self, *, ended: bool = False) -> None:
        """Send all that there is; `ended`: and that it has come to its end."""
        self.attempt.folder.mkdir(parents=True, exist_ok=True)
        self.attempt.log.write_text("a line\n")
        if ended:
            self.attempt.exit.write_text("{}")
        sender = Sender(self.attempt, self.place.standing, lambda: True)
        told = sender.turn(ended=ended, quiet=True)
        told = told if ended else sender.turn(ended=ended, quiet=True)
        sender._bucket.close()
        assert (told.files_behind, told.problem) == (0, "")

    def look(self) -> None:
        """What its sender does before it sends anything; it is killed then."""
        sender = Sender(self.attempt, self.place.standing, lambda: True)
        told = sender.turn(ended=False, quiet=False)
        sender._bucket.close()
        assert told.files_behind > 0

    def restore(self, *, patience: float = 2.0) -> Restored | None:
        return restore(self.home, self.spec, self.run, self.rank, {}, patience=patience)

    def restored(self) -> Restored:
        found = self.restore()
        assert found is not None
        return found

    def files(self, below: str) -> dict[str, bytes]:
        top = self.home.folder / below
        return {str(each.relative_to(top)): each.read_bytes() for each in top.rglob("*") if each.is_file()}

    @property
    def checkpoints(self) -> dict[str, bytes]:
        return self.files("checkpoints")

    @property
    def outputs(self) -> dict[str, bytes]:
        return self.files(f"runs/{RUN}/outputs")


@pytest.fixture
def before(tmp_path: Path, place: Place) -> Machine:
    return Machine(tmp_path / "first", place)


@pytest.fixture
def after(tmp_path: Path, place: Place) -> Machine:
    return Machine(tmp_path / "second", place, number=2)


def listed(place: Place) -> list[Any]:
    found: list[Any] = json.loads(b"".join(place.control.get(place.key("checkpoints.json"))))["complete"]
    return found


def test_checkpoints_and_outputs_are_there_as_they_were(before: Machine, after: Machine) -> None:
    before.checkpoint("step-1/weights", LARGE)
    before.checkpoint("last")
    before.output("deep/a b", b"")
    before.output("metrics.csv", b"1,2\n")
    before.save()
    after.restored()
    assert (after.checkpoints, after.outputs) == (before.checkpoints, before.outputs)


def test_each_comes_with_its_time_and_permissions(before: Machine, after: Machine) -> None:
    before.output("run.sh", LARGE, mode=0o750)
    before.save()
    after.restored()
    found = (after.run.outputs / "run.sh").stat()
    assert (found.st_mtime_ns, found.st_mode & 0o777) == (LONG_AGO, 0o750)


def test_what_came_back_is_told(before: Machine, after: Machine) -> None:
    before.checkpoint("step-1/weights", b"123", at=LONG_AGO)
    before.checkpoint("step-2/weights", b"45", at=LONG_AGO + 1)
    before.output("a", b"6789")
    before.save()
    assert after.restored() == Restored(2, "step-2", 1, 3, 9, [])


def test_a_bucket_with_nothing_gives_nothing(after: Machine) -> None:
    assert after.restored() == Restored(0, None, 0, 0, 0, [])


def test_where_none_are_saved_those_at_home_are_what_it_begins_with(after: Machine) -> None:
    after.restored()
    (after.app / "checkpoints").mkdir(parents=True)
    (after.app / "checkpoints/mine").write_text("7")
    after.begin()
    assert after.checkpoints == {"mine": b"7"}


def test_what_came_from_home_gives_way_to_what_was_saved(before: Machine, after: Machine) -> None:
    before.checkpoint("last", b"newer")
    before.save()
    after.checkpoint("last", b"of home")
    after.checkpoint("other")
    after.restored()
    assert after.checkpoints == {"last": b"newer"}


def test_a_host_on_which_something_has_begun_keeps_its_own(before: Machine, after: Machine) -> None:
    before.checkpoint("last", b"newer")
    before.save()
    after.checkpoint("last", b"its own")
    after.attempt.folder.mkdir(parents=True)
    after.attempt.record.write_text("{}")
    assert (after.restore(), after.checkpoints) == (None, {"last": b"its own"})


def test_a_second_time_is_told_the_same_and_asks_nobody(before: Machine, after: Machine, place: Place) -> None:
    before.checkpoint("last")
    before.save()
    first = after.restored()
    for each in list(place.control.list("weather-abcdef/")):
        place.control.delete(each.key)
    assert (after.restored(), after.checkpoints) == (first, {"last": b"w"})


def test_each_host_of_a_run_has_its_own(tmp_path: Path, folder: Place) -> None:
    for rank in (0, 1):
        machine = Machine(tmp_path / f"first {rank}", folder, rank=rank)
        machine.checkpoint(f"of-{rank}")
        machine.save()
    after = Machine(tmp_path / "second", folder, rank=1)
    assert (after.restored().newest, after.checkpoints) == ("of-1", {"of-1": b"w"})


# what is not as it should be


def two(before: Machine) -> None:
    """Two checkpoints, of which the second is the newer one."""
    before.checkpoint("step-1/weights", b"1" * 9)
    before.checkpoint("step-2/weights", LARGE, at=LONG_AGO + 1)
    before.checkpoint("step-2/optimizer", at=LONG_AGO + 1)
    before.save()


def test_of_a_checkpoint_that_is_torn_the_one_before_it_counts(before: Machine, after: Machine, place: Place) -> None:
    two(before)
    place.control.put(place.key("checkpoints/step-2/weights"), [b"half"])
    told = after.restored()
    assert (told.newest, told.left_out) == ("step-1", ["checkpoint step-2: not all of it is in the bucket"])
    assert after.checkpoints == {"step-1/weights": b"1" * 9}


def test_so_it_does_where_somebody_has_deleted_a_file(before: Machine, after: Machine, place: Place) -> None:
    two(before)
    place.control.delete(place.key("checkpoints/step-2/optimizer"))
    assert (after.restored().newest, list(after.checkpoints)) == ("step-1", ["step-1/weights"])


def test_one_with_another_checksum_is_left_out_as_a_whole_and_said(
    before: Machine, after: Machine, place: Place
) -> None:
    two(before)
    place.damage("checkpoints/step-2/weights")
    told = after.restored()
    why = f"{place.key('checkpoints/step-2/weights')} in the bucket has another SHA-256 than was written down"
    assert (told.newest, told.files, told.left_out) == ("step-1", 1, [f"checkpoint step-2: {why}"])
    assert after.checkpoints == {"step-1/weights": b"1" * 9}


def test_a_file_that_is_replaced_counts_until_its_next_version_is_there(before: Machine, after: Machine) -> None:
    before.checkpoint("last", b"first")
    before.save()
    before.checkpoint("last", LARGE, at=LONG_AGO + 1)
    before.look()
    assert (after.restored().newest, after.checkpoints) == ("last", {"last": b"first"})


def test_one_whose_next_version_did_not_come_to_the_list_is_that_version(tmp_path: Path, google: Place) -> None:
    before, after = Machine(tmp_path / "first", google), Machine(tmp_path / "second", google, number=2)
    before.checkpoint("last", b"first")
    before.save()
    known = b"".join(google.control.get(google.key("checkpoints.json")))
    before.checkpoint("last", b"second one", at=LONG_AGO + 1)
    before.save()
    google.control.put(google.key("checkpoints.json"), [known])
    assert (after.restored().newest, after.checkpoints) == ("last", {"last": b"second one"})


def test_a_checkpoint_that_was_not_listed_is_not_whole(before: Machine, after: Machine, place: Place) -> None:
    before.checkpoint("step-1")
    before.save()
    place.control.put(place.key("checkpoints/step-2"), [b"half"])
    after.restored()
    assert list(after.checkpoints) == ["step-1"]


def test_a_list_that_makes_no_sense_is_no_reason_to_begin_anew(before: Machine, after: Machine, place: Place) -> None:
    before.checkpoint("step-1")
    before.save()
    place.control.put(place.key("checkpoints.json"), [b'{"complete": [{"name": 7}]}'])
    with pytest.raises(Failure, match="somebody has damaged what is listed there"):
        after.restore()


def test_an_output_that_its_host_has_deleted_stays_deleted_once_the_attempt_has_ended(
    before: Machine, after: Machine
) -> None:
    before.output("kept")
    before.output("deleted")
    before.save()
    (before.run.outputs / "deleted").unlink()
    before.save(ended=True)
    after.restored()
    assert after.outputs == {"kept": b"o"}


def test_without_an_end_all_outputs_come_that_are_there(before: Machine, after: Machine) -> None:
    before.output("kept")
    before.output("deleted")
    before.save()
    (before.run.outputs / "deleted").unlink()
    before.save()
    after.restored()
    assert sorted(after.outputs) == ["deleted", "kept"]


def test_an_attempt_that_had_no_end_hides_nothing_of_the_next(tmp_path: Path, place: Place) -> None:
    first, second = (Machine(tmp_path / str(number), place, number=number) for number in (1, 2))
    first.output("deleted")
    first.save()
    second.output("kept")
    second.save(ended=True)
    third = Machine(tmp_path / "3", place, number=3)
    third.restored()
    assert third.outputs == {"kept": b"o"}


def test_a_folder_in_the_place_of_a_file_is_the_later_one(tmp_path: Path, google: Place) -> None:
    before, after = Machine(tmp_path / "first", google), Machine(tmp_path / "second", google, number=2)
    before.output("x")
    before.save()
    (before.run.outputs / "x").unlink()
    before.output("x/y")
    before.save()
    after.restored()
    assert list(after.outputs) == ["x/y"]


def test_nothing_leads_out_of_its_folder(tmp_path: Path, google: Place) -> None:
    assert google.fake is not None
    google.fake.keep("ours", {google.key(f"runs/{RUN}/outputs/../../escaped"): b"x"})
    after = Machine(tmp_path / "second", google, number=2)
    assert after.restored().files == 0


# what home and the next sender know of it


def test_home_tells_by_what_the_first_machine_began_with_what_was_changed_there(
    before: Machine, after: Machine
) -> None:
    (before.app / "checkpoints").mkdir(parents=True)
    (before.app / "checkpoints/last").write_text("of home")
    before.begin()
    before.checkpoint("last", b"newer")
    before.save()
    after.restored()
    assert parse(after.home.checkpoints_begun.read_bytes()) == parse(before.home.checkpoints_begun.read_bytes())


def test_where_nobody_has_said_that_it_began_with_what_came_back(
    before: Machine, after: Machine, place: Place
) -> None:
    before.checkpoint("last", b"123")
    before.save()
    place.control.delete(place.key("began.json"))
    after.restored()
    known = parse(after.home.checkpoints_begun.read_bytes())
    assert (known.files, bool(known.began)) == ({"last": ((3, LONG_AGO),)}, True)


def pull(machine: Machine, folder: Path) -> dict[str, bytes]:
    """Bring its checkpoints home, as `pull` and `down` do; gives what lies at home then."""
    connection, source = LocalConnection(os.environ), PurePosixPath(machine.home.checkpoints)
    begun = parse(machine.home.checkpoints_begun.read_bytes())
    pair = Pair(connection, source, folder, folder.with_name("known.json"), begun)
    fetch(pair, compare(connection, source, folder), Unsaid())
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_an_older_one_that_came_home_from_the_first_machine_is_replaced(
    before: Machine, after: Machine, tmp_path: Path
) -> None:
    before.begin()
    before.checkpoint("last", b"1", at=1)
    pull(before, tmp_path / "home")
    before.checkpoint("last", b"2", at=2)
    before.save()
    after.restored()
    assert pull(after, tmp_path / "home") == {"last": b"2"}


def test_so_is_one_that_the_first_machine_began_with(before: Machine, after: Machine) -> None:
    (home := before.app / "checkpoints").mkdir(parents=True)
    (home / "last").write_bytes(b"0")
    before.begin()
    before.checkpoint("last", b"1", at=1)
    before.save()
    after.restored()
    after.checkpoint("last", b"2", at=2)
    assert pull(after, home) == {"last": b"2"}


def test_one_that_was_changed_at_home_meanwhile_stays(before: Machine, after: Machine, tmp_path: Path) -> None:
    before.begin()
    before.checkpoint("last", b"1", at=1)
    pull(before, tmp_path / "home")
    before.save()
    (tmp_path / "home/last").write_bytes(b"mine")
    after.restored()
    assert pull(after, tmp_path / "home") == {"last": b"mine", "last.from-host": b"1"}


def test_what_came_back_is_not_sent_again(before: Machine, after: Machine, place: Place) -> None:
    two(before)
    before.output("a")
    before.save()
    after.restored()
    for top, prefix, sent in (
        (after.home.checkpoints, "checkpoints/", after.home.checkpoints_sent), (after.run.outputs, "", after.run.sent)
    ):  # fmt: skip
        tree = Tree(top, prefix, Ledger(sent, place.standing.bucket))
        tree.look(quiet=True)
        assert (tree.waiting, tree.saved > 0) == ({}, True)


def test_the_next_machine_lists_the_same_checkpoints_as_complete(
    before: Machine, after: Machine, place: Place
) -> None:
    two(before)
    first = listed(place)
    after.restored()
    after.save()
    assert listed(place) == first


# what keeps it from coming


def test_a_bucket_that_lets_nobody_in_is_told(tmp_path: Path, google: Place) -> None:
    assert google.fake is not None
    google.fake.closed.add("ours")
    with pytest.raises(Failure, match="read: gs://ours: this machine's service account is not let in") as told:
        Machine(tmp_path / "second", google, number=2).restore()
    assert told.value.code == "CYN-507"


def test_a_folder_that_is_gone_is_told(tmp_path: Path, folder: Place) -> None:
    (tmp_path / "a bucket").rmdir()
    with pytest.raises(Failure, match="a bucket: the folder is gone"):
        Machine(tmp_path / "second", folder, number=2).restore()


def test_a_google_that_does_not_work_is_told_after_a_while(tmp_path: Path, google: Place) -> None:
    assert google.fake is not None
    google.fake.faults.plan(Fault(status=503), times=999)
    began = time.monotonic()
    with pytest.raises(Failure, match="it has too much to do"):
        Machine(tmp_path / "second", google, number=2).restore(patience=0.5)
    assert time.monotonic() - began < 10


FAULTS = [Fault(status=503), Fault(cut=0), Fault(cut=1000), Fault(garbled=True), Fault(whole=True), Fault(lost=True)]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_on_the_way_and_passes_does_no_harm(tmp_path: Path, google: Place, fault: Fault) -> None:
    assert google.fake is not None
    before, after = Machine(tmp_path / "first", google), Machine(tmp_path / "second", google, number=2)
    two(before)
    google.fake.faults.plan(fault, name=google.key("checkpoints/step-2/weights"), times=2)
    google.fake.faults.plan(fault, name=google.key("checkpoints/step-1/weights"))
    told = after.restored()
    if fault.garbled:
        # Twice is once too often.
        assert (told.newest, after.checkpoints) == ("step-1", {"step-1/weights": b"1" * 9})
    else:
        assert after.checkpoints == before.checkpoints


def test_after_a_failure_only_what_is_missing_comes(tmp_path: Path, google: Place) -> None:
    assert google.fake is not None
    before, after = Machine(tmp_path / "first", google), Machine(tmp_path / "second", google, number=2)
    for number in range(40):
        before.output(str(number), bytes([number]) * 9)
    before.save()
    google.fake.faults.plan(Fault(status=403), name=google.key(f"runs/{RUN}/outputs/30"))
    with pytest.raises(Failure):
        after.restore()
    assert after.outputs == {}
    google.fake.requests.clear()
    after.restored()
    asked = [each for each in google.fake.requests if each.query.get("alt") == "media" and "outputs/" in each.name]
    assert (after.outputs == before.outputs, len(asked) < 30) == (True, True)


def test_a_disk_without_room_for_it_is_told(tmp_path: Path, folder: Place) -> None:
    before = Machine(tmp_path / "first", folder)
    before.checkpoint("last", LARGE)
    before.save()
    with mounted(tmp_path / "small", "size=2m") as disk, pytest.raises(Failure, match=r"needs 5\.1 MB more") as told:
        Machine(disk / "second", folder, number=2).restore()
    assert told.value.code == "CYN-504"


def test_what_an_earlier_try_has_left_damaged_comes_anew(before: Machine, after: Machine) -> None:
    before.checkpoint("last", b"right")
    before.save()
    after.home.restoring.mkdir()
    after.put("restoring/checkpoints/last", b"wrong")
    after.put("restoring/checkpoints/older/x")
    after.restored()
    assert (after.checkpoints, after.home.restoring.exists()) == ({"last": b"right"}, False)


# by the agent's own verbs

GOES_ON = """\
import os, pathlib, time
state = pathlib.Path("checkpoints/state")
step = int(state.read_text()) if state.exists() else 0
print("from", step, flush=True)
pathlib.Path("outputs/lines").open("a").write(f"{step}\\n")
state.write_text(str(step + 1))
"""


@pytest.fixture
def saved_host(host: Host) -> Host:
    """One whose runs are saved into a folder."""
    (host.root / "a bucket").mkdir()
    host.spec(bucket=f"file://{host.root}/a bucket")
    return host


def lose(host: Host) -> None:
    """Take its machine away, once all is saved."""
    attempt = host.attempt
    until(lambda: host.told()["sync"]["state"] == "saved" and not host.processes(), seconds=60)
    assert attempt.exit.exists()
    shutil.rmtree(host.home.folder)


def test_main_goes_on_as_if_the_machine_had_been_the_same(saved_host: Host) -> None:
    saved_host.end(GOES_ON)
    lose(saved_host)
    saved_host.spec(restore=True)
    saved_host.ask("environment")
    told = saved_host.ask("source")["restored"]
    assert (told["checkpoints"], told["newest"], told["outputs"]) == (1, "state", 1)
    assert saved_host.ask("start", "--attempt", "2")["attempt"] == 2
    second = saved_host.run.attempt(2)
    until(second.exit.exists)
    assert second.log.read_text() == "from 1\n"
    assert (saved_host.run.outputs / "lines").read_text() == "0\n1\n"
    until(lambda: not saved_host.processes(), seconds=60)


def test_a_spec_that_does_not_ask_restores_nothing(saved_host: Host) -> None:
    saved_host.end(GOES_ON)
    lose(saved_host)
    saved_host.ask("environment")
    assert (saved_host.ask("source")["restored"], saved_host.run.outputs.exists()) == (None, False)


def test_a_host_that_stands_begins_another_attempt_with_the_same_source(saved_host: Host) -> None:
    saved_host.end(GOES_ON)
    saved_host.spec(restore=True)
    brought = saved_host.ask("source")
    assert (brought["changed"], brought["restored"]) == (False, None)
    saved_host.ask("start", "--attempt", "2")
    second = saved_host.run.attempt(2)
    until(second.exit.exists)
    assert second.log.read_text() == "from 1\n"
    assert saved_host.ask("status", "--attempt", "1")["attempt"] == 1


@pytest.mark.crash
def test_killed_again_and_again_it_gets_there_and_nothing_starts_before(host: Host) -> None:
    with FakeGcs("ours", latency=0.01).serving() as fake:
        host.spec(bucket="gs://ours", storage=fake.endpoint)
        host.end("for n in range(150): open(f'outputs/{n}', 'wb').write(bytes([n]) * 90_000)")
        lose(host)
        host.spec(restore=True)
        host.ask("environment")
        host.spec(restore=False)
        host.ask("source")
        host.spec(restore=True)
        refused = 0
        for tenths in range(1, 12):
            going = start(Command(host.argv("source"), env=host.environment), stdout=2, stderr=2)
            time.sleep(tenths / 10)
            os.kill(going.pid, signal.SIGKILL)
            until(partial(ended, going))
            if host.home.restoring.exists():
                refused += "in part only" in host.refused("start", "--attempt", "2")["message"]
            assert not host.run.outputs.exists() or len(list(host.run.outputs.iterdir())) == 150
        told = host.ask("source")["restored"]
    assert (told["outputs"], refused > 0) == (150, True)
    assert all((host.run.outputs / str(n)).read_bytes() == bytes([n]) * 90_000 for n in range(150))
    digests = {str(n): hashlib.sha256(bytes([n]) * 90_000).hexdigest() for n in range(150)}
    # Of a try that was killed right after it had noted them they are there twice, and the later line counts.
    lines = [json.loads(line) for line in host.run.sent.read_text().splitlines()[1:]]
    assert {line[0]: line[4] for line in lines} == digests
