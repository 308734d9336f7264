"""Where tests take Terraform's providers from: wherever `terraform init` can get them, or the mirror that the variable
CYNTHUS_TF_MIRROR names, for machines that reach no registry."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MIRROR = "CYNTHUS_TF_MIRROR"
"""Names a folder, as `terraform providers mirror` makes one."""


def configured(folder: Path, mirror: Path | str) -> dict[str, str]:
    """The variable by which Terraform takes providers from a mirror alone; its configuration is written to `folder`."""
    config = folder / "terraform.rc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    return {"TF_CLI_CONFIG_FILE": str(config)}


def named(folder: Path) -> dict[str, str]:
    """The same for the mirror that CYNTHUS_TF_MIRROR names; nothing where it names none."""
    mirror = os.environ.get(MIRROR)
    return configured(folder, mirror) if mirror else {}
