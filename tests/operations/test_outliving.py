"""Machines that the cloud has removed before somebody says `down`, and what is left of their deployment then."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.run import RunState
from cynthus.errors import BucketFailed, HostError, HostUnreachable, PullFailed
from cynthus.operations.down import down
from cynthus.operations.status import status
from cynthus.operations.up import Request, run
from tests.operations.clouds import Clouded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Clouded]:
    made = Clouded(tmp_path)
    yield made
    made.cloud.outage.end()
    made.home()


@pytest.fixture
def site(world: Clouded) -> Site:
    """A deployment that stands."""
    found = world.up(world.folder()).site
    world.asked()
    return found


@pytest.fixture
def pair(world: Clouded) -> Path:
    """The folder of one on two machines, the second of which the cloud has removed."""
    world.cloud.nodes = 2
    folder = world.folder()
    with pytest.raises(HostError, match="'start'"):
        # Nothing comes to the hosts here, so no agent is there that could begin on both at once.
        world.up(folder)
    world.asked()
    world.take_away(folder, "host-1")
    return folder


def machines(world: Clouded, folder: Path) -> list[str | None]:
    return [host.connection.instance_id for host in world.entry(folder).hosts]


def begun(site: Site, *, pulled: bool = False) -> Run:
    """A run that went on when its machine went."""
    found = site.runs.newest()
    assert found is not None
    at = "2026-01-02T03:04:05Z"
    lost = found.moved(RunState.RUNNING, at=at, reason="it began").moved(RunState.LOST, at=at, reason="it is gone")
    kept = replace(lost, started_at=at, pulled=pulled)
    site.runs.save(kept)
    return kept


def with_broken_bucket(world: Clouded, site: Site) -> Tools:
    """The user's tools, where runs are saved in a bucket of the deployment that does not answer."""

    def broken(address: str) -> object:
        raise BucketFailed(f"{address} does not answer", hint="look at the network")

    for file in (site.root() / "run.json", *site.paths.runs.glob("*/spec.json")):
        file.write_text(file.read_text().replace('"bucket": null', f'"bucket": "gs://cynthus-{site.id}-out"'))
    return replace(world.tools, open_bucket=broken)


# all of them


def test_down_asks_nobody_who_is_gone(world: Clouded, site: Site) -> None:
    world.take_away(site.folder)
    down(world.tools, site.id, yes=True)
    assert (world.asked(), world.entry(site.folder).phase) == (["destroy compute", "apply compute"], "down")


def test_down_says_that_they_were_gone_already(world: Clouded, site: Site) -> None:
    world.take_away(site.folder)
    down(world.tools, site.id, yes=True)
    assert any("gone already" in note for note in world.progress.notes)


def test_down_of_machines_that_stand_says_no_such_thing(world: Clouded, site: Site) -> None:
    down(world.tools, site.id, yes=True)
    assert not any("gone already" in note for note in world.progress.notes)


def test_up_makes_another_machine_where_one_is_gone(world: Clouded, site: Site) -> None:
    world.take_away(site.folder)
    run(world.tools, Request(str(site.folder), yes=True))
    assert machines(world, site.folder) == ["4712"]


def test_status_says_that_they_are_gone(world: Clouded, site: Site) -> None:
    world.take_away(site.folder)
    assert "its machines are gone" in status(world.tools, site.id).problem


# some of them


def test_down_asks_those_that_are_left(world: Clouded, pair: Path) -> None:
    down(world.tools, str(pair), yes=True)
    assert (world.asked(), machines(world, pair)) == (["destroy compute", "apply compute"], [])
    assert any(note.startswith("host-1: gone already") for note in world.progress.notes)


def test_status_names_the_one_that_is_gone(world: Clouded, pair: Path) -> None:
    assert "the cloud has removed host-1" in status(world.tools, str(pair)).problem


def test_run_makes_what_is_missing_and_keeps_the_rest(world: Clouded, pair: Path) -> None:
    before = machines(world, pair)
    with pytest.raises(HostError, match="'start'"):
        run(world.tools, Request(str(pair), yes=True))
    after = machines(world, pair)
    assert (after[0], after[1] != before[1]) == (before[0], True)
    assert status(world.tools, str(pair)).problem == ""


# where nobody can tell


def test_a_machine_of_which_nobody_knows_whether_it_stands_keeps_everything(world: Clouded, site: Site) -> None:
    world.cloud.outage.begin()
    with pytest.raises(HostUnreachable, match="nothing was removed"):
        down(world.tools, site.id, yes=True)
    assert (world.asked(), world.entry(site.folder).phase) == ([], "up")


def test_one_that_is_given_up_goes_with_all_that_is_on_it(world: Clouded, site: Site) -> None:
    world.cloud.outage.begin()
    assert down(world.tools, site.id, yes=True, discard=True).left == ()
    assert world.asked() == ["destroy compute", "apply compute"]


def test_to_give_one_up_with_destroy_removes_the_rest_too(world: Clouded, site: Site) -> None:
    world.cloud.outage.begin()
    assert down(world.tools, site.id, yes=True, discard=True, forget=True).forgotten
    assert world.asked() == ["destroy compute", "apply compute", "destroy base", "apply base"]


# what was saved


def test_destroy_keeps_a_bucket_of_which_nobody_knows_what_it_has(world: Clouded, site: Site) -> None:
    lost = begun(site)
    tools = with_broken_bucket(world, site)
    world.take_away(site.folder)
    with pytest.raises(PullFailed, match=f"what run {lost.id} saved") as caught:
        down(tools, site.id, yes=True, forget=True)
    assert "--discard" in caught.value.hint
    assert (world.asked(), world.cloud.events) == ([], [])


def test_down_keeps_it_in_any_case(world: Clouded, site: Site) -> None:
    begun(site)
    tools = with_broken_bucket(world, site)
    world.take_away(site.folder)
    down(tools, site.id, yes=True)
    assert (world.asked(), world.cloud.events) == (["destroy compute", "apply compute"], [])


def test_destroy_removes_it_where_that_was_asked_for(world: Clouded, site: Site) -> None:
    begun(site)
    tools = with_broken_bucket(world, site)
    world.take_away(site.folder)
    down(tools, site.id, yes=True, forget=True, discard=True)
    assert (world.asked()[-1], world.cloud.events) == ("apply base", ["empty the buckets"])


def test_destroy_removes_it_where_everything_came_home(world: Clouded, site: Site) -> None:
    begun(site, pulled=True)
    tools = with_broken_bucket(world, site)
    world.take_away(site.folder)
    assert down(tools, site.id, yes=True, forget=True).forgotten


# without the folder


def test_without_the_folder_it_is_told_what_stays_in_the_cloud(world: Clouded, site: Site) -> None:
    shutil.rmtree(site.folder)
    assert down(world.tools, site.id, yes=True, discard=True).forgotten
    (told,) = [warning for warning in world.progress.warnings if site.id in warning]
    assert "its machines are removed at 2026-01-03T03:04:05Z" in told
