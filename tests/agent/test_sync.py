from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import layout, sync
from cynthus.storage.gcs import GcsBucket
from cynthus.storage.local import LocalBucket
from cynthus.testing.gcs import FakeGcs
from cynthus.testing.gcs_faults import Fault
from cynthus.testing.metadata import metadata_server
from tests.agent.host import Host, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.storage.base import Bucket

WAIT = "import time\nwhile not os.path.exists('outputs/go'):\n    time.sleep(0.02)\n"
SAVES = """\
import os, pathlib
pathlib.Path("outputs/deep").mkdir()
pathlib.Path("outputs/deep/model.bin").write_bytes(bytes(range(256)) * 9000)
pathlib.Path("outputs/a b").write_text("x")
pathlib.Path("outputs/link").symlink_to("a b")
pathlib.Path("checkpoints/step-1").mkdir()
pathlib.Path("checkpoints/step-1/weights").write_text("w" * 1000)
pathlib.Path("checkpoints/step-1/optimizer").write_text("o")
print("saved", flush=True)
"""


@pytest.fixture
def place(host: Host) -> Path:
    """The folder of a bucket, into which all runs of the host are saved."""
    folder = host.root / "a bucket"
    folder.mkdir()
    host.spec(bucket=f"file://{folder}")
    return folder


both = pytest.mark.parametrize("kind", ["folder", "google"], indirect=True)
"""What is tried on a bucket of each kind; everything else on a folder alone."""


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "folder"))


@pytest.fixture
def fake(host: Host) -> Iterator[FakeGcs]:
    """A Google with a bucket into which all runs of the host are saved."""
    with FakeGcs("ours").serving() as serving:
        host.spec(bucket="gs://ours", storage=serving.endpoint)
        yield serving


@pytest.fixture
def bucket(request: pytest.FixtureRequest, kind: str) -> Iterator[Bucket]:
    """The bucket of the host's runs, as the control side reads it."""
    if kind == "folder":
        yield LocalBucket(request.getfixturevalue("place"))
        return
    with closing(GcsBucket("ours", endpoint=request.getfixturevalue("fake").endpoint)) as made:
        yield made


def files(host: Host, bucket: Bucket, below: str) -> dict[str, bytes]:
    """What the bucket has of the deployment's host below a path."""
    prefix = f"{host.home.deployment}/0/{below}"
    return {each.key.removeprefix(prefix): b"".join(bucket.get(each.key)) for each in bucket.list(prefix)}


def outputs(host: Host, bucket: Bucket) -> dict[str, bytes]:
    return files(host, bucket, f"runs/{host.run.id}/outputs/")


def log(host: Host, bucket: Bucket) -> bytes:
    return b"".join(files(host, bucket, f"runs/{host.run.id}/attempts/1/log/").values())


def documents(host: Host, bucket: Bucket, path: str) -> Any:
    return json.loads(files(host, bucket, path)[""])


def saved(host: Host) -> dict[str, Any]:
    """status.json once all is saved."""
    until(lambda: host.told()["state"] == "EXITED" and host.told()["sync"]["state"] == "saved", seconds=60)
    return host.told()


def sender(host: Host) -> int | None:
    """The process that saves: it holds the lock for longer than those who only look whether it is held."""
    first = holder(host)
    time.sleep(0.05)
    return first if first == holder(host) else None


def holder(host: Host) -> int | None:
    """By proc_locks(5)."""
    inode = f":{host.attempt.sync_lock.stat().st_ino}" if host.attempt.sync_lock.exists() else "none"
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return next((int(words[4]) for words in lines if words[1] == "FLOCK" and words[5].endswith(inode)), None)


@both
def test_all_of_a_run_is_in_the_bucket_afterwards(host: Host, bucket: Bucket) -> None:
    host.end(SAVES)
    saved(host)
    assert outputs(host, bucket) == {"deep/model.bin": bytes(range(256)) * 9000, "a b": b"x"}
    assert files(host, bucket, "checkpoints/") == {"step-1/weights": b"w" * 1000, "step-1/optimizer": b"o"}
    assert log(host, bucket) == b"saved\n"


def test_nothing_else_is_in_the_bucket(host: Host, bucket: Bucket, place: Path) -> None:
    host.end("print('x')")
    saved(host)
    run = f"{host.home.deployment}/0/runs/{host.run.id}/"
    assert [each.key for each in bucket.list()] == [
        f"{host.home.deployment}/0/began.json", f"{host.home.deployment}/0/checkpoints.json",
        f"{run}attempts/1/exit", f"{run}attempts/1/log/{0:020d}", f"{run}attempts/1/status.json", f"{run}outputs.json",
    ]  # fmt: skip
    assert list((place / ".uploads").iterdir()) == []


def test_what_is_there_is_listed_with_checksums(host: Host, bucket: Bucket) -> None:
    host.end(SAVES)
    saved(host)
    listed = documents(host, bucket, f"runs/{host.run.id}/outputs.json")["files"]
    assert listed == {
        name: [len(data), hashlib.sha256(data).hexdigest()] for name, data in outputs(host, bucket).items()
    }


@both
def test_the_bucket_tells_how_the_run_ended(host: Host, bucket: Bucket) -> None:
    host.end("raise SystemExit(3)")
    told = saved(host)
    kept = documents(host, bucket, f"runs/{host.run.id}/attempts/1/status.json")
    assert {**kept, "beat_at": 0, "disk_free_bytes": 0} == {**told, "beat_at": 0, "disk_free_bytes": 0}
    assert (kept["exit_code"], kept["sync"]["state"]) == (3, "saved")


def test_the_status_tells_how_much_is_there(host: Host, place: Path) -> None:
    host.end(SAVES)
    told = saved(host)
    assert told["sync"] == {"bucket": f"file://{place}", "state": "saved", "files_behind": 0, "problem": ""}
    assert (told["bytes_synced"], told["bytes_behind"]) == (256 * 9000 + 1 + 1001 + 6, 0)


def test_a_run_without_a_bucket_is_saved_nowhere(host: Host) -> None:
    assert host.end("print('x')")["sync"] is None
    assert not host.attempt.sync.exists()


@both
def test_what_is_stable_is_saved_while_the_run_goes_on(host: Host, bucket: Bucket) -> None:
    host.begin(SAVES + WAIT)
    until(lambda: len(outputs(host, bucket)) == 2 and log(host, bucket) == b"saved\n", seconds=30)
    until(lambda: host.told()["bytes_behind"] == 0 and host.told()["bytes_synced"] > 0)
    assert host.told()["state"] == "RUNNING"
    complete = documents(host, bucket, "checkpoints.json")["complete"]
    assert [(each["name"], sorted(each["files"])) for each in complete] == [
        ("step-1", ["step-1/optimizer", "step-1/weights"])
    ]


GROWS = """\
import os, pathlib, time
pathlib.Path("outputs/still").write_text("still")
with open("outputs/grows", "wb", buffering=0) as stream:
    while not os.path.exists("outputs/go"):
        stream.write(b"x" * 1000)
        time.sleep(0.01)
"""


def test_a_file_that_is_being_written_waits_for_the_end(host: Host, bucket: Bucket) -> None:
    host.begin(GROWS)
    until(lambda: "still" in outputs(host, bucket))
    until(lambda: host.told()["sync"]["files_behind"] == 1)
    assert "grows" not in outputs(host, bucket)
    (host.run.outputs / "go").touch()
    saved(host)
    assert outputs(host, bucket)["grows"] == (host.run.outputs / "grows").read_bytes()


def test_a_file_that_was_replaced_is_saved_anew(host: Host, bucket: Bucket) -> None:
    host.begin("import os\nopen('outputs/x', 'w').write('old')\n" + WAIT + "open('outputs/x', 'w').write('new')\n")
    until(lambda: outputs(host, bucket) == {"x": b"old"})
    (host.run.outputs / "go").touch()
    saved(host)
    assert outputs(host, bucket) == {"x": b"new", "go": b""}


def test_a_folder_in_the_place_of_a_file_keeps_both(host: Host, bucket: Bucket) -> None:
    host.begin(
        "import os\nopen('outputs/x', 'w').write('old')\n" + WAIT
        + "os.unlink('outputs/x'); os.mkdir('outputs/x'); open('outputs/x/y', 'w').write('new')\n"
    )  # fmt: skip
    until(lambda: outputs(host, bucket) == {"x": b"old"})
    (host.run.outputs / "go").touch()
    saved(host)
    found = outputs(host, bucket)
    assert found.pop("x/y") == b"new"
    assert sorted(found.values()) == [b"", b"old"]


@both
def test_a_long_log_is_saved_in_parts(host: Host, bucket: Bucket) -> None:
    host.end("print('x' * 99 + '\\n' + 'y' * 2_600_000)")
    saved(host)
    parts = files(host, bucket, f"runs/{host.run.id}/attempts/1/log/")
    assert sorted(parts) == [f"{each * layout.LOG_PART:020d}" for each in range(3)]
    assert log(host, bucket) == host.attempt.log.read_bytes()


def test_a_sender_that_is_killed_is_replaced_and_goes_on(host: Host, bucket: Bucket) -> None:
    host.begin("import os\nopen('outputs/x', 'w').write('x')\nprint('a', flush=True)\n" + WAIT + "print('b')")
    until(lambda: outputs(host, bucket) == {"x": b"x"})
    first = kept(host, "x").stat().st_ino
    pid = sender(host)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: sender(host) not in (pid, None))
    (host.run.outputs / "go").touch()
    saved(host)
    assert (outputs(host, bucket), log(host, bucket)) == ({"x": b"x", "go": b""}, b"a\nb\n")
    # It was not sent again.
    assert kept(host, "x").stat().st_ino == first


def kept(host: Host, name: str) -> Path:
    """The file of an output in the bucket."""
    return host.root / "a bucket" / host.home.deployment / "0/runs" / host.run.id / "outputs" / name


@pytest.mark.crash
def test_killed_again_and_again_it_gets_there_and_shows_nothing_half(host: Host, bucket: Bucket) -> None:
    host.begin(
        "import os\n"
        "for n in range(300):\n"
        "    with open(f'outputs/{n}', 'wb') as stream:\n"
        "        stream.write(bytes([n % 256]) * 200_000)\n" + WAIT
    )
    for _ in range(12):
        until(lambda: holder(host) is not None)
        pid = sender(host)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        found = outputs(host, bucket)
        assert all(data == bytes([int(name) % 256]) * 200_000 for name, data in found.items())
    (host.run.outputs / "go").touch()
    saved(host)
    assert len(outputs(host, bucket)) == 301


def test_a_run_that_is_told_to_end_is_saved(host: Host, bucket: Bucket) -> None:
    host.begin(SAVES + WAIT)
    host.prints("saved")
    host.ask("stop")
    assert saved(host)["reason"].startswith("cancelled")
    assert len(outputs(host, bucket)) == 2


def test_checkpoints_are_saved_once_for_all_runs(host: Host, bucket: Bucket, place: Path) -> None:
    host.end(SAVES)
    saved(host)
    weights = next(place.rglob("weights"))
    before = weights.stat().st_ino
    host.ask("start", "--attempt", "2")
    until(lambda: json.loads(host.run.attempt(2).status.read_bytes())["sync"]["state"] == "saved", seconds=60)
    assert weights.stat().st_ino == before


def test_a_bucket_that_is_not_there_is_told_before_anything_starts(host: Host) -> None:
    host.spec(bucket=f"file://{host.root}/nowhere")
    host.bring("print('x')")
    problem = host.refused("start")
    assert (problem["code"], f"{host.root}/nowhere" in problem["message"]) == ("CYN-507", True)
    assert not host.attempt.record.exists()


def test_a_bucket_among_what_is_saved_is_refused(host: Host) -> None:
    host.home.checkpoints.mkdir(parents=True)
    host.spec(bucket=f"file://{host.home.checkpoints}")
    host.bring("print('x')")
    assert "part of what is to be saved" in host.refused("start")["message"]


def test_a_bucket_that_goes_away_is_told_and_made_up_for(host: Host, bucket: Bucket, place: Path) -> None:
    host.begin("import os\nopen('outputs/x', 'w').write('x')\nprint('a', flush=True)\n" + WAIT)
    until(lambda: outputs(host, bucket) == {"x": b"x"})
    away = place.rename(place.with_name("away"))
    (host.run.outputs / "go").touch()
    until(lambda: "gone" in host.told()["sync"]["problem"])
    assert host.told()["state"] == "EXITED"
    assert not place.exists()
    away.rename(place)
    saved(host)
    assert outputs(host, bucket) == {"x": b"x", "go": b""}


def test_a_bucket_that_somebody_emptied_is_filled_by_the_next_run(host: Host, bucket: Bucket, place: Path) -> None:
    host.end(SAVES)
    saved(host)
    next(place.rglob("step-1")).rename(host.root / "elsewhere")
    host.ask("start", "--attempt", "2")
    until(lambda: json.loads(host.run.attempt(2).status.read_bytes())["sync"]["state"] == "saved", seconds=60)
    assert sorted(files(host, bucket, "checkpoints/")) == ["step-1/optimizer", "step-1/weights"]


def test_nothing_of_ours_runs_once_it_is_saved(host: Host, place: Path) -> None:
    host.end(SAVES)
    saved(host)
    until(lambda: not host.processes())
    assert place.is_dir()


def test_who_comes_when_all_is_saved_sends_nothing(host: Host, bucket: Bucket) -> None:
    host.end(SAVES)
    saved(host)
    until(lambda: not host.processes())
    before = files(host, bucket, "")
    # In a process of its own, whose end gives the lock back.
    if (other := os.fork()) == 0:
        with suppress(BaseException):
            sync.watch(host.attempt)
            os._exit(0)
        os._exit(1)
    assert (os.waitpid(other, 0)[1], files(host, bucket, "")) == (0, before)


def test_a_removal_does_not_wait_for_a_bucket_that_is_gone(host: Host, place: Path) -> None:
    host.begin(SAVES + WAIT)
    host.prints("saved")
    place.rename(place.with_name("away"))
    assert host.ask("remove")["changed"]
    until(lambda: not host.processes())
    assert not host.home.folder.exists()


@pytest.mark.engine
def test_what_a_container_wrote_is_saved(container_host: Host) -> None:
    folder = container_host.root / "bucket"
    folder.mkdir()
    container_host.end(SAVES, bucket=f"file://{folder}")
    saved(container_host)
    assert sorted(outputs(container_host, LocalBucket(folder))) == ["a b", "deep/model.bin"]
    assert log(container_host, LocalBucket(folder)) == b"saved\n"


# a bucket of Google


def test_the_status_names_the_bucket_of_google(host: Host, fake: FakeGcs) -> None:
    host.end("open('outputs/x', 'w').write('x')")
    assert saved(host)["sync"] == {"bucket": "gs://ours", "state": "saved", "files_behind": 0, "problem": ""}
    assert len(fake.objects("ours")) == 6


def test_a_machine_of_google_saves_as_itself(host: Host, fake: FakeGcs) -> None:
    with metadata_server() as metadata:
        fake.token = metadata.token = "of-the-machine"
        host.end("open('outputs/x', 'w').write('x')", metadata=metadata.address)
        saved(host)
    assert len(fake.objects("ours")) == 6
    # It is nowhere on the disk.
    files = [each for each in host.root.rglob("*") if each.is_file()]
    assert not [each for each in files if b"of-the-machine" in each.read_bytes()]


def test_a_bucket_of_google_that_lets_nobody_in_is_told_before_anything_starts(host: Host, fake: FakeGcs) -> None:
    fake.closed.add("ours")
    host.bring("print('x')")
    problem = host.refused("start")
    assert (problem["code"], "roles/storage.objectUser" in problem["message"]) == ("CYN-507", True)
    assert not host.attempt.record.exists()


def test_a_host_that_is_nobody_to_google_is_told_so(host: Host) -> None:
    host.spec(bucket="gs://ours")
    host.bring("print('x')")
    problem = host.refused("start")
    assert (problem["code"], "no machine of Google's" in problem["message"]) == ("CYN-507", True)


def test_a_google_that_does_not_work_stops_no_run(host: Host, fake: FakeGcs) -> None:
    fake.faults.plan(Fault(status=503, retry_after="60"))
    host.end("open('outputs/x', 'w').write('x')")
    saved(host)
    assert len(fake.objects("ours")) == 6


def test_a_bucket_of_google_that_closes_is_told_and_made_up_for(host: Host, fake: FakeGcs) -> None:
    host.begin("import os\nopen('outputs/x', 'w').write('x')\n" + WAIT)
    until(lambda: len(fake.objects("ours")) > 2)
    fake.closed.add("ours")
    (host.run.outputs / "go").touch()
    until(lambda: "roles/storage.objectUser" in host.told()["sync"]["problem"])
    assert host.told()["state"] == "EXITED"
    fake.closed.clear()
    saved(host)
    kept = fake.objects("ours").find(f"{host.home.deployment}/0/runs/{host.run.id}/outputs/go", {})
    assert kept.content == b""


def test_a_sender_to_google_that_is_killed_is_replaced_and_sends_nothing_twice(host: Host, fake: FakeGcs) -> None:
    host.begin("import os\nopen('outputs/x', 'w').write('x')\n" + WAIT)
    until(lambda: host.told()["sync"]["files_behind"] == 0 and host.told()["bytes_synced"] == 1)
    first = generation(host, fake, "x")
    pid = sender(host)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: sender(host) not in (pid, None))
    (host.run.outputs / "go").touch()
    saved(host)
    assert generation(host, fake, "go") > generation(host, fake, "x") == first


def generation(host: Host, fake: FakeGcs, name: str) -> int:
    """Which writing of an output is there."""
    key = f"{host.home.deployment}/0/runs/{host.run.id}/outputs/{name}"
    return fake.objects("ours").find(key, {}).generation
