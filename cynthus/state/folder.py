"""Where the records of one deployment lie: below `.cynthus/<id>/` in the user's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.names import is_deployment_id
from cynthus.errors import UsageError
from cynthus.files import write_atomic
from cynthus.writing import writing

if TYPE_CHECKING:
    from pathlib import Path

OURS = ".cynthus"
"""The folder of ours in the user's folder; git ignores all of it."""


class DeploymentFolder(Struct, frozen=True):
    """The paths of one deployment's records. Nothing is read or written but by `create`."""

    folder: Path
    id: str

    def __post_init__(self) -> None:
        # The id is read from a file that users edit: it must not lead to another folder.
        if not is_deployment_id(self.id):
            raise UsageError(
                f"{self.id!r} is no deployment id",
                hint="put back the value of `deployment` in terraform.tfvars.json, or delete infra/ to begin anew",
            )

    @property
    def root(self) -> Path:
        return self.folder / OURS / self.id

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    @property
    def pristine(self) -> Path:
        """What was rendered last, by target and root: the base for merging the user's edits."""
        return self.root / "pristine"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def sources(self) -> Path:
        """Archives of the app's source, named by their content."""
        return self.root / "sources"

    @property
    def terraform_logs(self) -> Path:
        return self.root / "terraform"

    @property
    def backups(self) -> Path:
        """Copies of Terraform's state."""
        return self.root / "backups"

    @property
    def plan(self) -> Path:
        """The saved plan, between being shown and being applied."""
        return self.root / "plan.tfplan"

    @property
    def runtime_tfvars(self) -> Path:
        """Values for Terraform that are known only at run time; there need not be any."""
        return self.root / "runtime.tfvars.json"

    def known_checkpoints(self, host: str = "") -> Path:
        """Which checkpoints at home lie on the host too (`host`: one of several); written by `cynthus.state.known`."""
        return self.root / (f"checkpoints.{host}.json" if host else "checkpoints.json")

    def known_outputs(self, run_id: str, rank: int = 0) -> Path:
        """The same of a run's outputs on one of its hosts."""
        return self.runs / run_id / (f"outputs.{rank}.json" if rank else "outputs.json")

    @property
    def heard(self) -> Path:
        """What each host said last."""
        return self.root / "heard"

    def log(self, run_id: str, rank: int = 0) -> Path:
        """The copy at home of what a run printed on one of its hosts."""
        return self.runs / run_id / (f"log.{rank}" if rank else "log")

    def create(self) -> None:
        """Make the folders that are missing, and have git ignore them.

        Raises:
            FolderNotWritable: that cannot be done; the message says why.
            DiskFull: there is no room.
        """
        claim(self.folder)
        with writing(self.root):
            # A plan and the copies of the state may hold values that a provider calls sensitive.
            self.root.mkdir(mode=0o700, exist_ok=True)
            for folder in (self.runs, self.sources, self.terraform_logs, self.backups):
                folder.mkdir(exist_ok=True)


def claim(folder: Path) -> Path:
    """Make our folder in the user's, ignored by git, and give the path of the lock that all commands there share.

    One lock a folder and not one a deployment: two that begin at once have no deployment yet.

    Raises:
        FolderNotWritable: that cannot be done; the message says why.
        DiskFull: there is no room.
    """
    ours = folder / OURS
    with writing(ours):
        ours.mkdir(exist_ok=True)
        if not (ours / ".gitignore").exists():
            write_atomic(ours / ".gitignore", b"*\n")
    return lock_path(folder)


def lock_path(folder: Path) -> Path:
    """Where the lock of a folder lies, whether it was ever taken or not."""
    return folder / OURS / "lock"
