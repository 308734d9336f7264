"""What can be read from a root folder without asking Terraform."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cynthus.core.names import BACKEND
from cynthus.files import read_json

if TYPE_CHECKING:
    from pathlib import Path


ENCRYPTED = "encrypted_data"
"""What OpenTofu calls the content of a state that nobody is to read without it."""


def state_is_local(root: Path) -> bool:
    """Whether the state lies in a file of this machine, so that a killed Terraform loses little of it.

    What cannot be read counts as remote: there a killed Terraform loses everything and leaves its lock behind.
    """
    try:
        recorded = read_json(root / ".terraform" / "terraform.tfstate") or {}
    except (OSError, ValueError):
        return False
    backend = recorded.get("backend")
    return backend is None or (isinstance(backend, dict) and backend.get("type") == "local")


def resource_count(root: Path) -> int | None:
    """How many resources the state holds; None where it lies elsewhere, cannot be read or is encrypted, as OpenTofu can
    do. No state holds none."""
    try:
        recorded = read_json(root / ".terraform" / "terraform.tfstate") or {}
        state = read_json(root / "terraform.tfstate") or {}
    except (OSError, ValueError):
        return None
    # A backend that somebody configured, or another workspace, may keep its state in a file of another name.
    # One that a clone brought along is configured by the first `terraform init`.
    elsewhere = recorded.get("backend") is not None or (root / BACKEND).exists()
    if elsewhere or (root / ".terraform" / "environment").exists() or ENCRYPTED in state:
        return None
    listed = state.get("resources")
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return sum(len(each.get("instances") or ()) for each in found if each.get("mode") != "data")


def is_encrypted(root: Path) -> bool:
    """Whether the local state is one that OpenTofu has encrypted."""
    try:
        state = read_json(root / "terraform.tfstate") or {}
    except (OSError, ValueError):
        return False
    return ENCRYPTED in state


def written_by_newer(root: Path, version: str) -> str | None:
    """The version that wrote the local state, if it is newer than `version`; else None.

    Terraform itself opens such a state without a word and downgrades it. Patch releases do not change the state, so
    that only the first two numbers count.
    """
    try:
        state = read_json(root / "terraform.tfstate") or {}
    except (OSError, ValueError):
        return None
    writer = state.get("terraform_version")
    if not isinstance(writer, str):
        return None
    theirs, ours = _release(writer), _release(version)
    return writer if theirs and ours and theirs > ours else None


def _release(version: str) -> tuple[int, int] | None:
    found = re.match(r"(\d{1,6})\.(\d{1,6})", version)
    return (int(found[1]), int(found[2])) if found else None
