from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests as http

from cynthus.errors import BucketFailed, Overtaken
from cynthus.process import Command, run
from cynthus.storage.local import LocalBucket
from cynthus.storage.memory import MemoryBucket
from cynthus.storage.sending import send
from cynthus.testing.contracts.storage import content, keys
from cynthus.testing.gcs_faults import Fault
from tests.state.disks import mounted
from tests.storage.trees import write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cynthus.storage.base import Bucket, Stored
    from cynthus.storage.gcs import GcsBucket
    from cynthus.storage.moving import Moved
    from cynthus.testing.gcs import FakeGcs

AS_SOMEBODY = """
import os, sys
from pathlib import Path
from cynthus.errors import BucketFailed
from cynthus.storage.memory import MemoryBucket
from cynthus.storage.sending import send
from cynthus.testing.contracts.storage import keys

bucket = MemoryBucket()
if os.geteuid() == 0:
    os.setuid(654321)
try:
    send(Path(sys.argv[1]), bucket)
except BucketFailed as error:
    print(error.message, *error.details, error.hint, sep="|")
print(keys(bucket))
"""

SENDER = """
import sys
from pathlib import Path
from cynthus.storage.gcs import GcsBucket
from cynthus.storage.sending import send

send(Path(sys.argv[1]), GcsBucket("ours", endpoint=sys.argv[2]), threads=2)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return write(tmp_path / "data", a_txt="one", sub__b_txt="two", sub__deep__c_txt="three")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return tmp_path / "state" / "manifest"


ALL = ["p/a.txt", "p/sub/b.txt", "p/sub/deep/c.txt"]


# what is sent


def test_all_files_of_a_folder_become_objects(bucket: Bucket, folder: Path) -> None:
    report = send(folder, bucket, "p/")
    assert (keys(bucket), content(bucket, "p/sub/b.txt"), report.moved) == (ALL, b"two", 3)


def test_what_has_not_changed_is_not_sent_again(bucket: Bucket, folder: Path, manifest: Path) -> None:
    send(folder, bucket, "p/", manifest=manifest)
    report = send(folder, bucket, "p/", manifest=manifest)
    assert (report.moved, report.unchanged) == (0, 3)


def test_without_a_manifest_contents_are_compared(bucket: Bucket, folder: Path) -> None:
    send(folder, bucket, "p/")
    assert send(folder, bucket, "p/").moved == 0


def test_one_file_that_has_changed_is_sent(bucket: Bucket, folder: Path, manifest: Path) -> None:
    send(folder, bucket, "p/", manifest=manifest)
    write(folder, a_txt="new")
    report = send(folder, bucket, "p/", manifest=manifest)
    assert (report.moved, content(bucket, "p/a.txt")) == (1, b"new")


def test_what_was_changed_in_the_bucket_is_made_as_it_is_here(bucket: Bucket, folder: Path, manifest: Path) -> None:
    send(folder, bucket, "p/", manifest=manifest)
    bucket.put("p/a.txt", [b"six"])
    send(folder, bucket, "p/", manifest=manifest)
    assert content(bucket, "p/a.txt") == b"one"


def test_a_file_that_became_a_program_is_sent_again(bucket: Bucket, folder: Path, manifest: Path) -> None:
    send(folder, bucket, "p/", manifest=manifest)
    (folder / "a.txt").chmod(0o755)
    report = send(folder, bucket, "p/", manifest=manifest)
    found = bucket.find("p/a.txt")
    assert (report.moved, found and found.mode) == (1, 0o755)


def test_what_is_no_file_here_any_more_stays_there(bucket: Bucket, folder: Path) -> None:
    send(folder, bucket, "p/")
    (folder / "a.txt").unlink()
    send(folder, bucket, "p/")
    assert keys(bucket) == ALL


def test_a_mirror_has_no_more_than_the_folder(bucket: Bucket, folder: Path, manifest: Path) -> None:
    send(folder, bucket, "p/", manifest=manifest)
    for key in ("q/other", "p/others"):
        bucket.put(key, [b"x"])
    (folder / "a.txt").unlink()
    report = send(folder, bucket, "p/", manifest=manifest, mirror=True)
    assert (keys(bucket), report.deleted) == ([*ALL[1:], "q/other"], 2)


def test_a_damaged_manifest_only_costs_time(bucket: Bucket, folder: Path, manifest: Path) -> None:
    send(folder, bucket, "p/", manifest=manifest)
    manifest.write_bytes(manifest.read_bytes()[:-20])
    assert send(folder, bucket, "p/", manifest=manifest).moved == 0


def test_a_manifest_of_another_bucket_is_not_believed(folder: Path, manifest: Path) -> None:
    send(folder, MemoryBucket(), "p/", manifest=manifest)
    other = MemoryBucket()
    send(folder, other, "p/", manifest=manifest)
    assert keys(other) == ALL


def test_a_manifest_that_cannot_be_written_keeps_nothing_from_being_sent(folder: Path, tmp_path: Path) -> None:
    bucket = MemoryBucket()
    write(tmp_path, inthe_way="a file")
    send(folder, bucket, "p/", manifest=tmp_path / "inthe.way" / "manifest")
    assert keys(bucket) == ALL


def test_an_empty_folder_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert send(tmp_path / "empty", MemoryBucket(), "p/").moved == 0


def test_how_far_it_is_is_told(folder: Path) -> None:
    told: list[tuple[int, int, int]] = []

    def tell(moved: Moved) -> None:
        told.append((moved.files, moved.files_in_all, moved.bytes))

    send(folder, MemoryBucket(), "p/", tell=tell, threads=1)
    assert (told[0][:2], told[-1]) == ((1, 3), (3, 3, len("onetwothree")))


# names, links and other things


def test_names_with_blanks_and_accents_are_sent(bucket: Bucket, tmp_path: Path) -> None:
    names = ["a b.txt", "ü€.txt", "%41.txt", "q?#&.txt"]
    for name in names:
        (tmp_path / "odd").mkdir(exist_ok=True)
        (tmp_path / "odd" / name).write_text(name)
    send(tmp_path / "odd", bucket, "p/")
    assert keys(bucket) == sorted(f"p/{name}" for name in names)


@pytest.mark.parametrize("name", [b"two\nlines", b"caf\xe9"], ids=["a line break", "not UTF-8"])
def test_a_name_that_google_does_not_take_is_told_before_anything_is_sent(
    gcs: GcsBucket, folder: Path, name: bytes
) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("x")
    with pytest.raises(BucketFailed, match="nothing was sent") as caught:
        send(folder, gcs, "p/")
    assert "another name" in caught.value.hint
    assert keys(gcs) == []


def test_a_link_inside_the_folder_is_sent_as_what_it_leads_to(bucket: Bucket, folder: Path) -> None:
    (folder / "link.txt").symlink_to("sub/b.txt")
    send(folder, bucket, "p/")
    assert content(bucket, "p/link.txt") == b"two"


def test_links_out_of_the_folder_are_left_out_and_told(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, secret_txt="mine")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to(tmp_path)
    (folder / "nowhere").symlink_to("gone")
    (folder / "round").symlink_to("round")
    bucket = MemoryBucket()
    report = send(folder, bucket, "p/")
    assert (keys(bucket), [each.path for each in report.left_out]) == (ALL, ["nowhere", "out.txt", "round", "up"])


def test_a_pipe_is_left_out(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    report = send(folder, MemoryBucket(), "p/")
    assert [each.path for each in report.left_out] == ["pipe"]


def test_of_an_unreadable_file_is_told_and_all_others_are_sent(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", a_txt="a", b_txt="b", c_txt="c")
    for each in (*tmp_path.parents, tmp_path, folder):
        if each.stat().st_uid == os.geteuid() and "pytest" in str(each):
            each.chmod(0o755)
    (folder / "b.txt").chmod(0)
    answer = run(Command((sys.executable, "-c", AS_SOMEBODY, str(folder))))
    said, sent = answer.stdout.decode().splitlines()
    assert "1 file could not be read" in said
    assert "b.txt: permission denied" in said
    assert sent == "['a.txt', 'c.txt']"


# files that change


class _Meddling(MemoryBucket):
    """Does something when a put begins."""

    def __init__(self, meddle: object) -> None:
        super().__init__()
        self.meddle = meddle

    def put(self, key: str, data: Iterable[bytes], **options: object) -> Stored:
        if callable(self.meddle):
            self.meddle()
        return super().put(key, data, **options)  # type: ignore[arg-type]


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", a_txt="old")
    contents = iter(["newer"])
    bucket = _Meddling(lambda: [write(folder, a_txt=each) for each in contents])
    send(folder, bucket)
    assert content(bucket, "a.txt") == b"newer"


def test_a_file_that_never_rests_is_told(tmp_path: Path) -> None:
    folder, sizes = write(tmp_path / "data", a_txt="old", b_txt="b"), iter(range(100))
    bucket = _Meddling(lambda: write(folder, a_txt="x" * next(sizes)))
    with pytest.raises(BucketFailed) as caught:
        send(folder, bucket, threads=1)
    assert "a.txt: it changes all the time" in caught.value.details[0]
    assert keys(bucket) == ["b.txt"]


def test_a_file_that_goes_away_is_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", a_txt="old")
    bucket = _Meddling(lambda: (folder / "a.txt").unlink(missing_ok=True))
    report = send(folder, bucket)
    assert ([each.path for each in report.left_out], keys(bucket)) == (["a.txt"], [])


def test_two_who_send_to_the_same_place_notice(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", a_txt="ours")
    bucket = _Meddling(None)
    bucket.meddle = lambda: MemoryBucket.put(bucket, "a.txt", [b"theirs"])
    with pytest.raises(Overtaken):
        send(folder, bucket)
    assert content(bucket, "a.txt") == b"theirs"


def test_two_who_send_the_same_do_not_mind(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", a_txt="same")
    bucket = _Meddling(None)
    bucket.meddle = lambda: MemoryBucket.put(bucket, "a.txt", [b"same"])
    report = send(folder, bucket)
    assert (report.moved, report.unchanged) == (0, 1)


# faults


def test_a_full_disk_on_the_other_side_leaves_whole_objects(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for each in range(8):
        (folder / f"{each}").write_bytes(b"x" * 300_000)
    with mounted(tmp_path / "disk", "size=1m") as disk:
        with pytest.raises(BucketFailed, match="no space"):
            send(folder, LocalBucket(disk), threads=2)
        assert {each.size for each in LocalBucket(disk).list()} == {300_000}


def test_an_unchanged_folder_asks_for_one_list_and_nothing_else(
    fake: FakeGcs, gcs: GcsBucket, folder: Path, manifest: Path
) -> None:
    fake.page = 1000
    send(folder, gcs, "p/", manifest=manifest)
    fake.requests.clear()
    send(folder, gcs, "p/", manifest=manifest)
    assert [(each.method, each.lists) for each in fake.requests] == [("GET", True)]


def test_a_changed_file_is_one_request_more(fake: FakeGcs, gcs: GcsBucket, folder: Path, manifest: Path) -> None:
    fake.page = 1000
    send(folder, gcs, "p/", manifest=manifest)
    fake.requests.clear()
    write(folder, a_txt="new")
    send(folder, gcs, "p/", manifest=manifest)
    assert [each.method for each in fake.requests] == ["GET", "POST"]


def test_what_others_have_put_is_not_sent_where_it_is_the_same(fake: FakeGcs, gcs: GcsBucket, folder: Path) -> None:
    where = f"{fake.endpoint}/upload/storage/v1/b/ours/o?uploadType=media&name=p/a.txt"
    http.post(where, data=b"one", timeout=10)
    assert (gcs.find("p/a.txt"), send(folder, gcs, "p/").unchanged) == (next(gcs.list("p/a.txt")), 1)


def test_one_error_of_the_bucket_stops_all(fake: FakeGcs, gcs: GcsBucket, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for each in range(200):
        (folder / str(each)).write_text("x")
    fake.faults.plan(Fault(status=403), times=200, method="POST")
    with pytest.raises(BucketFailed, match="does not let you in"):
        send(folder, gcs, threads=4)
    assert len(fake.requests) < 30


def test_a_sending_that_was_cut_off_goes_on_with_what_is_missing(
    fake: FakeGcs, gcs: GcsBucket, folder: Path, manifest: Path
) -> None:
    fake.faults.plan(Fault(status=403), method="POST", skip=1)
    with pytest.raises(BucketFailed):
        send(folder, gcs, "p/", manifest=manifest, threads=1)
    report = send(folder, gcs, "p/", manifest=manifest)
    assert (report.moved, report.unchanged, keys(gcs)) == (2, 1, ALL)


@pytest.mark.crash
@pytest.mark.parametrize("requests", [1, 4, 9, 14, 20])
def test_who_is_killed_while_sending_leaves_whole_objects_and_the_next_goes_on(
    fake: FakeGcs, gcs: GcsBucket, tmp_path: Path, requests: int
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for each in range(16):
        (folder / f"{each:02}").write_bytes(bytes([each]) * (9 << 20 if each == 8 else 50_000))
    fake.latency = 0.02
    sender = subprocess.Popen((sys.executable, "-c", SENDER, str(folder), fake.endpoint))
    while len(fake.requests) < requests and sender.poll() is None:
        time.sleep(0.001)
    sender.kill()
    sender.wait()
    fake.latency = 0
    for found in gcs.list():
        assert content(gcs, found.key) == (folder / found.key).read_bytes()
    send(folder, gcs)
    assert keys(gcs) == sorted(each.name for each in folder.iterdir())


def test_threads_are_not_left_behind(folder: Path) -> None:
    before = threading.active_count()
    send(folder, MemoryBucket(), "p/")
    assert threading.active_count() == before
