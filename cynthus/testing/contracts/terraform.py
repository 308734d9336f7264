"""What every `cynthus.terraform.client.Terraform` promises, as tests.

A test class inherits from `TerraformContract` and says how a root is written and opened::

    class TestMine(TerraformContract):
        def write(self, root, resources, outputs): ...
        def open(self, root, activity): ...
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pytest

from cynthus.core.plan import Change
from cynthus.errors import TerraformError, TerraformFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.terraform.client import Activity, Terraform


class TerraformContract(ABC):
    """Each test gets an empty folder."""

    @abstractmethod
    def write(self, root: Path, resources: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        """Describe in `root` resources `terraform_data.NAME` by their input, and outputs."""

    @abstractmethod
    def open(self, root: Path, activity: Activity) -> Terraform:
        """Terraform in `root`."""

    def terraform(self, tmp_path: Path, resources: Mapping[str, str], outputs: Mapping[str, str]) -> Terraform:
        """Terraform in a root that is ready."""
        self.write(tmp_path, resources, outputs)
        terraform = self.open(tmp_path, _quiet)
        terraform.init()
        return terraform

    def applied(self, tmp_path: Path, resources: Mapping[str, str], outputs: Mapping[str, str]) -> Terraform:
        """Terraform in a root where all that is described stands."""
        terraform = self.terraform(tmp_path, resources, outputs)
        terraform.plan(tmp_path / "saved.tfplan")
        terraform.apply(tmp_path / "saved.tfplan")
        return terraform

    def test_init_does_its_work_once(self, tmp_path: Path) -> None:
        self.write(tmp_path, {"a": "1"}, {})
        terraform = self.open(tmp_path, _quiet)
        assert [terraform.init(), terraform.init()] == [True, False]

    def test_nothing_stands_in_a_fresh_root(self, tmp_path: Path) -> None:
        assert self.terraform(tmp_path, {"a": "1"}, {}).resources() == ()

    def test_a_fresh_root_has_no_outputs(self, tmp_path: Path) -> None:
        assert self.terraform(tmp_path, {"a": "1"}, {"word": "x"}).outputs() == {}

    def test_the_plan_of_a_fresh_root_lists_creates(self, tmp_path: Path) -> None:
        plan = self.terraform(tmp_path, {"a": "1", "b": "2"}, {"word": "x"}).plan(tmp_path / "saved.tfplan")
        assert set(plan.changes) == {Change("terraform_data.a", "create"), Change("terraform_data.b", "create")}

    def test_a_plan_makes_nothing(self, tmp_path: Path) -> None:
        terraform = self.terraform(tmp_path, {"a": "1"}, {})
        terraform.plan(tmp_path / "saved.tfplan")
        assert terraform.resources() == ()

    def test_apply_makes_what_was_planned(self, tmp_path: Path) -> None:
        assert self.applied(tmp_path, {"a": "1", "b": "2"}, {}).resources() == ("terraform_data.a", "terraform_data.b")

    def test_apply_gives_the_outputs(self, tmp_path: Path) -> None:
        terraform = self.terraform(tmp_path, {"a": "1"}, {"word": "x"})
        terraform.plan(tmp_path / "saved.tfplan")
        assert terraform.apply(tmp_path / "saved.tfplan") == {"word": "x"}

    def test_the_outputs_stay_in_the_state(self, tmp_path: Path) -> None:
        assert self.applied(tmp_path, {"a": "1"}, {"word": "x"}).outputs() == {"word": "x"}

    def test_apply_tells_what_it_does(self, tmp_path: Path) -> None:
        told: list[str] = []
        self.terraform(tmp_path, {"a": "1"}, {}).plan(tmp_path / "saved.tfplan")
        self.open(tmp_path, told.append).apply(tmp_path / "saved.tfplan")
        assert any("terraform_data.a" in words for words in told)

    def test_a_second_plan_is_empty(self, tmp_path: Path) -> None:
        assert self.applied(tmp_path, {"a": "1"}, {"word": "x"}).plan(tmp_path / "saved.tfplan").empty

    def test_the_state_outlives_whoever_made_it(self, tmp_path: Path) -> None:
        self.applied(tmp_path, {"a": "1"}, {})
        assert self.open(tmp_path, _quiet).resources() == ("terraform_data.a",)

    def test_a_changed_input_is_an_update(self, tmp_path: Path) -> None:
        self.applied(tmp_path, {"a": "1"}, {})
        plan = self.terraform(tmp_path, {"a": "2"}, {}).plan(tmp_path / "saved.tfplan")
        assert plan.changes == (Change("terraform_data.a", "update"),)

    def test_a_resource_that_is_no_longer_described_goes(self, tmp_path: Path) -> None:
        self.applied(tmp_path, {"a": "1", "b": "2"}, {})
        plan = self.terraform(tmp_path, {"a": "1"}, {}).plan(tmp_path / "saved.tfplan")
        assert [(change.address, change.action) for change in plan.changes] == [("terraform_data.b", "delete")]

    def test_a_plan_that_only_changes_an_output_is_not_empty(self, tmp_path: Path) -> None:
        self.applied(tmp_path, {"a": "1"}, {"word": "x"})
        plan = self.terraform(tmp_path, {"a": "1"}, {"word": "y"}).plan(tmp_path / "saved.tfplan")
        assert plan.changes == (Change("output.word", "update"),)

    def test_a_plan_to_destroy_lists_deletes(self, tmp_path: Path) -> None:
        plan = self.applied(tmp_path, {"a": "1"}, {"word": "x"}).plan(tmp_path / "saved.tfplan", destroy=True)
        assert plan.changes == (Change("terraform_data.a", "delete"),)

    def test_nothing_stands_after_destroying(self, tmp_path: Path) -> None:
        terraform = self.applied(tmp_path, {"a": "1"}, {"word": "x"})
        terraform.plan(tmp_path / "saved.tfplan", destroy=True)
        outputs = terraform.apply(tmp_path / "saved.tfplan")
        assert (outputs, terraform.outputs(), terraform.resources()) == ({}, {}, ())

    def test_a_plan_from_before_another_apply_is_refused(self, tmp_path: Path) -> None:
        terraform = self.terraform(tmp_path, {"a": "1"}, {})
        terraform.plan(tmp_path / "old.tfplan")
        terraform.plan(tmp_path / "saved.tfplan")
        terraform.apply(tmp_path / "saved.tfplan")
        assert _refusal(terraform, tmp_path / "old.tfplan") is TerraformFailed

    def test_a_plan_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        assert _refusal(self.terraform(tmp_path, {"a": "1"}, {}), tmp_path / "no.tfplan") is TerraformFailed

    def test_a_folder_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(TerraformError, match="gone"):
            self.open(tmp_path / "gone", _quiet).resources()


def _refusal(terraform: Terraform, plan: Path) -> type[TerraformError] | None:
    try:
        terraform.apply(plan)
    except TerraformError as error:
        return type(error)
    return None


def _quiet(_: str) -> None:
    """Listens to no activity."""
