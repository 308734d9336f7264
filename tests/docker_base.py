"""A small image with Python, pip and a shell, made of this machine's own files: no registry is asked for one."""

from __future__ import annotations

import ensurepip
import io
import json
import re
import tarfile
import zipfile
from pathlib import Path

from cynthus.process import Command, run

PYTHON = Path("/usr/bin/python3")
_PROGRAMS = ("sh", "cat", "env", "id", "ls", "mkdir", "mv", "rm", "setsid", "sleep", "tar", "touch")
_LEFT_OUT = {"__pycache__", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tkinter", "turtledemo"}
_ASK = "import json, site, sysconfig; print(json.dumps([sysconfig.get_path('stdlib'), site.getsitepackages()[-1]]))"


def write_base(path: Path) -> None:
    """Write the tar that `docker import` makes the image of."""
    library, packages = json.loads(run(Command((str(PYTHON), "-I", "-S", "-c", _ASK))).stdout)
    with tarfile.open(path, "w") as tar:
        base = _Base(tar)
        base.folder("tmp", 0o1777)
        base.text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        base.text("etc/group", "root:x:0:\n")
        base.program(PYTHON.resolve(), "usr/bin/python3")
        base.link("usr/bin/python", "python3")
        for name in _PROGRAMS:
            base.program(next(p for p in (Path("/bin", name), Path("/usr/bin", name)) if p.exists()), f"bin/{name}")
        base.library(Path(library))
        base.unzip(_pip(), packages.lstrip("/"))


def _pip() -> Path:
    """The wheel of pip that comes with Python, or that Debian keeps for it."""
    places = (Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels"))
    return next(wheel for place in places for wheel in place.glob("pip-*.whl"))


class _Base:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._seen: set[str] = set()

    def folder(self, name: str, mode: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self._tar.addfile(entry)

    def text(self, name: str, text: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        self._tar.addfile(entry, io.BytesIO(text.encode()))

    def link(self, name: str, target: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(entry)

    def file(self, path: Path, name: str) -> None:
        if name not in self._seen:
            self._seen.add(name)
            self._tar.add(path.resolve(), name, recursive=False)

    def program(self, path: Path, name: str) -> None:
        """A program or an extension module, with the libraries that it is linked to."""
        self.file(path, name)
        said = run(Command(("ldd", str(path)))).stdout.decode()
        for library in re.findall(r"(/\S+) \(0x", said):
            self.file(Path(library), library.lstrip("/"))

    def library(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            below = path.relative_to(folder).parts
            if _LEFT_OUT & set(below) or below[0].startswith("config-") or not path.is_file():
                continue
            name = str(path).lstrip("/")
            if path.suffix == ".so":
                self.program(path, name)
            else:
                self.file(path, name)

    def unzip(self, wheel: Path, below: str) -> None:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                data = archive.read(name)
                entry = tarfile.TarInfo(f"{below}/{name}")
                entry.size = len(data)
                self._tar.addfile(entry, io.BytesIO(data))
