"""What the user does to the rendered files, and to what stands, between two `up`."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import RenderConflict, SecretMissing, TerraformFailed, UsageError
from cynthus.operations.diff import diff
from cynthus.operations.down import down
from cynthus.operations.plan import plan
from cynthus.operations.render import render
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


SHOWS = "import os, sys\nprint(sys.argv[1:], os.environ.get('WORD'), os.environ.get('OTHER'))\n"


def edit_run(root: Path, **values: object) -> None:
    told = json.loads((root / "run.json").read_text())
    (root / "run.json").write_text(json.dumps(told | values, indent=2) + "\n")


def printed(workshop: Workshop, folder: Path) -> str:
    """What the next `up` makes main.py print."""
    outcome = workshop.up(folder)
    workshop.to_the_end(outcome)
    return outcome.site.paths.log(outcome.run.id).read_text()


@pytest.fixture
def shows(workshop: Workshop) -> Path:
    """A folder, rendered only, whose main.py prints its arguments and two variables."""
    made = workshop.folder(main=SHOWS, spec="env: {WORD: rendered}\n")
    render(workshop.tools, Request(str(made), yes=True))
    return made


def test_a_value_that_was_edited_in_run_json_is_what_runs(workshop: Workshop, shows: Path) -> None:
    edit_run(shows / "infra/local/compute", env={"WORD": "mine"}, command=["python", "main.py", "-x"])
    assert printed(workshop, shows) == "['-x'] mine None\n"


def test_arguments_follow_an_edited_command(workshop: Workshop, shows: Path) -> None:
    edit_run(shows / "infra/local/compute", command=["python", "main.py", "-x"])
    outcome = run(workshop.tools, Request(str(shows), yes=True, arguments=("-y",)))
    workshop.to_the_end(outcome)
    assert "['-x', '-y']" in outcome.site.paths.log(outcome.run.id).read_text()


def test_an_edit_of_run_json_and_a_changed_spec_both_count(workshop: Workshop, shows: Path) -> None:
    edit_run(shows / "infra/local/compute", env={"WORD": "rendered", "OTHER": "mine"})
    (shows / "cynthus.yaml").write_text("env: {WORD: changed}\n")
    assert printed(workshop, shows) == "[] changed mine\n"


def test_an_edit_of_run_json_counts_once(workshop: Workshop, shows: Path) -> None:
    edit_run(shows / "infra/local/compute", env={"WORD": "mine"})
    printed(workshop, shows)
    assert workshop.up(shows).ending == "unchanged"


def test_up_says_which_values_come_from_an_edit_of_run_json(workshop: Workshop, shows: Path) -> None:
    edit_run(shows / "infra/local/compute", env={"WORD": "mine"})
    workshop.up(shows)
    assert "env: by your edit of infra/local/compute/run.json" in workshop.progress.notes


def test_without_an_edit_of_run_json_nothing_is_said_of_it(workshop: Workshop, shows: Path) -> None:
    workshop.up(shows)
    assert [note for note in workshop.progress.notes if "run.json" in note] == []


def test_an_edit_of_run_json_does_not_get_into_what_was_rendered(workshop: Workshop, shows: Path) -> None:
    edit_run(shows / "infra/local/compute", env={"WORD": "mine"})
    outcome = workshop.up(shows)
    assert '+    "WORD": "mine"' in diff(workshop.tools, outcome.site.id)[1][0].edits[0].diff


def test_run_json_that_describes_no_run_is_told_with_its_path(workshop: Workshop, shows: Path) -> None:
    edit_run(shows / "infra/local/compute", command="python main.py")
    with pytest.raises(UsageError, match=r"infra/local/compute/run\.json: 'command' is 'python main\.py'"):
        workshop.up(shows)


def test_a_secret_that_an_edit_of_run_json_names_must_have_a_value(workshop: Workshop, shows: Path) -> None:
    edit_run(shows / "infra/local/compute", secrets=["NOPE"])
    with pytest.raises(SecretMissing, match="NOPE"):
        workshop.up(shows)


def test_a_run_json_that_is_no_json_is_told(workshop: Workshop, shows: Path) -> None:
    (shows / "infra/local/compute/run.json").write_text("{")
    with pytest.raises(UsageError, match=r"run\.json cannot be read as JSON"):
        workshop.up(shows)


def test_an_edit_of_run_json_that_contradicts_the_spec_is_a_conflict(workshop: Workshop, shows: Path) -> None:
    edit_run(shows / "infra/local/compute", env={"WORD": "mine"})
    (shows / "cynthus.yaml").write_text("env: {WORD: other}\n")
    with pytest.raises(RenderConflict, match=r"run\.json"):
        workshop.up(shows)


@pytest.mark.parametrize("name", ["terraform.tfvars.json", "run.json", "ansible/roles/agent/files/cynthus-agent.pyz"])
def test_a_deleted_file_that_is_needed_is_written_anew_and_is_no_change(
    workshop: Workshop, folder: Path, root: Path, name: str
) -> None:
    before = (root / name).read_bytes()
    (root / name).unlink()
    assert workshop.up(folder).ending == "unchanged"
    assert (root / name).read_bytes() == before


def test_values_that_were_deleted_do_not_stop_down(workshop: Workshop, folder: Path, root: Path) -> None:
    (root / "terraform.tfvars.json").unlink()
    down(workshop.tools, str(folder), yes=True)
    assert "terraform.tfvars.json was missing, and was written anew" in workshop.progress.notes


def test_values_that_were_deleted_with_all_records_are_the_deployments_id(
    workshop: Workshop, folder: Path, root: Path
) -> None:
    entry = workshop.tools.index.by_folder(folder)[0]
    (root / "terraform.tfvars.json").unlink()
    shutil.rmtree(folder / ".cynthus")
    down(workshop.tools, str(folder), yes=True)
    assert json.loads((root / "terraform.tfvars.json").read_text()) == {"deployment": entry.id}


def test_deleting_unreadable_values_is_a_way_out(workshop: Workshop, folder: Path, root: Path) -> None:
    before = (root / "terraform.tfvars.json").read_bytes()
    (root / "terraform.tfvars.json").write_text("{")
    with pytest.raises(UsageError) as caught:
        workshop.up(folder)
    (root / "terraform.tfvars.json").unlink()
    workshop.up(folder)
    assert "delete it: `cynthus up` and `cynthus down` write it anew" in caught.value.hint
    assert (root / "terraform.tfvars.json").read_bytes() == before


BROKEN = TerraformFailed("reference to undeclared local value", hint="mend it")


@pytest.fixture
def without(workshop: Workshop) -> Path:
    """A rendered folder in which three files are deleted."""
    made = workshop.folder()
    render(workshop.tools, Request(str(made), yes=True))
    for name in ("main.tf", "modules/local_host/main.tf", "modules/local_host/versions.tf"):
        (made / "infra/local/compute" / name).unlink()
    return made


@pytest.mark.parametrize(
    ("word", "back"),
    [
        ("main.tf", ["main.tf"]),
        ("infra/local/compute/main.tf", ["main.tf"]),
        ("modules", ["modules/local_host/main.tf", "modules/local_host/versions.tf"]),
        ("./modules/", ["modules/local_host/main.tf", "modules/local_host/versions.tf"]),
        (".", ["main.tf", "modules/local_host/main.tf", "modules/local_host/versions.tf"]),
    ],
)
def test_a_deleted_file_comes_back_when_asked_for(
    workshop: Workshop, without: Path, word: str, back: list[str]
) -> None:
    written = render(workshop.tools, Request(str(without), yes=True), [word])
    assert [change.path for change in written.changes if change.kind == "new"] == back
    assert all((written.site.root() / path).exists() for path in back)


def test_what_is_not_deleted_cannot_come_back(workshop: Workshop, without: Path) -> None:
    with pytest.raises(UsageError, match=r"outputs\.tf: no file is deleted there") as caught:
        render(workshop.tools, Request(str(without), yes=True), ["outputs.tf", "main.tf"])
    assert "deleted are: main.tf, modules/local_host/main.tf" in caught.value.hint
    assert not (without / "infra/local/compute/main.tf").exists()


def test_an_edited_file_is_not_restored(workshop: Workshop, folder: Path, root: Path) -> None:
    (root / "main.tf").write_text("# mine\n")
    with pytest.raises(UsageError, match="no file is deleted there"):
        render(workshop.tools, Request(str(folder), yes=True), ["main.tf"])


def test_where_terraform_fails_the_deleted_files_are_named(workshop: Workshop, without: Path) -> None:
    workshop.terraform.failures["plan"] = BROKEN
    (without / "infra/local/compute/outputs.tf").unlink()
    with pytest.raises(TerraformFailed) as caught:
        plan(workshop.tools, Request(str(without), yes=True))
    assert "you deleted main.tf, " in caught.value.hint
    assert "`cynthus render --restore .` brings them back; mend it" in caught.value.hint


def test_where_terraform_fails_for_another_reason_nothing_is_said_of_deleted_files(workshop: Workshop) -> None:
    workshop.terraform.failures["plan"] = BROKEN
    with pytest.raises(TerraformFailed) as caught:
        plan(workshop.tools, Request(str(workshop.folder()), yes=True))
    assert caught.value.hint == BROKEN.hint


def test_where_down_fails_the_deleted_files_are_named(workshop: Workshop, folder: Path, root: Path) -> None:
    (root / "main.tf").unlink()
    workshop.terraform.failures["destroy"] = BROKEN
    with pytest.raises(TerraformFailed) as caught:
        down(workshop.tools, str(folder), yes=True)
    assert "you deleted main.tf: `cynthus render --restore main.tf` brings it back" in caught.value.hint
