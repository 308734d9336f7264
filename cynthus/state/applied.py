"""What a long-lived Terraform root was like when it was applied last: while it is the same, nobody plans it again."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.names import TERRAFORM_TEXTS
from cynthus.errors import CynthusError
from cynthus.state.record import load, save

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_READ = (*TERRAFORM_TEXTS, ".tfvars", ".tfvars.json", ".tfbackend.json")
"""How the names of files end that Terraform reads; the last one says where the state lies."""


class Applied(Struct, frozen=True):
    """`content` stands for the files that were applied."""

    content: str


def content_of(root: Path) -> str:
    """Another text for each state of the files of a root that Terraform reads.

    Raises:
        OSError: one of them cannot be read.
    """
    digest = hashlib.sha256()
    for file in sorted(_files(root)):
        digest.update(f"{file.relative_to(root)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def is_applied(record: Path, root: Path) -> bool:
    """Whether the root is as it was applied last. Where nobody can tell it is not."""
    with suppress(CynthusError, OSError):
        found = load(record, Applied)
        return found is not None and found.content == content_of(root)
    return False


def note_applied(record: Path, root: Path) -> None:
    """Remember the root as it is. What cannot be remembered is planned again."""
    with suppress(CynthusError, OSError):
        save(record, Applied(content_of(root)))


def _files(root: Path) -> Iterator[Path]:
    for path in root.iterdir():
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            yield from _files(path)
        elif path.name.endswith(_READ) and path.is_file():
            yield path
