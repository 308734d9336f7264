"""What one command tries again by itself, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.run import RunState
from cynthus.errors import AnsibleError, CynthusError, DownloadFailed, HostUnreachable, NowhereLeft, TerraformFailed
from cynthus.operations.status import status
from cynthus.operations.tries import WAITS, Tries
from cynthus.operations.up import Request, up
from tests.operations.clouds import Clouded
from tests.operations.test_retry import SPEC, newest, site, taken, world

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.operations.app import App
    from cynthus.operations.site import Site

__all__ = ["site", "world"]
NOWHERE = NowhereLeft("no place has any", hint="wait")


def tries(world: Clouded, folder: Path) -> Tries:
    return Tries(world.tools, app(world, folder).spec)


def app(world: Clouded, folder: Path) -> App:
    from cynthus.operations.app import load_app

    return load_app(world.tools, str(folder))


def with_retry(site: Site, retry: str) -> Path:
    spec = site.folder / "cynthus.yaml"
    spec.write_text(f"{spec.read_text()}retry: {retry}\n")
    return site.folder


def test_places_that_have_none_are_not_asked_again_unless_that_is_wanted(world: Clouded, site: Site) -> None:
    with pytest.raises(NowhereLeft):
        tries(world, site.folder).after(site, Request(), NOWHERE)


def test_they_are_asked_again_later_and_later(world: Clouded, site: Site) -> None:
    asked = tries(world, with_retry(site, "{on: no_capacity, attempts: 7}"))
    waited = []
    for _ in range(6):
        before = world.clock.monotonic()
        assert asked.after(site, Request(), NOWHERE).yes
        waited.append(world.clock.monotonic() - before)
    assert waited == [*WAITS, WAITS[-1], WAITS[-1]]
    with pytest.raises(NowhereLeft):
        asked.after(site, Request(), NOWHERE)


def test_it_is_told_when_and_which_time_it_is(world: Clouded, site: Site) -> None:
    tries(world, with_retry(site, "{on: [no_capacity], attempts: 3}")).after(site, Request(), NOWHERE)
    assert world.progress.notes[-1] == "no place has any: all of them again in 1 min (2 of 3)"


@pytest.mark.parametrize("error", [HostUnreachable("gone", hint="x"), AnsibleError("unreachable", hint="x")])
def test_a_machine_that_is_taken_back_before_main_py_runs_is_made_again(
    world: Clouded, site: Site, error: CynthusError
) -> None:
    taken(world, site)
    again = tries(world, site.folder).after(site, Request(), error)
    assert (again, newest(site).state) == (Request(yes=True), RunState.PREEMPTED)


def test_one_that_rested_before_is_not_gone_on_with_for_an_error_of_another(world: Clouded, site: Site) -> None:
    taken(world, site)
    status(world.tools, str(site.folder))
    resting = newest(site)
    site.runs.save(replace(resting.moved(RunState.PREEMPTED, at=resting.created_at, reason="taken")))
    asked = tries(world, site.folder)
    asked.begin(site)
    with pytest.raises(DownloadFailed):
        asked.after(site, Request(), DownloadFailed("no answer", hint="x"))


@pytest.mark.parametrize("error", [TerraformFailed("no", hint="x"), HostUnreachable("no route", hint="x")])
def test_another_error_is_none_of_its_business(world: Clouded, site: Site, error: CynthusError) -> None:
    if isinstance(error, TerraformFailed):
        taken(world, site)
    with pytest.raises(type(error)):
        tries(world, site.folder).after(site, Request(), error)


def test_it_is_not_made_again_where_nobody_wants_that(world: Clouded, site: Site) -> None:
    taken(world, site)
    with pytest.raises(HostUnreachable):
        tries(world, with_retry(site, "{on: []}")).after(site, Request(), HostUnreachable("gone", hint="x"))


def test_a_machine_that_is_taken_back_while_it_boots_is_made_again(tmp_path: Path) -> None:
    world = Clouded(tmp_path)
    folder = world.folder(spec=SPEC)
    world.cloud.lost_while_booting = {"4711", "4712"}
    outcome = up(world.tools, Request(str(folder), yes=True))
    assert (outcome.ending, world.cloud.made) == ("started", 3)
    world.home()
