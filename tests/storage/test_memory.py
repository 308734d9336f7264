from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.storage.memory import MemoryBucket
from cynthus.testing.contracts.storage import KEY, BucketContract

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.storage.base import Bucket


class TestMemoryBucket(BucketContract):
    def make(self, folder: Path) -> Bucket:
        return MemoryBucket()


def test_two_buckets_have_no_version_in_common() -> None:
    assert MemoryBucket().put(KEY, [b"x"]).version != MemoryBucket().put(KEY, [b"x"]).version
