"""Opens Terraform for a folder, as the user's settings want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.terraform.adapter import TerraformCli, Timing
from cynthus.terraform.binary import Binary, find
from cynthus.terraform.environment import terraform_environment
from cynthus.terraform.execution import Patience

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.settings import Settings
    from cynthus.terraform.client import Activity


class TerraformCommand:
    """A `client.TerraformFactory`. The binary is looked for once, when the first folder is opened."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._binary: Binary | None = None

    def __call__(self, root: Path, *, logs: Path, activity: Activity) -> TerraformCli:
        """Raises: TerraformMissing."""
        if self._binary is None:
            self._binary = find(self._settings)
        return TerraformCli(
            root,
            self._binary,
            environment=terraform_environment(self._settings.environment),
            logs=logs,
            activity=activity,
            timing=Timing(Patience(timeout=self._settings.terraform_timeout)),
        )
