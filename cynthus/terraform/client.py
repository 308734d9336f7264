"""What the rest of Cynthus asks of Terraform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.plan import Plan

Activity = Callable[[str], None]
"""Told in a few words what Terraform does right now."""


class Terraform(Protocol):
    """Terraform in one root folder. Every method waits for the end; a KeyboardInterrupt or a timeout first asks
    Terraform once to stop, waits for it, and then goes on as an error. All methods raise TerraformError.
    """

    def init(self) -> bool:
        """Make the folder ready; gives False where it was already (lock file and .terraform unchanged)."""

    def plan(self, out: Path, *, var_files: tuple[Path, ...] = (), destroy: bool = False) -> Plan:
        """Write a plan to `out` and tell what it would change."""

    def apply(self, plan: Path) -> Mapping[str, object]:
        """Apply exactly the saved plan; gives the root's outputs by name."""

    def outputs(self) -> Mapping[str, object]:
        """The outputs in the state; empty where nothing stands."""

    def resources(self) -> tuple[str, ...]:
        """The addresses in the state; empty where nothing stands."""


class TerraformFactory(Protocol):
    """Opens Terraform for a root folder. `logs` is where its event streams are kept."""

    def __call__(self, root: Path, *, logs: Path, activity: Activity) -> Terraform: ...
