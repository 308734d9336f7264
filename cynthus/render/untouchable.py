"""The names in a rendered folder that are the user's or Terraform's, and never ours."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from cynthus.core.names import ADOPTED, TERRAFORM_TEXTS

CUSTOM = (
    *(f"{name}{text}" for name in ("override", "*_override", "custom*") for text in TERRAFORM_TEXTS),
    "*.auto.tfvars",
    "*.auto.tfvars.json",
)
"""Files that a user adds to change what was rendered."""

READ = (*(f"*{text}" for text in TERRAFORM_TEXTS), "*.tfvars", "*.tfvars.json", "*.yml", "*.yaml")
"""What Terraform and Ansible read, whoever wrote it."""

WORKING = ("terraform.tfstate*", ".terraform*")
"""What Terraform keeps in the folder."""


def is_custom(path: str) -> bool:
    """Whether a path names a file by which users change what was rendered."""
    return _named(PurePosixPath(path).name, CUSTOM)


def is_read(path: str) -> bool:
    """Whether a path names a file that changes what Terraform or Ansible do."""
    return path != ADOPTED and _named(PurePosixPath(path).name, READ)


def is_untouchable(path: str) -> bool:
    """Whether a path, relative to the root, names something that is never written, compared or removed."""
    return is_custom(path) or any(_named(part, WORKING) for part in PurePosixPath(path).parts)


def is_inside(path: str) -> bool:
    """Whether a relative path names a file in the folder itself: no way up, and written in the one usual form."""
    parts = path.split("/")
    return "\0" not in path and all(part not in ("", ".", "..") for part in parts)


def _named(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
