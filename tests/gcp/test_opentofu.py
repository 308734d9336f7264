"""From a folder to a finished run and back to nothing with OpenTofu in Terraform's place; its registry is another one.
Each test goes on where the one before it stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gcp.someone import Someone, someone
from tests.terraforms import opentofu

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.terraform.binary import Binary
    from tests.bed.beds import Bed
    from tests.journeys.user import Ended

__all__ = ["opentofu"]  # a fixture

pytestmark = [pytest.mark.hosts, pytest.mark.cloud]


@pytest.fixture(scope="module")
def person(
    opentofu: Binary, bed: Bed, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Someone]:
    machine = bed.host()
    with someone(tmp_path_factory.mktemp("somebody"), google, [machine]) as made:
        made.user.environment["CYNTHUS_TERRAFORM"] = str(opentofu.path)
        yield made
    bed.remove(machine)


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    return person.folder(main="print('made by OpenTofu')\n", more="runtime: venv\n")


@pytest.fixture(scope="module")
def first(person: Someone, app: Path) -> Ended:
    return person.user.cynthus("up", app, "-y", timeout=240)


def test_one_command_goes_from_the_folder_to_the_log(first: Ended) -> None:
    assert (first.code, first.out) == (0, "made by OpenTofu\n"), first


@pytest.mark.parametrize("root", ["base", "compute"])
def test_each_state_is_of_its_own_registry(app: Path, root: str) -> None:
    state = (app / "infra/gcp" / root / "terraform.tfstate").read_text()
    assert ("registry.opentofu.org/hashicorp/google" in state, "registry.terraform.io" in state) == (True, False)


def test_a_second_plan_of_each_root_is_empty(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("plan", app, "--detailed-exitcode", "--json")
    assert (answer.code, answer.document["changes"]) == (0, []), answer


def test_what_no_state_knows_is_taken_over(person: Someone, app: Path) -> None:
    before = person.standing()
    (app / "main.py").write_text("print('again')\n")
    for lost in (*app.glob("infra/gcp/base/terraform.tfstate*"), *app.glob(".cynthus/*/base.applied.json")):
        lost.unlink()
    answer = person.user.cynthus("up", app, "-y")
    assert (answer.code, answer.out) == (0, "again\n"), answer
    assert "there already, and taken over: module.identity." in answer.err
    assert person.standing() == before


def test_down_leaves_no_machine(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("down", app, "-y")
    assert (answer.code, person.cloud.instances()) == (0, []), answer


def test_destroy_leaves_nothing(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("destroy", app, "-y")
    assert (answer.code, person.standing()) == (0, {}), answer
