"""A folder of .deb files that apt can use as a source."""

from __future__ import annotations

import hashlib
import tempfile
from typing import TYPE_CHECKING

from cynthus.process import Command, run

if TYPE_CHECKING:
    from pathlib import Path


def index(folder: Path) -> None:
    """Write the `Packages` file, from which apt learns what there is (deb822, one paragraph a package)."""
    (folder / "Packages").write_text("\n".join(_paragraph(deb) for deb in sorted(folder.glob("*.deb"))))


def loosen(folder: Path, *, above: int) -> None:
    """Store the packages of more than `above` bytes anew, uncompressed: to unpack Docker takes longer than to set it
    up, and many hosts do so."""
    for deb in sorted(folder.glob("*.deb")):
        if deb.stat().st_size > above:
            with tempfile.TemporaryDirectory(dir=folder) as place:
                for step in (("--raw-extract", str(deb), place), ("-Znone", "--build", place, str(deb))):
                    answer = run(Command(("dpkg-deb", *step)))
                    assert answer.returncode == 0, answer.stderr.decode()


def unpack(folder: Path, name: str, target: Path) -> None:
    """Unpack one package without installing it."""
    deb = next(folder.glob(f"{name}_*.deb"))
    answer = run(Command(("dpkg-deb", "--extract", str(deb), str(target))))
    assert answer.returncode == 0, answer.stderr.decode()


def _paragraph(deb: Path) -> str:
    control = run(Command(("dpkg-deb", "--field", str(deb)))).stdout.decode().rstrip("\n")
    data = deb.read_bytes()
    return f"{control}\nFilename: ./{deb.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
