"""Unpacks an archive that somebody else has made: nothing of it lands outside of its folder, or fills the disk."""

from __future__ import annotations

import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from contextlib import closing
from functools import partial
from typing import IO, TYPE_CHECKING, NamedTuple

from cynthus.agent.failure import ARCHIVE, DISK_FULL, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

_CHUNK = 1 << 20
_LARGEST_RATIO = 200
"""What an archive may become, by its own size. Tables of text become ten times as large, and zeros a thousand times."""
_ALWAYS = 100_000_000
"""Bytes that one may become in any case."""
MOST_FILES = 5_000_000
_KEEP = "`unpack: false` keeps it as one file; then main.py can look into it"


class _Member(NamedTuple):
    """Something in an archive: a `folder`, a link that says `target`, a second name of `twin`, or else a file that
    `opened` gives."""

    path: str
    opened: Callable[[], IO[bytes] | None] | None = None
    executable: bool = False
    folder: bool = False
    target: str | None = None
    twin: str | None = None


class _Budget:
    """How many bytes and files there may be."""

    def __init__(self, archive: Path, free: int) -> None:
        self._left = max(_ALWAYS, archive.stat().st_size * _LARGEST_RATIO)
        self._free = free
        self._files = MOST_FILES
        self._archive = archive

    def file(self) -> None:
        self._files -= 1
        if self._files < 0:
            raise _refusal(f"it holds more than {MOST_FILES:,} files")

    def take(self, size: int) -> None:
        self._left -= size
        self._free -= size
        if self._left < 0:
            raise _refusal("it becomes more than 200 times as large: that is no data, but made to fill a disk")
        if self._free < 0:
            hint = "make room on that disk and run the command again"
            raise Failure("there is not enough room to unpack it", hint=hint, code=DISK_FULL)


def unpack(archive: Path, target: Path) -> None:
    """Unpack a zip or tar file into the new folder `target`.

    Raises:
        Failure: it is none, is damaged, or is not safe to unpack.
        OSError: a file cannot be written.
    """
    target.mkdir(parents=True)
    found = os.statvfs(target)
    budget = _Budget(archive, found.f_bavail * found.f_frsize)
    try:
        if zipfile.is_zipfile(archive):
            members = _of_zip(archive)
        elif tarfile.is_tarfile(archive):
            members = _of_tar(archive)
        else:
            raise _refusal("it is no zip and no tar file")
        with closing(members):
            _Unpacking(target, budget).unpack(members)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError) as error:
        raise _refusal(f"it is damaged: {error}") from None
    except RuntimeError:
        raise _refusal("it is locked with a password") from None
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise _refusal(f"{error.filename} stands in it as a file and as a folder") from None


class _Unpacking:
    def __init__(self, target: Path, budget: _Budget) -> None:
        self._target = target
        self._budget = budget
        self._links: dict[str, str] = {}

    def unpack(self, members: Generator[_Member, None, None]) -> None:
        for member in members:
            self._budget.file()
            path = _inside(member.path, member.path)
            if member.folder or not path:
                (self._target / path).mkdir(parents=True, exist_ok=True)
            elif member.target is not None:
                # Last of all, so that nothing is written through one.
                self._links[path] = member.target
            else:
                self._write(path, member)
        for path, said in self._links.items():
            self._link(path, said)

    def _write(self, path: str, member: _Member) -> None:
        place = self._target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        # An archive that was added to has a later one of the same name.
        place.unlink(missing_ok=True)
        if member.twin is not None:
            twin = self._target / _inside(member.twin, path)
            if not twin.is_file():
                raise _refusal(f"{path!r} is a second name of {member.twin!r}, which is not in it")
            os.link(twin, place)
            return
        stream = member.opened() if member.opened else None
        assert stream is not None  # noqa: S101 - a file has one
        with stream, open(place, "xb") as output:
            while piece := stream.read(_CHUNK):
                self._budget.take(len(piece))
                output.write(piece)
        place.chmod(0o555 if member.executable else 0o444)

    def _link(self, path: str, said: str) -> None:
        folder = path.rpartition("/")[0]
        if said.startswith("/"):
            raise _refusal(f"{path!r} is a link that leads out of its folder")
        _inside(f"{folder}/{said}" if folder else said, path)
        place = self._target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(said)
        # A link may lead through another one, which is not where its words say.
        if not place.resolve().is_relative_to(self._target.resolve()):
            place.unlink()
            raise _refusal(f"{path!r} is a link that leads out of its folder")


def _inside(path: str, shown: str) -> str:
    """The path without steps that lead nowhere; '' is the folder itself."""
    steps: list[str] = []
    absolute = path.startswith(("/", "\\")) or path[1:3] in (":\\", ":/")
    for step in path.replace("\\", "/").split("/") if "\\" in path and "/" not in path else path.split("/"):
        if step == ".." and not steps:
            absolute = True
        elif step == "..":
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    if absolute or "\0" in path:
        raise _refusal(f"{shown!r} leads out of its folder")
    return "/".join(steps)


def _of_zip(archive: Path) -> Generator[_Member, None, None]:
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            mode = info.external_attr >> 16
            if stat.S_ISLNK(mode):
                yield _Member(info.filename, target=file.read(info)[:4096].decode(errors="surrogateescape"))
            elif info.is_dir():
                yield _Member(info.filename, folder=True)
            else:
                yield _Member(info.filename, partial(file.open, info), executable=bool(mode & 0o111))


def _of_tar(archive: Path) -> Generator[_Member, None, None]:
    with tarfile.open(archive, "r:*") as file:
        for info in file:
            if info.isdir():
                yield _Member(info.name, folder=True)
            elif info.issym():
                yield _Member(info.name, target=info.linkname)
            elif info.islnk():
                yield _Member(info.name, twin=info.linkname)
            elif info.isreg():
                yield _Member(info.name, partial(file.extractfile, info), executable=bool(info.mode & 0o111))
            else:
                raise _refusal(f"{info.name!r} is neither a file nor a folder")


def _refusal(why: str) -> Failure:
    return Failure(f"the archive was not unpacked: {why}", hint=_KEEP, code=ARCHIVE)
