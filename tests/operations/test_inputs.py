"""Local data of a cloud's deployment goes by way of a bucket, and there only what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.core.run import RunState
from cynthus.errors import BucketFailed
from cynthus.operations.up import Request, prepare
from cynthus.testing.gcs import FakeGcs
from tests.operations.clouds import Cloud, Clouded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.data
READS = """\
import os
with open("outputs/x", "w") as file:
    for folder, _, names in sorted(os.walk("data", followlinks=True)):
        for name in sorted(names):
            path = f"{folder}/{name}"
            file.write(f"{path} {open(path).read()} {os.access(path, os.X_OK)}\\n")
"""


@pytest.fixture
def fake() -> Iterator[FakeGcs]:
    with FakeGcs("ours").serving() as serving:
        yield serving


@pytest.fixture
def world(tmp_path: Path, fake: FakeGcs) -> Iterator[Clouded]:
    made = Clouded(tmp_path, Cloud(inputs="gs://ours/in"), real=True, STORAGE_EMULATOR_HOST=fake.endpoint)
    yield made
    made.home()


@pytest.fixture
def app(world: Clouded) -> Path:
    """One with data in its folder."""
    made = world.folder(main=READS)
    (made / "data/deep").mkdir(parents=True)
    (made / "data/a.csv").write_text("1,2")
    (made / "data/deep/b.txt").write_text("b")
    return made


def kept(fake: FakeGcs) -> dict[str, bytes]:
    held, _ = fake.objects("ours").page("", "", 1_000)
    return {each.name: bytes(each.content) for each in held}


def uploads(fake: FakeGcs) -> list[str]:
    return [each.name or each.path for each in fake.requests if each.upload]


def read(world: Clouded, app: Path) -> list[str]:
    """What main.py has found, after one more `up`."""
    run = world.to_the_end(world.up(app))
    assert run.state is RunState.SUCCEEDED, run
    return (app / "outputs/latest/x").read_text().splitlines()


def test_main_py_finds_what_went_by_way_of_the_bucket(world: Clouded, fake: FakeGcs, app: Path) -> None:
    assert read(world, app) == ["data/a.csv 1,2 False", "data/deep/b.txt b False"]
    assert kept(fake) == {"in/data/a.csv": b"1,2", "in/data/deep/b.txt": b"b"}


def test_entries_have_their_names_there_and_a_file_keeps_its_own(world: Clouded, fake: FakeGcs) -> None:
    app = world.folder(main=READS, spec="data: [{from: one, as: first}, {from: b.txt, as: second}]\n")
    (app / "one").mkdir()
    (app / "one/a").write_text("a")
    (app / "b.txt").write_text("b")
    assert read(world, app) == ["data/first/a a False", "data/second/b.txt b False"]
    assert set(kept(fake)) == {"in/first/a", "in/second/b.txt"}


def test_nothing_is_sent_again_that_has_not_changed(world: Clouded, fake: FakeGcs, app: Path) -> None:
    read(world, app)
    (app / "data/a.csv").write_text("3,4")
    fake.requests.clear()
    assert read(world, app)[0] == "data/a.csv 3,4 False"
    assert len(uploads(fake)) == 1
    fake.requests.clear()
    (app / "main.py").write_text(f"{READS}print()\n")
    read(world, app)
    assert uploads(fake) == []


def test_what_was_deleted_here_is_not_there_any_more(world: Clouded, fake: FakeGcs, app: Path) -> None:
    read(world, app)
    (app / "data/a.csv").unlink()
    assert read(world, app) == ["data/deep/b.txt b False"]
    assert set(kept(fake)) == {"in/data/deep/b.txt"}


def test_links_are_followed_wherever_they_lead(world: Clouded, fake: FakeGcs, app: Path, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far/c").write_text("c")
    (app / "data/far").symlink_to(tmp_path / "far")
    (app / "data/file").symlink_to(tmp_path / "far/c")
    assert {"data/far/c c False", "data/file c False"} <= set(read(world, app))


def test_data_without_a_file_needs_no_bucket(world: Clouded, fake: FakeGcs) -> None:
    app = world.folder(main=READS)
    (app / "data").mkdir()
    assert (read(world, app), kept(fake)) == ([], {})


def test_it_is_sent_before_there_is_a_machine(world: Clouded, fake: FakeGcs, app: Path) -> None:
    prepare(world.tools, Request(str(app), yes=True))
    assert (len(kept(fake)), world.cloud.made) == (2, 0)


def test_a_bucket_that_takes_nothing_is_told_and_the_next_up_goes_on(
    world: Clouded, fake: FakeGcs, app: Path
) -> None:
    fake.closed.add("ours")
    with pytest.raises(BucketFailed):
        world.up(app)
    fake.closed.clear()
    assert len(read(world, app)) == 2


def test_a_run_json_that_was_edited_says_where_data_is(world: Clouded, fake: FakeGcs) -> None:
    app = world.folder(main=READS, spec="data: [{from: one, as: first}]\n")
    for name in ("one", "other"):
        (app / name).mkdir()
        (app / name / name).write_text(name)
    read(world, app)
    (rendered,) = (app / "infra").rglob("run.json")
    rendered.write_text(rendered.read_text().replace('"from": "one"', '"from": "other"'))
    assert read(world, app) == ["data/first/other other False"]
    assert set(kept(fake)) == {"in/first/other"}
