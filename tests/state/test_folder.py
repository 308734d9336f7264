from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import DiskFull, FolderNotWritable, UsageError
from cynthus.process import Command, run
from cynthus.state.folder import DeploymentFolder
from tests.state.examples import ID

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_everything_lies_below_the_deployments_own_folder(tmp_path: Path) -> None:
    paths = DeploymentFolder(tmp_path, ID)
    named = (
        paths.journal, paths.pristine, paths.runs, paths.sources, paths.terraform_logs, paths.backups,
        paths.plan("compute"), paths.plan("base"), paths.runtime_tfvars, paths.runtime_tfvars_of("base"),
        paths.applied("base"), paths.known_checkpoints(), paths.known_checkpoints("host-1"),
    )  # fmt: skip
    assert {path.parent for path in named} == {tmp_path / ".cynthus" / ID}
    assert len(set(named)) == len(named)


def test_a_runs_log_lies_in_the_runs_folder(tmp_path: Path) -> None:
    paths = DeploymentFolder(tmp_path, ID)
    assert paths.log("20260102-030405-beef") == paths.runs / "20260102-030405-beef" / "log"


def test_a_path_is_worked_out_without_a_look_at_the_disk(tmp_path: Path) -> None:
    assert not DeploymentFolder(tmp_path, ID).root.exists()


def test_git_ignores_all_of_it(tmp_path: Path) -> None:
    DeploymentFolder(tmp_path, ID).create()
    assert (tmp_path / ".cynthus" / ".gitignore").read_text() == "*\n"


def test_git_itself_sees_nothing(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    run(Command(("git", "init", "-q"), cwd=tmp_path))
    DeploymentFolder(tmp_path, ID).create()
    assert run(Command(("git", "status", "--porcelain", "-uall"), cwd=tmp_path)).stdout == b""


def test_an_ignore_file_of_the_users_stays(tmp_path: Path) -> None:
    (tmp_path / ".cynthus").mkdir()
    (tmp_path / ".cynthus" / ".gitignore").write_text("!runs\n")
    DeploymentFolder(tmp_path, ID).create()
    assert (tmp_path / ".cynthus" / ".gitignore").read_text() == "!runs\n"


def test_creating_twice_is_fine(tmp_path: Path) -> None:
    DeploymentFolder(tmp_path, ID).create()
    DeploymentFolder(tmp_path, ID).create()
    assert DeploymentFolder(tmp_path, ID).backups.is_dir()


def test_nothing_is_taken_for_rendered_before_it_was(tmp_path: Path) -> None:
    DeploymentFolder(tmp_path, ID).create()
    assert not DeploymentFolder(tmp_path, ID).pristine.exists()


@pytest.mark.parametrize("id", ["", "..", "../../elsewhere", "weather", "/etc", "weather-0a1b2c\n"])
def test_an_id_that_a_user_edited_leads_to_no_other_folder(tmp_path: Path, id: str) -> None:  # noqa: A002
    with pytest.raises(UsageError, match="no deployment id"):
        DeploymentFolder(tmp_path, id)


@pytest.mark.parametrize("where", [".cynthus", f".cynthus/{ID}", f".cynthus/{ID}/runs"])
def test_a_file_in_the_way_is_named(tmp_path: Path, where: str) -> None:
    (tmp_path / where).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / where).touch()
    with pytest.raises(FolderNotWritable, match="is in the way: it is a f"):
        DeploymentFolder(tmp_path, ID).create()


def test_a_read_only_folder_is_said(read_only: Path) -> None:
    with pytest.raises(FolderNotWritable, match="the file system is read-only"):
        DeploymentFolder(read_only, ID).create()


def test_a_full_disk_is_said(full_disk: Path) -> None:
    with pytest.raises(DiskFull):
        DeploymentFolder(full_disk, ID).create()


@pytest.fixture
def not_ours() -> Iterator[Path]:
    """A folder that everybody may enter and only its owner may write to."""
    folder = Path(tempfile.mkdtemp(prefix="cynthus-test-"))
    folder.chmod(0o555)
    yield folder
    shutil.rmtree(folder)


CREATE = """
import os, sys
from pathlib import Path
from cynthus.errors import FolderNotWritable
from cynthus.state.folder import DeploymentFolder
if os.getuid() == 0:
    os.setuid(65534)
try:
    DeploymentFolder(Path(sys.argv[1]), sys.argv[2]).create()
except FolderNotWritable as error:
    print(error.message)
"""


def test_a_folder_of_somebody_else_is_said(not_ours: Path) -> None:
    answer = run(Command((sys.executable, "-c", CREATE, str(not_ours), ID), env=dict(os.environ)))
    assert answer.stdout.decode().endswith(": it is not permitted\n"), answer
