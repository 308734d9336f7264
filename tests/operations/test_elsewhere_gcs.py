"""Data in a bucket of Google, from the spec to the host, with a simulated service on loopback."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.credentials.google import TOKEN
from cynthus.errors import ReferenceUnknown, TokenNeeded
from cynthus.operations.data import add, listed
from cynthus.testing.gcs import FakeGcs
from cynthus.testing.gcs_faults import Fault
from tests.agent.elsewhere import zipped
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.data
SENTINEL = f"ya29.{os.urandom(12).hex()}"
LISTS = """\
import os
with open("outputs/x", "w") as file:
    for folder, _, names in sorted(os.walk("data", followlinks=True)):
        file.writelines(f"{folder}/{name} {os.path.getsize(f'{folder}/{name}')}\\n" for name in sorted(names))
"""
FOLDER = "data: [{from: 'gs://ours/raw', as: raw}]\n"


@pytest.fixture
def fake() -> Iterator[FakeGcs]:
    with FakeGcs("ours", page=2).serving() as serving:
        serving.token = SENTINEL
        serving.keep("ours", {"raw/a.csv": b"1,2", "raw/deep/b.bin": bytes(600_000), "raw/c.txt": b""})
        yield serving


def shop_of(place: Path, fake: FakeGcs, token: str = SENTINEL) -> Workshop:
    return Workshop(place, STORAGE_EMULATOR_HOST=fake.endpoint, **{TOKEN: token})


@pytest.fixture
def shop(tmp_path: Path, fake: FakeGcs) -> Iterator[Workshop]:
    made = shop_of(tmp_path, fake)
    yield made
    made.home()


def read(where: Path) -> str:
    return (where / "outputs/latest/x").read_text()


def test_an_archive_comes_unpacked_and_a_file_under_its_name(shop: Workshop, fake: FakeGcs) -> None:
    fake.keep("ours", {"all.zip": zipped({"deep/a.csv": b"1"}), "50% off?.csv": b"22"})
    spec = "data: [{from: 'gs://ours/all.zip', as: all}, {from: 'gs://ours/50% off?.csv', as: one}]\n"
    app = shop.folder(main=LISTS, spec=f"{spec}models: ['gs://ours/raw/deep/']\n")
    shop.to_the_end(shop.up(app))
    assert read(app) == "data/all/deep/a.csv 1\ndata/one/50% off?.csv 2\n"
    assert any("50% off?.csv: 2 bytes, generation 1" in line for line in shop.progress.notes)
    assert [path.stat().st_size for path in shop.host(app).glob("models/*/b.bin")] == [600_000]


def test_a_token_that_ends_in_the_middle_is_told_and_the_next_up_goes_on(shop: Workshop, fake: FakeGcs) -> None:
    app = shop.folder(main=LISTS, spec=FOLDER)
    fake.faults.plan(Fault(cut=400_000), name="raw/deep/b.bin")
    fake.faults.plan(Fault(status=401), name="raw/deep/b.bin")
    with pytest.raises(TokenNeeded, match="lasts an hour"):
        shop.up(app)
    assert "  data: gs://ours/raw: 600.0 kB, 3 files" in shop.progress.notes
    fake.token = f"{SENTINEL}-new"
    fake.requests.clear()
    later = shop_of(shop.place, fake, fake.token)
    later.to_the_end(later.up(app))
    assert read(app) == "data/raw/a.csv 3\ndata/raw/c.txt 0\ndata/raw/deep/b.bin 600000\n"
    assert [each.begin > 0 for each in fake.requests if each.name == "raw/deep/b.bin"] == [True]


def test_an_entry_is_added_and_listed_with_its_size(shop: Workshop, fake: FakeGcs) -> None:
    app = shop.folder()
    added = add(shop.tools, "gs://ours/raw", str(app))
    assert (added.place, added.description and added.description.count) == ("data", 3)
    _, items = listed(shop.tools, str(app))
    assert [(each.source, each.size, each.files) for each in items] == [("gs://ours/raw", 600_003, 3)]


def test_what_is_not_there_is_not_added(shop: Workshop, fake: FakeGcs) -> None:
    with pytest.raises(ReferenceUnknown):
        add(shop.tools, "gs://ours/row", str(shop.folder()))


def test_a_folder_is_not_unpacked(shop: Workshop, fake: FakeGcs) -> None:
    app = shop.folder(spec="data: [{from: 'gs://ours/raw', unpack: true}]\n")
    with pytest.raises(ReferenceUnknown, match="is a folder"):
        shop.up(app)
    assert not (app / "infra").exists()
