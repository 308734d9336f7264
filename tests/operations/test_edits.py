"""What the user does to the rendered files, and to what stands, between two `up`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.operations.down import down
from cynthus.operations.status import status
from cynthus.operations.up import Request, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.workshop import Workshop


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    """A folder whose run has succeeded."""
    made = workshop.folder()
    workshop.to_the_end(workshop.up(made))
    return made


@pytest.fixture
def root(folder: Path) -> Path:
    return folder / "infra/local/compute"


def destroy_by_hand(root: Path) -> None:
    """What `terraform destroy` leaves of the state."""
    state = json.loads((root / "terraform.tfstate").read_text())
    (root / "terraform.tfstate").write_text(json.dumps(state | {"resources": [], "outputs": {}}))


def test_without_an_edit_nothing_has_changed(workshop: Workshop, folder: Path) -> None:
    assert workshop.up(folder).ending == "unchanged"


def test_an_edited_file_is_a_change(workshop: Workshop, folder: Path, root: Path) -> None:
    (root / "main.tf").write_text("# mine\n")
    assert workshop.up(folder).ending == "started"


@pytest.mark.parametrize("name", ["main_override.tf", "custom.tf", "my.auto.tfvars", "my.auto.tfvars.json", "disk.tf"])
def test_a_file_of_the_users_own_is_a_change(workshop: Workshop, folder: Path, root: Path, name: str) -> None:
    (root / name).write_text("{}\n")
    assert workshop.up(folder).ending == "started"


def test_a_deleted_file_is_a_change(workshop: Workshop, folder: Path, root: Path) -> None:
    (root / "outputs.tf").unlink()
    assert workshop.up(folder).ending == "started"


def test_a_file_that_nobody_reads_is_no_change(workshop: Workshop, folder: Path, root: Path) -> None:
    (root / "notes.txt").write_text("mine\n")
    assert workshop.up(folder).ending == "unchanged"


def test_an_edit_counts_once(workshop: Workshop, folder: Path, root: Path) -> None:
    (root / "main.tf").write_text("# mine\n")
    workshop.to_the_end(workshop.up(folder))
    assert workshop.up(folder).ending == "unchanged"


def test_an_edit_that_was_merged_counts_once(workshop: Workshop, folder: Path, root: Path) -> None:
    values = json.loads((root / "terraform.tfvars.json").read_text())
    (root / "terraform.tfvars.json").write_text(json.dumps(values | {"mine": 1}))
    (folder / "cynthus.yaml").write_text("env: {A: b}\n")
    workshop.to_the_end(workshop.up(folder))
    assert workshop.up(folder).ending == "unchanged"


def test_an_edit_that_was_taken_back_is_a_change(workshop: Workshop, folder: Path, root: Path) -> None:
    before = (root / "main.tf").read_text()
    (root / "main.tf").write_text("# mine\n")
    workshop.to_the_end(workshop.up(folder))
    (root / "main.tf").write_text(before)
    assert workshop.up(folder).ending == "started"


def test_looking_for_edits_asks_neither_terraform_nor_ansible(workshop: Workshop, folder: Path) -> None:
    workshop.terraform.calls.clear()
    workshop.up(folder)
    assert workshop.terraform.calls == []


def test_status_tells_that_the_hosts_were_removed_by_hand(workshop: Workshop, folder: Path, root: Path) -> None:
    destroy_by_hand(root)
    found = status(workshop.tools, str(folder))
    assert (found.site.phase, "gone from Terraform's state" in found.problem) == ("gone", True)


def test_status_tells_that_the_state_is_gone(workshop: Workshop, folder: Path, root: Path) -> None:
    (root / "terraform.tfstate").unlink()
    assert status(workshop.tools, str(folder)).site.phase == "gone"


def test_a_state_that_lies_elsewhere_has_lost_nothing(workshop: Workshop, folder: Path, root: Path) -> None:
    destroy_by_hand(root)
    (root / ".terraform/terraform.tfstate").write_text('{"backend": {"type": "gcs"}}')
    assert status(workshop.tools, str(folder)).site.phase == "up"


def test_up_knows_that_the_hosts_were_removed_by_hand(workshop: Workshop, folder: Path, root: Path) -> None:
    destroy_by_hand(root)
    outcome = workshop.up(folder)
    assert (outcome.ending, outcome.site.hosts_gone) == ("unchanged", True)


def test_run_makes_hosts_again_that_were_removed_by_hand(workshop: Workshop, folder: Path, root: Path) -> None:
    destroy_by_hand(root)
    outcome = run(workshop.tools, Request(str(folder), yes=True))
    assert (outcome.ending, outcome.site.phase) == ("started", "up")
    workshop.to_the_end(outcome)


def test_down_removes_what_is_left_of_hosts_that_were_removed_by_hand(
    workshop: Workshop, folder: Path, root: Path
) -> None:
    destroy_by_hand(root)
    left = workshop.host(folder)
    down(workshop.tools, str(folder), yes=True)
    assert not left.exists()
    assert workshop.progress.results[-1] == "they were gone already"
