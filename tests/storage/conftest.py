"""A simulated Google Cloud Storage for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from cynthus.storage.gcs import GcsBucket
from cynthus.storage.local import LocalBucket
from cynthus.storage.memory import MemoryBucket
from cynthus.storage.patience import Patience
from cynthus.testing.gcs import FakeGcs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.storage.base import Bucket
    from cynthus.storage.gcs import Login

QUICK = Patience(seconds=5.0, first=0.01, longest=0.05)


@pytest.fixture
def fake() -> Iterator[FakeGcs]:
    """With one bucket, `ours`, and pages so small that every list has several."""
    with FakeGcs("ours", page=3).serving() as serving:
        yield serving


Connect = Callable[..., GcsBucket]


@pytest.fixture
def connect(fake: FakeGcs) -> Iterator[Connect]:
    """Makes more of them."""
    with ExitStack() as stack:

        def made(
            name: str = "ours", login: Login | None = None, *, endpoint: str = "", patience: Patience = QUICK
        ) -> GcsBucket:
            bucket = GcsBucket(name, login, endpoint=endpoint or fake.endpoint, threads=8, patience=patience)
            stack.callback(bucket.close)
            return bucket

        yield made


@pytest.fixture
def gcs(connect: Connect) -> GcsBucket:
    """The bucket `ours`."""
    return connect()


@pytest.fixture(params=["memory", "local", "gcs"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    """One of each kind, empty."""
    if request.param == "gcs":
        found: Bucket = request.getfixturevalue("gcs")
        return found
    if request.param == "memory":
        return MemoryBucket()
    (tmp_path / "bucket").mkdir()
    return LocalBucket(tmp_path / "bucket")
