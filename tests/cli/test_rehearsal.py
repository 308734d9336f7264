"""The folder of a rehearsal: what of the user's it has, and that errors speak of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from cynthus.cli.app import App
from cynthus.cli.rehearsal import Set, as_at_home, assembled
from cynthus.errors import TerraformFailed
from cynthus.operations.rehearsal_folder import copied
from cynthus.terraform.diagnosis import GO_ON
from cynthus.testing.gcp.stage import stage
from tests.specs import spec

ID = "weather-0a1b2c"
FILES = (
    "main.py", "data/big.bin", "infra/gcp/compute/main.tf", "infra/gcp/compute/.terraform.lock.hcl",
    "infra/gcp/compute/modules/mine/main.tf", f".cynthus/{ID}/pristine/gcp/compute/main.tf",
    # What stays at home:
    "infra/gcp/compute/terraform.tfstate", "infra/gcp/compute/terraform.tfstate.backup",
    "infra/gcp/compute/.terraform/providers/x", f".cynthus/{ID}/journal.jsonl", f".cynthus/{ID}/runtime.tfvars.json",
)  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A rehearsal's folder, of one with all of these."""
    for name in FILES:
        file = tmp_path / "app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return copied(tmp_path / "app", tmp_path / "copy")


def test_what_the_user_made_of_the_files_comes_along(copy: Path) -> None:
    assert (copy / "infra/gcp/compute/modules/mine/main.tf").exists()
    assert (copy / "infra/gcp/compute/.terraform.lock.hcl").exists()


def test_so_does_what_edits_are_merged_with(copy: Path) -> None:
    assert (copy / f".cynthus/{ID}/pristine/gcp/compute/main.tf").exists()


def test_nothing_else_of_infra_and_of_our_records_does(copy: Path) -> None:
    left = [name for name in FILES[6:] if (copy / name).exists()]
    assert left == []


def test_the_rest_is_linked_and_not_copied(copy: Path) -> None:
    links = sorted(each.name for each in copy.iterdir() if each.is_symlink())
    assert links == ["data", "main.py"]


def test_what_is_written_to_the_copy_is_not_in_the_users_folder(copy: Path, tmp_path: Path) -> None:
    (copy / "infra/gcp/compute/main.tf").write_text("other")
    assert (tmp_path / "app/infra/gcp/compute/main.tf").read_text() == "infra/gcp/compute/main.tf"


def test_a_folder_of_which_nothing_was_rendered_yet_is_copied_too(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    assert list(copied(tmp_path / "app", tmp_path / "copy").iterdir()) == []


def fails(hint: str) -> TerraformFailed:
    """How an error in a folder below /private reads for somebody whose folder is /home/me/app."""
    details = ("on /private/app/main.py line 1",)
    error = TerraformFailed("it failed in /private/folder/infra", hint=hint, details=details)
    with pytest.raises(TerraformFailed) as caught, as_at_home(Path("/private"), Path("/home/me/app")):
        raise error
    return caught.value


def test_an_error_names_the_users_folder() -> None:
    error = fails("mend /private/folder/infra")
    assert error.message == str(error) == "it failed in /home/me/app/infra"
    assert error.details == ("on /home/me/app/main.py line 1",)
    assert error.hint == "mend /home/me/app/infra"


@pytest.mark.parametrize("hint", [
        GO_ON, "mend it; everything it said is in /private/logs/1", "it costs until `cynthus down` removes it",
        "`cynthus logs` shows what it printed",
    ],
)
def test_nobody_is_sent_to_what_a_rehearsal_leaves_nothing_of(hint: str) -> None:
    said = fails(hint).hint
    assert said == "nothing was made in the real cloud: mend what it says, if anything, and rehearse it again"


def test_connections_and_records_are_not_those_of_a_machine_of_the_same_name_that_really_stands(tmp_path: Path) -> None:
    with stage(spec(target="gcp", resources={"zone": "us-central1-a"}), {}, tmp_path / "infra", tmp_path, "") as played:
        played.environment = {**played.environment, "TF_PLUGIN_CACHE_DIR": "/cache"}
        settings = assembled(App(), Set(played, tmp_path, tmp_path / "memory")).settings
    assert (settings.tmpfs, settings.state_dir) == (tmp_path / "memory", tmp_path / "state/cynthus")
