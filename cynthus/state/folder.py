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
    def recipes(self) -> Path:
        """What environments were made of, named by their hash; written by `cynthus.state.recipes`."""
        return self.root / "recipes"

    @property
    def terraform_logs(self) -> Path:
        return self.root / "terraform"

    @property
    def backups(self) -> Path:
        """Copies of the state of the root that holds the hosts; those of the others lie in folders of it."""
        return self.root / "backups"

    def plan(self, root: str) -> Path:
        """The saved plan of a Terraform root, between being shown and being applied."""
        return self.root / f"{root}.tfplan"

    def applied(self, root: str) -> Path:
        """What a long-lived root was like when it was applied last; written by `cynthus.state.applied`."""
        return self.root / f"{root}.applied.json"

    @property
    def runtime_tfvars(self) -> Path:
        """Values for Terraform that are known only at run time; there need not be any."""
        return self.root / "runtime.tfvars.json"

    def runtime_tfvars_of(self, root: str) -> Path:
        """Those of a root beside the one that holds the hosts."""
        return self.root / f"{root}.runtime.tfvars.json"

    def known_checkpoints(self, host: str = "") -> Path:
        """Which checkpoints at home lie on the host too (`host`: one of several); written by `cynthus.state.known`."""
        return self.root / (f"checkpoints.{host}.json" if host else "checkpoints.json")

    def known_outputs(self, run_id: str, rank: int = 0) -> Path:
        """The same of a run's outputs on one of its hosts."""
        return self.runs / run_id / (f"outputs.{rank}.json" if rank else "outputs.json")

    def plots(self, run_id: str) -> Path:
        """The page that shows a run's metrics and images."""
        return self.root / "plots" / f"{run_id}.html"

    @property
    def machines(self) -> Path:
        """Which machines it had, and when; written by `cynthus.state.machines`."""
        return self.root / "machines.json"

    @property
    def heard(self) -> Path:
        """What each host said last."""
        return self.root / "heard"

    def log(self, run_id: str, rank: int = 0, attempt: int = 1) -> Path:
        """The copy at home of what an attempt at a run printed on one of its hosts."""
        name = "log" if attempt == 1 else f"log-{attempt}"
        return self.runs / run_id / (f"{name}.{rank}" if rank else name)

    def whole_log(self, run_id: str, rank: int = 0, attempt: int = 1) -> Path:
        """A file with the size of that copy, there once nothing more of the attempt's log can be had anywhere."""
        copy = self.log(run_id, rank, attempt)
        return copy.with_name(f"{copy.name}.whole")

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
