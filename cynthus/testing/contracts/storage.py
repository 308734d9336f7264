"""What every `cynthus.storage.base.Bucket` promises, as tests. Inherit the class and say how a bucket is made."""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import BucketFailed, Overtaken
from cynthus.storage.base import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.storage.base import Bucket

KEY = "weather-0a1b2c/0/runs/20260102-030405-abcd/outputs/model.bin"
LARGE = bytes(range(256)) * 12_000
"""More than any piece that is read or sent at once."""


NO_KEYS = ("", "/a", "a/", "a//b", "a/../b", "./a", "..", ".hidden", "a\0b", "x/" * 600 + "x")


class Cut(Exception):
    """What breaks off in the middle."""


def cut_off(*pieces: bytes) -> Iterator[bytes]:
    yield from pieces
    raise Cut


def keys(bucket: Bucket, prefix: str = "") -> list[str]:
    return [each.key for each in bucket.list(prefix)]


def content(bucket: Bucket, key: str, *, offset: int = 0) -> bytes:
    return b"".join(bucket.get(key, offset=offset))


class BucketContract(ABC):
    """Each test gets an empty bucket."""

    @abstractmethod
    def make(self, folder: Path) -> Bucket:
        """An empty bucket; `folder` is an empty one of this machine, for whatever it needs."""

    @pytest.fixture
    def bucket(self, tmp_path: Path) -> Bucket:
        return self.make(tmp_path)

    # keeping and giving

    @pytest.mark.parametrize("data", [b"", b"x", LARGE], ids=["nothing", "a byte", "much"])
    def test_what_was_put_is_given(self, bucket: Bucket, data: bytes) -> None:
        bucket.put(KEY, [data])
        assert content(bucket, KEY) == data

    def test_pieces_become_one_object(self, bucket: Bucket) -> None:
        bucket.put(KEY, iter([b"a", b"", b"bc"]))
        assert content(bucket, KEY) == b"abc"

    def test_reading_can_begin_anywhere(self, bucket: Bucket) -> None:
        bucket.put(KEY, [LARGE])
        assert content(bucket, KEY, offset=2_000_001) == LARGE[2_000_001:]

    def test_behind_the_end_there_is_nothing(self, bucket: Bucket) -> None:
        bucket.put(KEY, [b"abc"])
        assert (content(bucket, KEY, offset=3), content(bucket, KEY, offset=9)) == (b"", b"")

    def test_a_second_object_takes_the_place_of_the_first(self, bucket: Bucket) -> None:
        bucket.put(KEY, [LARGE])
        bucket.put(KEY, [b"new"])
        assert content(bucket, KEY) == b"new"

    def test_what_is_not_there_cannot_be_given(self, bucket: Bucket) -> None:
        with pytest.raises(BucketFailed) as caught:
            content(bucket, KEY)
        assert KEY in caught.value.message
        assert caught.value.hint

    @pytest.mark.parametrize("key", ["a b/c'd\"e", "ü/€.txt", "%2F", "a?b#c&d=e+f", "x" * 200])
    def test_a_name_is_kept_as_it_is(self, bucket: Bucket, key: str) -> None:
        bucket.put(key, [b"x"])
        assert (keys(bucket), content(bucket, key), bucket.delete(key)) == ([key], b"x", True)

    @pytest.mark.parametrize("key", ["a\nb", "a\rb", "caf\udce9"], ids=["line", "return", "not UTF-8"])
    def test_a_name_that_not_all_buckets_take_is_kept_as_it_is_or_refused(self, bucket: Bucket, key: str) -> None:
        try:
            bucket.put(key, [b"x"])
        except BucketFailed as error:
            refused = error.hint
        else:
            refused = ""
        kept = [] if refused else [key]
        assert (keys(bucket), "name" in refused) == (kept, bool(refused))

    @pytest.mark.parametrize("key", NO_KEYS)
    def test_what_is_no_key_is_refused(self, bucket: Bucket, key: str) -> None:
        for use in (lambda: bucket.check(key), lambda: bucket.put(key, [b"x"])):
            with pytest.raises(BucketFailed, match="cannot be a key"):
                use()

    # whole or not at all

    def test_an_object_that_breaks_off_is_not_there(self, bucket: Bucket) -> None:
        with pytest.raises(Cut):
            bucket.put(KEY, cut_off(LARGE))
        assert (keys(bucket), bucket.find(KEY)) == ([], None)

    def test_an_object_that_breaks_off_leaves_the_one_before(self, bucket: Bucket) -> None:
        bucket.put(KEY, [b"old"])
        with pytest.raises(Cut):
            bucket.put(KEY, cut_off(LARGE))
        assert content(bucket, KEY) == b"old"

    def test_an_error_of_what_is_read_comes_out_as_it_is(self, bucket: Bucket) -> None:
        def unreadable() -> Iterator[bytes]:
            yield b"x"
            raise PermissionError(13, "permission denied")

        with pytest.raises(PermissionError):
            bucket.put(KEY, unreadable())
        assert keys(bucket) == []

    def test_nothing_is_seen_while_it_is_put(self, bucket: Bucket) -> None:
        seen: list[list[str]] = []

        def pieces() -> Iterator[bytes]:
            yield LARGE
            seen.append(keys(bucket))
            yield b"x"

        bucket.put(KEY, pieces())
        assert (seen, keys(bucket)) == ([[]], [KEY])

    # checksums

    def test_an_object_has_its_checksum(self, bucket: Bucket) -> None:
        bucket.put(KEY, [LARGE])
        found = bucket.find(KEY)
        assert found is not None
        assert (found.key, found.size, found.checksum) == (KEY, len(LARGE), hashlib.sha256(LARGE).hexdigest())

    def test_putting_tells_what_was_put(self, bucket: Bucket) -> None:
        assert bucket.put(KEY, [LARGE]) == bucket.find(KEY)

    def test_what_is_not_as_it_should_be_is_not_kept(self, bucket: Bucket) -> None:
        bucket.put(KEY, [b"old"])
        with pytest.raises(BucketFailed, match="checksum"):
            bucket.put(KEY, [b"garbled"], checksum=hashlib.sha256(b"right").hexdigest())
        assert content(bucket, KEY) == b"old"

    def test_what_is_as_it_should_be_is_kept(self, bucket: Bucket) -> None:
        bucket.put(KEY, [b"right"], checksum=hashlib.sha256(b"right").hexdigest())
        assert content(bucket, KEY) == b"right"

    def test_of_what_is_not_there_nothing_is_found(self, bucket: Bucket) -> None:
        bucket.put("a/b/c", [b"x"])
        assert [bucket.find(key) for key in ("a", "a/b", "a/b/c/d", "x")] == [None] * 4

    def test_what_is_shorter_than_it_should_be_is_not_kept(self, bucket: Bucket) -> None:
        bucket.put(KEY, [b"old"])
        with pytest.raises(BucketFailed, match="size"):
            bucket.put(KEY, [LARGE], size=len(LARGE) + 1)
        assert content(bucket, KEY) == b"old"

    def test_what_is_as_long_as_it_should_be_is_kept(self, bucket: Bucket) -> None:
        bucket.put(KEY, [LARGE, LARGE, LARGE, LARGE], size=4 * len(LARGE))
        assert content(bucket, KEY) == 4 * LARGE

    # versions

    def test_a_put_that_must_be_the_first_is_kept_where_nothing_is(self, bucket: Bucket) -> None:
        bucket.put(KEY, [b"x"], over=ABSENT)
        assert content(bucket, KEY) == b"x"

    def test_a_put_that_must_be_the_first_is_refused_where_something_is(self, bucket: Bucket) -> None:
        bucket.put(KEY, [b"old"])
        with pytest.raises(Overtaken, match="somebody else"):
            bucket.put(KEY, [b"new"], over=ABSENT)
        assert content(bucket, KEY) == b"old"

    def test_a_version_can_be_replaced(self, bucket: Bucket) -> None:
        first = bucket.put(KEY, [b"old"])
        bucket.put(KEY, [b"new"], over=first.version)
        assert content(bucket, KEY) == b"new"

    def test_a_version_that_is_no_more_cannot_be_replaced(self, bucket: Bucket) -> None:
        first = bucket.put(KEY, [b"old"])
        bucket.put(KEY, [b"theirs"])
        with pytest.raises(Overtaken):
            bucket.put(KEY, [b"ours"], over=first.version)
        assert content(bucket, KEY) == b"theirs"

    def test_what_was_deleted_meanwhile_cannot_be_replaced(self, bucket: Bucket) -> None:
        first = bucket.put(KEY, [b"old"])
        bucket.delete(KEY)
        with pytest.raises(Overtaken):
            bucket.put(KEY, [b"ours"], over=first.version)
        assert keys(bucket) == []

    def test_the_same_put_again_is_another_version(self, bucket: Bucket) -> None:
        versions = {bucket.put(KEY, [b"same"]).version for _ in range(3)}
        assert len(versions) == 3

    def test_a_list_tells_versions(self, bucket: Bucket) -> None:
        put = bucket.put(KEY, [b"x"])
        assert [each.version for each in bucket.list()] == [put.version]

    def test_a_version_that_is_no_more_is_not_deleted(self, bucket: Bucket) -> None:
        first = bucket.put(KEY, [b"old"])
        bucket.put(KEY, [b"theirs"])
        with pytest.raises(Overtaken):
            bucket.delete(KEY, over=first.version)
        assert content(bucket, KEY) == b"theirs"

    def test_a_version_is_deleted(self, bucket: Bucket) -> None:
        first = bucket.put(KEY, [b"old"])
        assert (bucket.delete(KEY, over=first.version), keys(bucket)) == (True, [])

    def test_a_version_is_given(self, bucket: Bucket) -> None:
        first = bucket.put(KEY, [b"old"])
        assert b"".join(bucket.get(KEY, version=first.version)) == b"old"

    def test_another_version_than_the_one_that_was_asked_for_is_not_given(self, bucket: Bucket) -> None:
        first = bucket.put(KEY, [b"old"])
        bucket.put(KEY, [b"new"])
        with pytest.raises(Overtaken):
            b"".join(bucket.get(KEY, version=first.version))

    def test_of_two_who_must_be_first_one_is(self, bucket: Bucket) -> None:
        start, told = threading.Barrier(2), list[str]()

        def write(content: bytes) -> None:
            start.wait()
            try:
                bucket.put(KEY, [content], over=ABSENT)
                told.append(content.decode())
            except Overtaken:
                told.append("overtaken")

        writers = [threading.Thread(target=write, args=(each,)) for each in (b"one", b"two")]
        for each in writers:
            each.start()
        for each in writers:
            each.join()
        assert sorted(told) == sorted([content(bucket, KEY).decode(), "overtaken"])

    # permission bits

    def test_permission_bits_come_along(self, bucket: Bucket) -> None:
        bucket.put(KEY, [b"x"], mode=0o750)
        found = bucket.find(KEY)
        assert [found and found.mode, *(each.mode for each in bucket.list())] == [0o750, 0o750]

    # listing

    def test_objects_are_listed_in_order_of_key(self, bucket: Bucket) -> None:
        for key in ("b", "a/z", "a/b/c", "a-"):
            bucket.put(key, [b"x"])
        assert keys(bucket) == ["a-", "a/b/c", "a/z", "b"]

    def test_a_prefix_is_text_and_no_folder(self, bucket: Bucket) -> None:
        for key in ("runs/1/a", "runs/12/b", "runs/2/c", "run"):
            bucket.put(key, [b"x"])
        assert [keys(bucket, prefix) for prefix in ("runs/1", "runs/1/", "runs/3", "run")] == [
            ["runs/1/a", "runs/12/b"], ["runs/1/a"], [], ["run", "runs/1/a", "runs/12/b", "runs/2/c"],
        ]  # fmt: skip

    def test_a_list_tells_sizes(self, bucket: Bucket) -> None:
        bucket.put(KEY, [LARGE])
        assert [each.size for each in bucket.list()] == [len(LARGE)]

    def test_an_empty_bucket_has_nothing(self, bucket: Bucket) -> None:
        assert keys(bucket) == []

    # deleting

    def test_what_was_deleted_is_gone(self, bucket: Bucket) -> None:
        bucket.put("a/b", [b"x"])
        bucket.put("a/c", [b"x"])
        assert (bucket.delete("a/b"), keys(bucket)) == (True, ["a/c"])

    def test_to_delete_nothing_is_fine(self, bucket: Bucket) -> None:
        bucket.put("a/b", [b"x"])
        assert ([bucket.delete(key) for key in ("a", "a/b/c", "x")], keys(bucket)) == ([False] * 3, ["a/b"])

    def test_a_name_that_was_part_of_a_key_is_free_again(self, bucket: Bucket) -> None:
        bucket.put("a/b/c", [b"x"])
        bucket.delete("a/b/c")
        bucket.put("a", [b"y"])
        assert content(bucket, "a") == b"y"
