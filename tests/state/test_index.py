from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.core.deployment import Host
from cynthus.core.run import Run, RunState
from cynthus.errors import DiskFull, FolderNotWritable, StateCorrupt, StateTooNew, UnknownDeployment, UsageError
from cynthus.state.index import Index
from tests import damage as damages
from tests.damage import like_everybody
from tests.state.examples import ENTRY, ID, REMOTE, RUN, entry, in_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.testing.clock import FakeClock

OTHER = "radar-ffffff"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "deployments")


def test_an_entry_comes_back_whole(index: Index) -> None:
    index.put(ENTRY)
    assert index.get(ID) == ENTRY


def test_an_entry_without_a_run_or_hosts_comes_back_whole(index: Index) -> None:
    bare = entry(hosts=(), last_run=None, phase="down")
    index.put(bare)
    assert index.get(ID) == bare


def test_hosts_and_the_last_run_come_back_as_values(index: Index) -> None:
    index.put(ENTRY)
    found = index.get(ID)
    assert found is not None
    assert isinstance(found.last_run, Run)
    assert found.last_run.state is RunState.PROVISIONING
    assert isinstance(found.hosts[1], Host)
    assert found.hosts[1].connection == REMOTE.connection


def test_an_id_that_nobody_put_is_none(index: Index) -> None:
    assert index.get(ID) is None


@pytest.mark.parametrize("id", ["../secret", "", "..", "/etc/passwd", "weather", "weather-0a1b2c/../x-000000", "a\0b"])
def test_an_id_that_cannot_be_one_leads_nowhere(index: Index, id: str) -> None:  # noqa: A002
    assert index.get(id) is None


def test_putting_replaces(index: Index) -> None:
    index.put(ENTRY)
    index.put(entry(phase="down"))
    assert [each.phase for each in index.all()[0]] == ["down"]


def test_the_folder_is_for_its_owner_only(index: Index, tmp_path: Path) -> None:
    index.put(ENTRY)
    assert (tmp_path / "deployments").stat().st_mode & 0o777 == 0o700


def test_entries_are_listed_by_age(index: Index) -> None:
    for name, created in (("c", "2026-01-03T00:00:00Z"), ("a", "2026-01-02T00:00:00Z"), ("b", "2026-01-01T00:00:00Z")):
        index.put(entry(f"{name}-000000", created_at=created))
    assert [each.id for each in index.all()[0]] == ["b-000000", "a-000000", "c-000000"]


def test_an_index_that_was_never_written_is_empty(index: Index) -> None:
    assert index.all() == ((), ())


def test_a_broken_entry_is_a_problem_and_hides_no_other(index: Index, tmp_path: Path) -> None:
    index.put(ENTRY)
    (tmp_path / "deployments" / f"{OTHER}.json").write_text("{")
    entries, problems = index.all()
    assert entries == (ENTRY,)
    assert [type(problem) for problem in problems] == [StateCorrupt]
    assert f"{OTHER}.json" in problems[0].message


def test_an_entry_of_a_newer_version_is_a_problem_of_its_own_kind(index: Index, tmp_path: Path) -> None:
    index.put(ENTRY)
    (tmp_path / "deployments" / f"{OTHER}.json").write_text('{"schema": 99}')
    assert [type(problem) for problem in index.all()[1]] == [StateTooNew]


def test_a_record_under_the_name_of_another_is_corrupt(index: Index, tmp_path: Path) -> None:
    index.put(ENTRY)
    path = tmp_path / "deployments"
    (path / f"{ID}.json").rename(path / f"{OTHER}.json")
    with pytest.raises(StateCorrupt, match=f"record of {ID}"):
        index.get(OTHER)


def test_files_that_are_none_of_ours_are_passed_over(index: Index, tmp_path: Path) -> None:
    index.put(ENTRY)
    for name in ("notes.json", f".{ID}.json.1234.part", f"{ID}.json.bak", "README"):
        (tmp_path / "deployments" / name).write_text("{")
    assert index.all() == ((ENTRY,), ())


def test_a_host_with_a_field_of_another_type_is_named(index: Index, tmp_path: Path) -> None:
    index.put(ENTRY)
    path = tmp_path / "deployments" / f"{ID}.json"
    document = json.loads(path.read_text())
    document["hosts"][1]["port"] = "ssh"
    path.write_text(json.dumps(document))
    with pytest.raises(StateCorrupt, match=r"hosts\[1\]\.port"):
        index.get(ID)


def test_a_removed_entry_is_gone(index: Index) -> None:
    index.put(ENTRY)
    index.remove(ID)
    assert index.get(ID) is None


def test_removing_what_is_not_there_is_fine(index: Index) -> None:
    index.remove(ID)


def test_removing_touches_no_file_outside(index: Index, tmp_path: Path) -> None:
    index.put(ENTRY)
    (tmp_path / "secret.json").write_text("{}")
    index.remove("../secret")
    assert (tmp_path / "secret.json").exists()


@pytest.mark.parametrize("word", [ID, "weather"])
def test_a_deployment_is_found_by_id_and_by_name(index: Index, word: str) -> None:
    index.put(ENTRY)
    assert index.find(word) == ENTRY


def test_an_id_is_stronger_than_a_name(index: Index) -> None:
    index.put(ENTRY)
    index.put(entry(OTHER, name=ID))
    assert index.find(ID) == ENTRY


def test_a_name_that_two_have_is_refused_with_both_ids(index: Index) -> None:
    index.put(ENTRY)
    index.put(entry("weather-ffffff"))
    with pytest.raises(UsageError) as caught:
        index.find("weather")
    assert type(caught.value) is UsageError
    assert ID in caught.value.message
    assert "weather-ffffff" in caught.value.message


def test_an_unknown_name_gets_the_nearest_one(index: Index) -> None:
    index.put(ENTRY)
    with pytest.raises(UnknownDeployment) as caught:
        index.find("wether")
    assert caught.value.hint == 'did you mean "weather"?'


def test_an_unknown_name_that_is_near_to_none_gets_a_command(index: Index) -> None:
    index.put(ENTRY)
    with pytest.raises(UnknownDeployment) as caught:
        index.find("zzz")
    assert "cynthus status" in caught.value.hint


def test_an_unknown_name_tells_of_records_that_might_be_it(index: Index, tmp_path: Path) -> None:
    index.put(ENTRY)
    (tmp_path / "deployments" / f"{OTHER}.json").write_text("{")
    with pytest.raises(UnknownDeployment) as caught:
        index.find("radar")
    assert OTHER in caught.value.details[0]


def test_an_id_whose_record_is_broken_says_so(index: Index, tmp_path: Path) -> None:
    index.put(ENTRY)
    (tmp_path / "deployments" / f"{ID}.json").write_text("{")
    with pytest.raises(StateCorrupt):
        index.find(ID)


@pytest.mark.parametrize("harm", damages.EVERY)
def test_for_a_folder_a_broken_entry_is_as_good_as_none(
    index: Index, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    index.put(ENTRY)
    harm(tmp_path / "deployments" / f"{ID}.json")
    with like_everybody():
        assert index.known(ID) is None
        assert index.damage(ID) is not None


def test_an_entry_that_can_be_read_is_not_damaged(index: Index) -> None:
    index.put(ENTRY)
    assert (index.known(ID), index.damage(ID)) == (ENTRY, None)


def test_an_entry_that_was_set_aside_is_no_entry_any_more(index: Index, tmp_path: Path, clock: FakeClock) -> None:
    index.put(ENTRY)
    kept = index.set_aside(ID, clock.now())
    assert (kept.parent, index.all()) == (tmp_path / "deployments", ((), ()))


def test_a_folder_finds_its_deployments(index: Index, tmp_path: Path) -> None:
    index.put(in_folder(tmp_path / "app"))
    index.put(entry(OTHER, folder=str(tmp_path / "elsewhere")))
    assert [each.id for each in index.by_folder(tmp_path / "app")] == [ID]


def test_a_folder_is_found_through_a_link(index: Index, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "app")
    index.put(in_folder(tmp_path / "link"))
    assert [each.id for each in index.by_folder(tmp_path / "app")] == [ID]


def test_a_file_in_the_way_of_the_index_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(FolderNotWritable, match=f"{tmp_path / 'state'} is in the way"):
        Index(tmp_path / "state" / "deployments").put(ENTRY)


def test_a_full_disk_keeps_the_old_entry(small_disk: Path) -> None:
    from tests.state.disks import fill

    index = Index(small_disk / "deployments")
    index.put(ENTRY)
    fill(small_disk)
    with pytest.raises(DiskFull):
        index.put(entry(last_run=RUN, phase="down"))
    assert index.get(ID) == ENTRY


def test_a_read_only_disk_is_said_when_removing(read_only: Path) -> None:
    with pytest.raises(FolderNotWritable, match="read-only"):
        Index(read_only).put(ENTRY)
