from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus import settings
from cynthus.bootstrap import assemble
from cynthus.errors import UsageError
from cynthus.storage.gcs import GcsBucket
from cynthus.testing.gcs import FakeGcs
from tests.operations.host import Recorder
from tests.operations.workshop import Nobody

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.operations.tools import Tools


def tools(place: Path, **more: str) -> Tools:
    return assemble(settings.read({"HOME": str(place), **more}), Recorder(), Nobody())


def test_a_bucket_of_an_emulator_is_opened_without_a_login(tmp_path: Path) -> None:
    with FakeGcs("ours").serving() as fake:
        fake.keep("ours", {"team/x": b"1"})
        address = fake.endpoint.removeprefix("http://")
        bucket, prefix = tools(tmp_path, STORAGE_EMULATOR_HOST=address).open_bucket("gs://ours/team")
        assert ([each.key for each in bucket.list(prefix)], prefix) == (["team/x"], "team/")
        assert isinstance(bucket, GcsBucket)
        bucket.close()


def test_a_bucket_of_an_emulator_that_anybody_can_change_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="over a line that anybody can change"):
        tools(tmp_path, STORAGE_EMULATOR_HOST="http://storage.example").open_bucket("gs://ours")


def test_a_folder_is_opened_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"1")
    bucket, prefix = tools(tmp_path).open_bucket(f"file://{tmp_path}")
    assert ([each.key for each in bucket.list()], prefix) == (["x"], "")
