"""Data that was fetched or prepared goes once no run needs it: never that of a run that goes on, or of the last two."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import lock, prune, request, version
from cynthus.agent.home import Home
from cynthus.agent.version import Mount, Version
from cynthus.files import write_json
from tests.agent.test_prune import ended, prepared

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.home import RunFolder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", "weather-abcdef")


def fetched(home: Home, name: str, *, at: int, top: str = "data") -> Path:
    """Something that was fetched, and last wanted at that moment."""
    folder = home.folder / top / name
    folder.mkdir(parents=True)
    (folder / "rows.csv").write_text("1")
    record = folder.with_name(f"{name}.json")
    record.write_text("{}\n")
    os.utime(record, (at, at))
    return folder


def reads(home: Home, run: RunFolder, *names: str, at: int, models: tuple[str, ...] = ()) -> None:
    """The run was made at that moment, and reads these."""
    data = tuple(Mount(each, str(home.data / each)) for each in names)
    version.write(run, Version("e1", "s1", None, data, tuple(Mount(each, str(home.models / each)) for each in models)))
    os.utime(run.version, (at, at))


def three(home: Home) -> list[RunFolder]:
    """Three runs that have ended, each with other data."""
    runs = [ended(home, f"r{number}") for number in (1, 2, 3)]
    for number, run in enumerate(runs, 1):
        fetched(home, f"d{number}", at=number * 10)
        reads(home, run, f"d{number}", at=number * 10 + 1)
    return runs


def contents(home: Home) -> list[str]:
    """What goes."""
    return prune.prune(home, [], {}).contents


def test_what_only_older_runs_have_read_goes(home: Home) -> None:
    three(home)
    assert contents(home) == ["data/d1"]
    left = sorted(each.name for each in home.data.iterdir() if not each.name.endswith(".lock"))
    assert left == ["d2", "d2.json", "d3", "d3.json"]


def test_several_runs_with_the_same_data_count_as_one(home: Home) -> None:
    three(home)
    reads(home, ended(home, "r4"), "d3", at=41)
    assert contents(home) == ["data/d1"]


def test_a_run_that_goes_on_keeps_what_it_reads(home: Home) -> None:
    three(home)[0].attempt(1).exit.unlink()
    assert contents(home) == []


def test_a_run_that_could_still_begin_keeps_what_it_will_read(home: Home) -> None:
    three(home)
    run = prepared(home, "r0")
    reads(home, run, "d1", at=5)
    assert contents(home) == []
    request.ask(run.stop, "cancelled", at="2026-01-02T03:04:05Z")
    assert contents(home) == ["data/d1"]


def test_what_came_after_the_newest_run_is_for_the_next_one(home: Home) -> None:
    three(home)
    fetched(home, "d4", at=40)
    assert contents(home) == ["data/d1"]


def test_what_somebody_fetches_just_now_stays(home: Home) -> None:
    three(home)
    with lock.locked(home.data / ".d1.lock"):
        assert contents(home) == []
    assert contents(home) == ["data/d1"]


def test_what_has_arrived_in_part_goes_with_it(home: Home) -> None:
    three(home)
    part = home.data / ".d0.part"
    part.mkdir()
    os.utime(part, (1, 1))
    assert (contents(home), part.exists()) == (["data/d0", "data/d1"], False)


def test_a_copy_of_what_lies_at_home_stays(home: Home) -> None:
    three(home)
    (home.data / "0123456789abcdef").mkdir()
    contents(home)
    assert (home.data / "0123456789abcdef").is_dir()


def test_models_go_with_the_links_of_their_library(home: Home) -> None:
    for number in (1, 2, 3):
        fetched(home, f"m{number}", at=number * 10, top="models")
        reads(home, ended(home, f"r{number}"), at=number * 10 + 1, models=(f"m{number}",))
    links = [home.hub / f"models--me--tiny/snapshots/{name}" for name in ("m1", "m3")]
    links[0].parent.mkdir(parents=True)
    for link in links:
        link.symlink_to(home.models / link.name)
    assert contents(home) == ["models/m1"]
    assert [link.is_symlink() for link in links] == [False, True]


def test_where_a_run_does_not_say_what_it_reads_all_stays(home: Home) -> None:
    three(home)[2].version.write_text("{")
    assert contents(home) == []


def test_what_was_cut_off_while_it_went_goes_the_next_time(home: Home) -> None:
    three(home)
    os.replace(home.data / "d1", home.data / ".d1.gone")
    contents(home)
    assert not (home.data / ".d1.gone").exists()


def made(home: Home, run: RunFolder, name: str, *, whole: bool = True) -> Path:
    """The run has prepared this."""
    folder = home.prepared / name
    for each in ("part", *(["kept"] if whole else [])):
        (folder / each).mkdir(parents=True, exist_ok=True)
    write_json(run.prepared, {"id": name})
    return folder


def test_what_was_prepared_for_older_runs_goes(home: Home) -> None:
    folders = [made(home, ended(home, f"r{number}"), f"p{number}") for number in (1, 2, 3)]
    assert contents(home) == ["prepared/p1"]
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_what_came_to_nothing_does_not_count_as_prepared(home: Home) -> None:
    for number in (1, 2, 3, 4):
        made(home, ended(home, f"r{number}"), f"p{number}", whole=number < 3)
    assert contents(home) == ["prepared/p3", "prepared/p4"]


def test_a_run_that_goes_on_keeps_what_was_prepared_for_it(home: Home) -> None:
    runs = [ended(home, f"r{number}") for number in (1, 2, 3)]
    for run in runs:
        made(home, run, f"p-{run.id}")
    runs[0].attempt(1).exit.unlink()
    assert contents(home) == []


def test_what_somebody_prepares_just_now_stays(home: Home) -> None:
    for number in (1, 2, 3):
        made(home, ended(home, f"r{number}"), f"p{number}")
    with lock.locked(home.prepared / "p1/lock"):
        assert contents(home) == []
