"""Several Terraform roots: which are planned when, and that each is applied after what it stands on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import TerraformFailed
from cynthus.operations.down import down
from cynthus.operations.plan import plan
from cynthus.operations.up import Request, prepare, run
from tests.operations.clouds import BASE, Clouded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


BROKEN = TerraformFailed("it does not work", hint="mend it")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Clouded]:
    made = Clouded(tmp_path)
    yield made
    made.home()


@pytest.fixture
def folder(world: Clouded) -> Path:
    """The folder of an app that stands."""
    made = world.folder()
    world.up(made)
    world.asked()
    return made


def again(world: Clouded, folder: Path) -> list[str]:
    """What Terraform is asked by another run."""
    world.asked()
    run(world.tools, Request(str(folder), yes=True))
    return world.asked()


def base(folder: Path) -> Path:
    return folder / "infra/gcp/base"


def test_what_lives_long_is_planned_and_made_before_the_hosts(world: Clouded) -> None:
    world.up(world.folder())
    assert world.asked() == ["plan base", "plan compute", "apply base", "apply compute"]


def test_every_play_is_told_of_the_hosts_wherever_the_state_lies(world: Clouded) -> None:
    world.up(world.folder(spec="gcp: {state: gs://lab}\n"))
    told = [[host.name for host in each.hosts] for each in world.plays.plays]
    assert told
    assert all(names == ["host-0"] for names in told), told


def test_what_would_be_made_is_shown_with_its_root(world: Clouded) -> None:
    world.up(world.folder())
    assert f"  + base/{BASE}" in world.progress.notes


def test_what_has_not_changed_is_not_planned_again(world: Clouded, folder: Path) -> None:
    assert again(world, folder) == ["plan compute"]


def test_an_edit_of_its_files_is_planned(world: Clouded, folder: Path) -> None:
    (base(folder) / "custom.tf").write_text("# mine\n")
    assert again(world, folder)[:2] == ["plan base", "plan compute"]


def test_an_edit_that_changes_nothing_is_planned_once(world: Clouded, folder: Path) -> None:
    (base(folder) / "custom.tf").write_text("# mine\n")
    again(world, folder)
    assert again(world, folder) == ["plan compute"]


def test_a_change_of_the_spec_is_planned(world: Clouded, folder: Path) -> None:
    (folder / "cynthus.yaml").write_text("target: gcp\nruntime: venv\ngcp: {network: lab}\n")
    assert "plan base" in again(world, folder)


@pytest.mark.parametrize("verb", ["apply base", "apply compute"])
def test_a_failed_apply_lets_everything_be_planned_again(world: Clouded, verb: str) -> None:
    folder = world.folder()
    world.terraform.failures[verb] = BROKEN
    with pytest.raises(TerraformFailed):
        world.up(folder)
    world.asked()
    world.up(folder)
    assert world.asked()[:2] == ["plan base", "plan compute"]


def test_after_a_failed_base_no_host_is_made(world: Clouded) -> None:
    world.terraform.failures["apply base"] = BROKEN
    with pytest.raises(TerraformFailed):
        world.up(world.folder())
    assert "apply compute" not in world.asked()


def test_a_state_that_was_emptied_by_hand_is_planned_again(world: Clouded, folder: Path) -> None:
    (base(folder) / "terraform.tfstate").unlink()
    assert again(world, folder)[:3] == ["plan base", "plan compute", "apply base"]


def test_plans_are_kept_no_longer_than_one_command(world: Clouded, folder: Path) -> None:
    assert again(world, folder)
    assert list(folder.glob(".cynthus/*/*.tfplan")) == []


def test_plan_shows_all_roots_and_makes_nothing(world: Clouded) -> None:
    found = plan(world.tools, Request(str(world.folder())))
    assert [each.address for each in found.prepared.plan.changes][:1] == [f"base/{BASE}"]
    assert world.asked() == ["plan base", "plan compute"]


def test_each_state_is_kept_in_a_copy(world: Clouded, folder: Path) -> None:
    backups = world.entry(folder)
    place = folder / ".cynthus" / backups.id / "backups"
    assert [bool(list(each.glob("*.tfstate*"))) for each in (place, place / "base")] == [True, True]


# prepare


def test_prepare_makes_what_costs_nothing_by_the_hour_and_no_host(world: Clouded) -> None:
    folder = world.folder()
    assert prepare(world.tools, Request(str(folder), yes=True)).ending == "prepared"
    assert world.asked() == ["plan base", "apply base"]
    assert (world.entry(folder).phase, world.entry(folder).hosts) == ("prepared", ())


def test_what_is_prepared_is_not_made_again(world: Clouded) -> None:
    folder = world.folder()
    prepare(world.tools, Request(str(folder), yes=True))
    world.asked()
    prepare(world.tools, Request(str(folder), yes=True))
    assert world.asked() == []


def test_a_prepared_app_is_brought_up_from_there(world: Clouded) -> None:
    folder = world.folder()
    first = prepare(world.tools, Request(str(folder), yes=True))
    world.asked()
    outcome = world.up(folder)
    assert (outcome.run.id, world.asked()) == (first.run.id, ["plan compute", "apply compute"])


def test_prepare_says_that_it_costs_nothing(world: Clouded) -> None:
    prepare(world.tools, Request(str(world.folder()), yes=True))
    assert "  on no machine yet: costs nothing" in world.progress.notes


# the end


def test_down_removes_the_hosts_and_keeps_the_rest(world: Clouded, folder: Path) -> None:
    down(world.tools, str(folder), yes=True)
    assert world.asked() == ["destroy compute", "apply compute"]
    assert (base(folder) / "terraform.tfstate").read_text().count(BASE.partition(".")[0]) == 1


def test_the_hosts_come_again_without_the_rest(world: Clouded, folder: Path) -> None:
    down(world.tools, str(folder), yes=True)
    assert again(world, folder) == ["plan compute", "apply compute"]


def test_destroy_removes_the_hosts_then_empties_the_buckets_then_removes_the_rest(
    world: Clouded, folder: Path
) -> None:
    assert down(world.tools, str(folder), yes=True, forget=True).forgotten
    assert world.asked() == ["destroy compute", "apply compute", "destroy base", "apply base"]
    assert world.cloud.events == ["empty the buckets"]
    assert world.tools.index.by_folder(folder) == ()


def test_destroy_after_down_removes_the_rest(world: Clouded, folder: Path) -> None:
    down(world.tools, str(folder), yes=True)
    world.asked()
    down(world.tools, str(folder), yes=True, forget=True)
    assert world.asked() == ["destroy base", "apply base"]


def test_a_destroy_that_failed_goes_on(world: Clouded, folder: Path) -> None:
    world.terraform.failures["apply base"] = BROKEN
    with pytest.raises(TerraformFailed):
        down(world.tools, str(folder), yes=True, forget=True)
    world.asked()
    assert down(world.tools, str(folder), yes=True, forget=True).forgotten
    assert world.asked() == ["destroy base", "apply base"]


def test_after_destroy_everything_is_made_anew(world: Clouded, folder: Path) -> None:
    down(world.tools, str(folder), yes=True, forget=True)
    assert again(world, folder) == ["plan base", "plan compute", "apply base", "apply compute"]


def test_in_a_clone_terraform_learns_where_the_state_lies_before_it_is_asked_what_that_holds(world: Clouded) -> None:
    folder = world.folder(spec="gcp: {state: gs://lab}\n")
    world.up(folder)
    for root in ("base", "compute"):
        shutil.rmtree(folder / "infra/gcp" / root / ".terraform")
    world.asked()
    down(world.tools, str(folder), yes=True, forget=True)
    found = world.asked("init", "resources")
    assert [each for each in found if each.endswith("compute")][:2] == ["init compute", "resources compute"]
    assert [each for each in found if each.endswith("base")][:2] == ["init base", "resources base"]
