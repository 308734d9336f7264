"""A bucket of a simulated cloud keeps the promises that every bucket keeps, to who brings a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.credentials.google import TOKEN, login
from cynthus.storage.gcs import GcsBucket
from cynthus.testing.contracts.storage import BucketContract
from cynthus.testing.gcp import OWNER_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.storage.base import Bucket
    from tests.gcp.api import Api


class TestCloudBucket(BucketContract):
    @pytest.fixture(autouse=True)
    def _at(self, api: Api) -> Iterator[None]:
        api.post("storage", "b", {"name": "cynthus-contract"}, project="rehearsal")
        self.mine = GcsBucket("cynthus-contract", login({TOKEN: OWNER_TOKEN}), endpoint=api.endpoint)
        yield
        self.mine.close()

    def make(self, folder: Path) -> Bucket:
        return self.mine
