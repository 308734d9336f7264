from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import BucketFailed, DiskFull, Overtaken
from cynthus.storage.fetching import fetch
from cynthus.storage.memory import MemoryBucket
from cynthus.storage.sending import send
from cynthus.testing.gcs_faults import Fault
from tests.state.disks import mounted
from tests.storage.trees import content, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.storage.base import Bucket
    from cynthus.storage.gcs import GcsBucket
    from cynthus.testing.gcs import FakeGcs

ALL = {"a.txt": "one", "sub/b.txt": "two", "sub/deep/c.txt": "three"}
SLOW = """
import sys, time
from pathlib import Path
from cynthus.storage.fetching import fetch
from cynthus.storage.memory import MemoryBucket

class Slow(MemoryBucket):
    def get(self, key, **options):
        yield b"x" * 1_000_000
        print("half", flush=True)
        time.sleep(60)

bucket = Slow()
bucket.put("p/a.txt", [b"x" * 2_000_000])
fetch(bucket, "p/", Path(sys.argv[1]))
"""


class _Meddling(MemoryBucket):
    """Does something before it gives the first piece."""

    meddle: Callable[[], object] = staticmethod(lambda: None)

    def get(self, key: str, *, offset: int = 0, version: str | None = None) -> Iterator[bytes]:
        self.meddle()
        yield from super().get(key, offset=offset, version=version)


def fill(bucket: Bucket) -> Bucket:
    for path, text in ALL.items():
        bucket.put(f"p/{path}", [text.encode()])
    bucket.put("q/other", [b"x"])
    return bucket


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return tmp_path / "state" / "manifest"


# what is brought


def test_all_objects_below_a_prefix_become_files(bucket: Bucket, folder: Path) -> None:
    report = fetch(fill(bucket), "p/", folder)
    assert (content(folder), report.moved) == (ALL, 3)


def test_what_was_sent_comes_back_as_it_was(bucket: Bucket, folder: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "source", a_txt="one", sub__run_sh="echo")
    (source / "sub/run.sh").chmod(0o750)
    (source / "big").write_bytes(bytes(range(256)) * 40_000)
    send(source, bucket, "p/")
    fetch(bucket, "p/", folder)
    assert (folder / "big").read_bytes() == (source / "big").read_bytes()
    assert (folder / "sub/run.sh").stat().st_mode & 0o777 == 0o750


def test_what_is_here_is_not_brought_again(bucket: Bucket, folder: Path, manifest: Path) -> None:
    fetch(fill(bucket), "p/", folder, manifest=manifest)
    report = fetch(bucket, "p/", folder, manifest=manifest)
    assert (report.moved, report.unchanged) == (0, 3)


def test_without_a_manifest_contents_are_compared(bucket: Bucket, folder: Path) -> None:
    fetch(fill(bucket), "p/", folder)
    assert fetch(bucket, "p/", folder).moved == 0


def test_one_object_that_has_changed_is_brought(bucket: Bucket, folder: Path, manifest: Path) -> None:
    fetch(fill(bucket), "p/", folder, manifest=manifest)
    bucket.put("p/a.txt", [b"new"])
    report = fetch(bucket, "p/", folder, manifest=manifest)
    assert (report.moved, content(folder)) == (1, {**ALL, "a.txt": "new"})


def test_what_is_gone_there_stays_here(bucket: Bucket, folder: Path, manifest: Path) -> None:
    fetch(fill(bucket), "p/", folder, manifest=manifest)
    bucket.delete("p/a.txt")
    fetch(bucket, "p/", folder, manifest=manifest)
    assert content(folder) == ALL


def test_nothing_else_is_left_in_the_folder(folder: Path) -> None:
    fetch(fill(MemoryBucket()), "p/", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "sub"]


def test_where_nothing_is_nothing_comes(bucket: Bucket, folder: Path) -> None:
    assert fetch(bucket, "p/", folder).moved == 0


def test_an_unchanged_prefix_asks_for_one_list_and_nothing_else(
    fake: FakeGcs, gcs: GcsBucket, folder: Path, manifest: Path
) -> None:
    fake.page = 1000
    fetch(fill(gcs), "p/", folder, manifest=manifest)
    fake.requests.clear()
    fetch(gcs, "p/", folder, manifest=manifest)
    assert [each.lists for each in fake.requests] == [True]


# files of somebody here


def test_a_file_that_was_changed_here_is_kept_and_the_other_comes_beside(
    bucket: Bucket, folder: Path, manifest: Path
) -> None:
    fetch(fill(bucket), "p/", folder, manifest=manifest)
    write(folder, a_txt="mine")
    bucket.put("p/a.txt", [b"theirs"])
    report = fetch(bucket, "p/", folder, manifest=manifest)
    assert content(folder) == {**ALL, "a.txt": "mine", "a.txt.from-bucket": "theirs"}
    assert report.beside == ("a.txt.from-bucket",)


def test_a_file_that_was_changed_here_alone_is_the_newer_one(bucket: Bucket, folder: Path, manifest: Path) -> None:
    fetch(fill(bucket), "p/", folder, manifest=manifest)
    write(folder, a_txt="mine")
    report = fetch(bucket, "p/", folder, manifest=manifest)
    assert (content(folder), report.beside) == ({**ALL, "a.txt": "mine"}, ())


def test_a_file_that_was_deleted_here_comes_again(bucket: Bucket, folder: Path, manifest: Path) -> None:
    fetch(fill(bucket), "p/", folder, manifest=manifest)
    (folder / "a.txt").unlink()
    fetch(bucket, "p/", folder, manifest=manifest)
    assert content(folder) == ALL


def test_a_file_that_was_here_before_is_kept(bucket: Bucket, folder: Path) -> None:
    write(folder, a_txt="mine")
    fetch(fill(bucket), "p/", folder)
    assert content(folder) == {**ALL, "a.txt": "mine", "a.txt.from-bucket": "one"}


def test_what_lies_beside_already_is_not_brought_again(folder: Path) -> None:
    write(folder, a_txt="mine")
    bucket = fill(MemoryBucket())
    fetch(bucket, "p/", folder)
    report = fetch(bucket, "p/", folder)
    assert (report.moved, report.beside) == (0, ("a.txt.from-bucket",))


def test_what_lies_beside_is_not_replaced_either(folder: Path) -> None:
    write(folder, a_txt="mine")
    write(folder, **{"a_txt_from-bucket": "mine, too"})
    fetch(fill(MemoryBucket()), "p/", folder)
    assert (folder / "a.txt.from-bucket").read_text() == "mine, too"
    assert (folder / "a.txt.from-bucket-2").read_text() == "one"


def test_a_file_that_is_written_here_meanwhile_is_kept(folder: Path) -> None:
    bucket = _Meddling()
    bucket.put("p/a.txt", [b"theirs"])
    bucket.meddle = lambda: write(folder, a_txt="mine")
    with pytest.raises(BucketFailed) as caught:
        fetch(bucket, "p/", folder)
    assert (content(folder), caught.value.details) == ({"a.txt": "mine"}, ("a.txt: it was changed here meanwhile",))


def test_a_file_that_is_changed_here_meanwhile_is_kept(folder: Path, manifest: Path) -> None:
    bucket = _Meddling()
    bucket.put("p/a.txt", [b"one"])
    fetch(bucket, "p/", folder, manifest=manifest)
    bucket.put("p/a.txt", [b"two"])
    bucket.meddle = lambda: write(folder, a_txt="mine")
    with pytest.raises(BucketFailed, match="could not be written"):
        fetch(bucket, "p/", folder, manifest=manifest)
    assert content(folder) == {"a.txt": "mine"}


def test_nothing_is_written_through_a_link_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder.mkdir()
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BucketFailed) as caught:
        fetch(fill(MemoryBucket()), "p/", folder)
    assert len(caught.value.details) == 2
    assert "link" in caught.value.details[0]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_kept(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, target_txt="mine")
    folder.mkdir()
    (folder / "a.txt").symlink_to(tmp_path / "target.txt")
    fetch(fill(MemoryBucket()), "p/", folder)
    assert (tmp_path / "target.txt").read_text() == "mine"
    assert (folder / "a.txt").is_symlink()


def test_a_file_where_a_folder_should_be_is_told(folder: Path) -> None:
    write(folder, sub="a file")
    with pytest.raises(BucketFailed, match="2 files could not be written"):
        fetch(fill(MemoryBucket()), "p/", folder)
    assert content(folder) == {"a.txt": "one", "sub": "a file"}


def test_an_object_that_is_the_folder_of_others_is_told_before_anything_comes(folder: Path) -> None:
    bucket = fill(MemoryBucket())
    bucket.put("p/sub", [b"x"])
    with pytest.raises(BucketFailed, match="nothing was"):
        fetch(bucket, "p/", folder)
    assert content(folder) == {}


def test_bits_that_would_lock_out_its_owner_are_not_taken_over(folder: Path) -> None:
    bucket = MemoryBucket()
    bucket.put("a", [b"x"], mode=0o000)
    fetch(bucket, "", folder)
    assert (folder / "a").stat().st_mode & 0o777 == 0o600


# faults


def test_a_folder_that_cannot_be_made_is_told(folder: Path) -> None:
    write(folder, a_txt="mine")
    with pytest.raises(BucketFailed, match=r"nothing can be brought"):
        fetch(fill(MemoryBucket()), "p/", folder / "a.txt" / "below")


def test_a_full_disk_here_leaves_whole_files_and_no_rest(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    for each in range(8):
        bucket.put(f"{each}", [b"x" * 300_000])
    with mounted(tmp_path / "disk", "size=1m") as disk:
        with pytest.raises(DiskFull, match="no room"):
            fetch(bucket, "", disk, threads=2)
        assert {path.stat().st_size for path in disk.rglob("*") if path.is_file()} == {300_000}


def test_what_is_not_what_was_put_gets_no_name(fake: FakeGcs, gcs: GcsBucket, folder: Path) -> None:
    gcs.put("a", [b"x" * 1000])
    fake.faults.plan(Fault(garbled=True), method="GET", name="a")
    with pytest.raises(BucketFailed, match="crc32c"):
        fetch(gcs, "", folder)
    assert content(folder) == {}


def test_an_object_that_is_replaced_meanwhile_is_not_mixed(folder: Path) -> None:
    bucket = _Meddling()
    bucket.put("a", [b"one"])
    bucket.meddle = lambda: bucket.put("a", [b"two"])
    with pytest.raises(Overtaken):
        fetch(bucket, "", folder)
    assert content(folder) == {}


def test_a_killed_fetch_leaves_no_half_file_and_the_next_goes_on(folder: Path) -> None:
    reader = subprocess.Popen([sys.executable, "-c", SLOW, str(folder)], stdout=subprocess.PIPE)
    assert reader.stdout is not None
    reader.stdout.readline()
    reader.send_signal(signal.SIGKILL)
    reader.communicate()
    assert not (folder / "a.txt").exists()
    fetch(fill(MemoryBucket()), "p/", folder)
    assert content(folder) == ALL


def test_a_fetch_that_was_cut_off_goes_on_with_what_is_missing(
    fake: FakeGcs, gcs: GcsBucket, folder: Path, manifest: Path
) -> None:
    fill(gcs)
    fake.faults.plan(Fault(status=403), method="GET", name="p/sub/b.txt")
    with pytest.raises(BucketFailed):
        fetch(gcs, "p/", folder, manifest=manifest, threads=1)
    report = fetch(gcs, "p/", folder, manifest=manifest)
    assert (content(folder), report.unchanged >= 1) == (ALL, True)
