"""Packages to install, made here."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def wheel(folder: Path, name: str, *, version: str = "1.0", body: str = "") -> Path:
    """A wheel of one module, `name`, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", body or f"VERSION = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def sdist(folder: Path, name: str, *, requires: str = "", body: str = "", version: str = "1.0") -> Path:
    """A source package of one module, whose text is what `body` leaves in `text` when it is built."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "pyproject.toml": _PROJECT.format(requires=f'"{requires}"' if requires else ""),
        "backend.py": _BACKEND.format(name=name, version=version, body=body),
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, content in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{file}")
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
    return path


_PROJECT = """\
[build-system]
requires = [{requires}]
build-backend = "backend"
backend-path = ["."]
"""
_BACKEND = """\
import io
import tarfile
import zipfile
text = ""
{body}


def build_wheel(folder, *_):
    info = "{name}-{version}.dist-info"
    with zipfile.ZipFile(folder + "/{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr("{name}.py", text)
        archive.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        archive.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(info + "/RECORD", "")
    return "{name}-{version}-py3-none-any.whl"
"""
