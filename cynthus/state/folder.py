"""Where the records of one deployment lie: below `.cynthus/<id>/` in the user's folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cynthus.core.names import is_deployment_id
from cynthus.errors import UsageError
from cynthus.files import write_atomic
from cynthus.writing import writing

if TYPE_CHECKING:
    from pathlib import Path

OURS = ".cynthus"
"""The folder of ours in the user's folder; git ignores all of it."""


@dataclass(frozen=True)
class DeploymentFolder:
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
    def lock(self) -> Path:
        return self.root / "lock"

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

    def log(self, run_id: str) -> Path:
        """The copy at home of what a run printed."""
        return self.runs / run_id / "log"

    def create(self) -> None:
        """Make the folders that are missing, and have git ignore them.

        Raises:
            FolderNotWritable: that cannot be done; the message says why.
            DiskFull: there is no room.
        """
        with writing(self.root):
            for folder in (self.root, self.runs, self.sources, self.terraform_logs, self.backups):
                folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder / OURS / ".gitignore"
            if not ignore.exists():
                write_atomic(ignore, b"*\n")
