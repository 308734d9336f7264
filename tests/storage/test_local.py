from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import BucketFailed
from cynthus.storage.local import LocalBucket
from cynthus.testing.contracts.storage import KEY, BucketContract, content, keys
from tests.state.disks import mounted

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.storage.base import Bucket

SLOW = """
import sys, time
from pathlib import Path
from cynthus.storage.local import LocalBucket

def pieces():
    yield b"x" * 3_000_000
    print("half", flush=True)
    time.sleep(60)

LocalBucket(Path(sys.argv[1])).put(sys.argv[2], pieces())
"""


class TestLocalBucket(BucketContract):
    def make(self, folder: Path) -> Bucket:
        return LocalBucket(folder)


@pytest.fixture
def bucket(tmp_path: Path) -> LocalBucket:
    return LocalBucket(tmp_path)


def test_an_object_is_a_plain_file(bucket: LocalBucket, tmp_path: Path) -> None:
    bucket.put("a/b", [b"x"])
    assert (tmp_path / "a/b").read_bytes() == b"x"


def test_a_writer_that_is_killed_leaves_the_object_before(bucket: LocalBucket, tmp_path: Path) -> None:
    bucket.put(KEY, [b"old"])
    writer = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path), KEY], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert (keys(bucket), content(bucket, KEY)) == ([KEY], b"old")


def test_a_folder_that_is_missing_is_told_and_not_made(tmp_path: Path) -> None:
    bucket = LocalBucket(tmp_path / "not mounted")
    for use in (lambda: bucket.put(KEY, [b"x"]), lambda: keys(bucket)):
        with pytest.raises(BucketFailed, match="not mounted"):
            use()
    assert not (tmp_path / "not mounted").exists()


def test_an_object_in_the_way_is_told(bucket: LocalBucket) -> None:
    bucket.put("a", [b"x"])
    with pytest.raises(BucketFailed, match="a/b"):
        bucket.put("a/b", [b"y"])
    assert content(bucket, "a") == b"x"


def test_a_full_disk_leaves_the_object_before_and_no_rest(tmp_path: Path) -> None:
    with mounted(tmp_path, "size=1m"):
        bucket = LocalBucket(tmp_path)
        bucket.put(KEY, [b"old"])
        with pytest.raises(BucketFailed, match="no space"):
            bucket.put(KEY, [b"x" * 100_000] * 20)
        assert (content(bucket, KEY), list((tmp_path / ".uploads").iterdir())) == (b"old", [])


def test_links_are_no_objects(bucket: LocalBucket, tmp_path: Path) -> None:
    bucket.put("a/b", [b"x"])
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "a/b")
    assert keys(bucket) == ["a/b"]


def test_who_puts_beside_who_deletes_finds_the_folder_there(bucket: LocalBucket) -> None:
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            bucket.put("deep/folder/other", [b"x"])
            bucket.delete("deep/folder/other")

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(1000):
            bucket.put("deep/folder/ours", [b"x"])
            bucket.delete("deep/folder/ours")
    finally:
        over.set()
        other.join()
    assert [each.key for each in bucket.list()] == []
