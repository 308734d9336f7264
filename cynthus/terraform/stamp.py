"""Remembers that `terraform init` was done, so that it need not be done again."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from cynthus.core.names import BACKEND, TERRAFORM_TEXTS
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.terraform.binary import Binary


class Stamp:
    """A note inside `.terraform`, so that whoever deletes that folder deletes the note too."""

    def __init__(self, root: Path, binary: Binary) -> None:
        self._root = root
        self._binary = binary
        self._file = root / ".terraform" / "cynthus-init.json"

    def fresh(self) -> bool:
        """Whether everything is as it was after our last init."""
        try:
            return read_json(self._file) == self._now()
        except (OSError, ValueError):
            return False

    def write(self) -> None:
        """Note that init has just been done.

        Raises:
            OSError: the folder cannot be written.
        """
        # Without providers and modules, Terraform itself makes no such folder.
        self._file.parent.mkdir(exist_ok=True)
        write_json(self._file, self._now(), durable=False)

    def forget(self) -> None:
        """Let the next init be a real one."""
        self._file.unlink(missing_ok=True)

    def _now(self) -> dict[str, object]:
        digest = hashlib.sha256()
        for name, content in sorted(self._parts()):
            digest.update(json.dumps([name, hashlib.sha256(content).hexdigest()]).encode())
        return {"schema": 1, "terraform": str(self._binary.path), "content": digest.hexdigest()}

    def _parts(self) -> Iterator[tuple[str, bytes]]:
        """What init depends on and what it leaves behind.

        All Terraform files count, not only calls of modules and demands for providers: to tell these apart takes a
        parser, and an init too many takes 50 ms.
        """
        for file in _terraform_files(self._root):
            yield str(file.relative_to(self._root)), file.read_bytes()
        for name in (
            BACKEND, ".terraform.lock.hcl", ".terraform/modules/modules.json", ".terraform/terraform.tfstate"
        ):  # fmt: skip
            if (self._root / name).is_file():
                yield name, (self._root / name).read_bytes()
        # One entry a provider and platform; it is a link where the provider lies in a mirror, and may dangle.
        for folder in (self._root / ".terraform" / "providers").glob("*/*/*/*/*"):
            if folder.exists():
                yield str(folder.relative_to(self._root)), b""


def _terraform_files(root: Path) -> Iterator[Path]:
    """Every Terraform file of the root and its vendored modules."""
    for path in root.iterdir():
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            yield from _terraform_files(path)
        elif path.name.endswith(TERRAFORM_TEXTS) and path.is_file():
            yield path
