"""A folder of .deb files that apt can use as a source."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cynthus.process import Command, run

if TYPE_CHECKING:
    from pathlib import Path


def index(folder: Path) -> None:
    """Write the `Packages` file, from which apt learns what there is (deb822, one paragraph a package)."""
    (folder / "Packages").write_text("\n".join(_paragraph(deb) for deb in sorted(folder.glob("*.deb"))))


def unpack(folder: Path, name: str, target: Path) -> None:
    """Unpack one package without installing it."""
    deb = next(folder.glob(f"{name}_*.deb"))
    answer = run(Command(("dpkg-deb", "--extract", str(deb), str(target))))
    assert answer.returncode == 0, answer.stderr.decode()


def _paragraph(deb: Path) -> str:
    control = run(Command(("dpkg-deb", "--field", str(deb)))).stdout.decode().rstrip("\n")
    data = deb.read_bytes()
    return f"{control}\nFilename: ./{deb.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
