"""The app's source as one file that is named after its content. The control side packs with this module too."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from cynthus.agent.failure import SOURCE, Failure
from cynthus.agent.listing import Item, leads_outside, listing, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.agent.spec import Spec

LARGE = 100 * 1000 * 1000
"""Bytes from which a file hardly belongs to a source."""
_CHUNK = 1 << 20
_HINT = "bring the source again; a source archive is written by Cynthus and never edited"


def unheard(done: int, total: int) -> None:
    """Nobody listens."""


class Packed(NamedTuple):
    """A packed source. `large` are its files that are larger than 100 MB."""

    hash: str
    path: Path
    large: tuple[str, ...]


def source_hash(
    folder: Path, spec: Spec, tell: Callable[[int, int], None] = unheard, left_out: list[str] | None = None
) -> str:
    """What `pack` would name the archive, without writing one. `tell` hears how many bytes of how many were read.

    What is left out for its size is added to `left_out`.

    Raises:
        Failure: something in the source cannot be read.
    """
    items = listing(folder, spec, left_out)
    digest, source = _Digest(_size(items), tell), folder / spec.source
    for item in items:
        digest.entry(item.path, _kind(item), item.target)
        if stat.S_ISREG(item.found.st_mode):
            with _open(source / item.path) as stream:
                while data := stream.read(_CHUNK):
                    digest.data(data)
    return digest.name


def _size(items: list[Item]) -> int:
    return sum(item.found.st_size for item in items if stat.S_ISREG(item.found.st_mode))


def pack(folder: Path, spec: Spec, into: Path, tell: Callable[[int, int], None] = unheard) -> Packed:
    """Write `<hash>.tar.gz` below `into`. The same content gives the same name and the same bytes. `tell`: as above.

    Raises:
        Failure: something in the source cannot be read.
        OSError: the archive cannot be written.
    """
    into.mkdir(parents=True, exist_ok=True)
    partial = into / f".{os.urandom(4).hex()}.part"
    items = listing(folder, spec)
    try:
        with open(partial, "wb") as stream:
            name = _write(stream, folder / spec.source, items, tell)
            # It is named after its content: what has the name must have that, after a power cut too.
            stream.flush()
            os.fsync(stream.fileno())
        target = into / f"{name}.tar.gz"
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return Packed(name, target, tuple(item.path for item in items if item.found.st_size > LARGE))


def whole(archive: Path) -> bool:
    """Whether an archive can be read to its end and is what was written, by the checksum that gzip keeps."""
    try:
        with gzip.open(archive) as stream:
            while stream.read(_CHUNK):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return archive.stat().st_size > 0


def unpack(archive: Path, target: Path) -> str:
    """Unpack below `target`, a new folder, and give the hash of what was in it.

    Raises:
        Failure: it is no such archive, or it would write outside of `target`.
    """
    digest = _Digest()
    links: list[tuple[Path, str]] = []
    target.mkdir(parents=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                _check(archive, member)
                _extract(tar, member, target, digest, links)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Failure(f"{archive} cannot be unpacked: {error}", hint=_HINT, code=SOURCE) from None
    # Links come last, so that nothing can be written through one.
    for path, to in links:
        path.symlink_to(to)
    return digest.name


class _Digest:
    """The hash over paths, kinds and contents: the same on every machine, whatever its zlib makes of them."""

    def __init__(self, size: int = 0, tell: Callable[[int, int], None] = unheard) -> None:
        self._total = hashlib.sha256()
        self._content = hashlib.sha256()
        self._size = size
        self._done = 0
        self._tell = tell

    def entry(self, path: str, kind: str, target: str) -> None:
        self._close()
        self._total.update("\0".join((path, kind, target, "")).encode("utf-8", "surrogateescape"))

    def data(self, data: bytes) -> None:
        self._content.update(data)
        self._done += len(data)
        self._tell(self._done, self._size)

    @property
    def name(self) -> str:
        self._close()
        return self._total.hexdigest()[:16]

    def _close(self) -> None:
        self._total.update(self._content.digest())
        self._content = hashlib.sha256()


def _kind(item: Item) -> str:
    if item.target:
        return "link"
    if stat.S_ISDIR(item.found.st_mode):
        return "folder"
    return "program" if item.executable else "file"


def _write(stream: IO[bytes], source: Path, items: list[Item], tell: Callable[[int, int], None]) -> str:
    digest = _Digest(_size(items), tell)
    # Neither a time nor a name in the header: the same content gives the same bytes.
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=stream, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for item in items:
            _add(tar, source, item, digest)
    return digest.name


def _add(tar: tarfile.TarFile, source: Path, item: Item, digest: _Digest) -> None:
    member = tarfile.TarInfo(item.path)
    kind = _kind(item)
    digest.entry(item.path, kind, item.target)
    member.mode = 0o644 if kind == "file" else 0o755
    if kind in ("file", "program"):
        with _open(source / item.path) as stream:
            # The size as it is now: the file may have grown since it was listed.
            member.size = os.fstat(stream.fileno()).st_size
            tar.addfile(member, cast("IO[bytes]", _Counted(stream, member.size, digest)))
        return
    member.type = tarfile.SYMTYPE if kind == "link" else tarfile.DIRTYPE
    member.linkname = item.target
    tar.addfile(member)


class _Counted:
    """A file of which exactly `size` bytes are read, each hashed on its way."""

    def __init__(self, stream: IO[bytes], size: int, digest: _Digest) -> None:
        self._stream = stream
        self._left = size
        self._digest = digest

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left))
        if not data and self._left:
            raise Failure(f"{self._stream.name} shrank while it was packed", hint="try again", code=SOURCE)
        self._left -= len(data)
        self._digest.data(data)
        return data


def _open(file: Path) -> IO[bytes]:
    try:
        return open(file, "rb")
    except OSError as error:
        raise unreadable(str(file), error) from None


def _check(archive: Path, member: tarfile.TarInfo) -> None:
    ways = member.name.split("/")
    outside = member.name.startswith("/") or ".." in ways or (
        member.issym() and leads_outside(member.name, member.linkname)
    )
    if outside or not (member.isreg() or member.isdir() or member.issym()):
        raise Failure(f"{archive}: {member.name!r} does not belong into a source", hint=_HINT, code=SOURCE)


def _extract(
    tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, digest: _Digest, links: list[tuple[Path, str]]
) -> None:
    path = target / member.name
    if member.issym():
        digest.entry(member.name, "link", member.linkname)
        links.append((path, member.linkname))
    elif member.isdir():
        digest.entry(member.name, "folder", "")
        path.mkdir(parents=True, exist_ok=True)
    else:
        digest.entry(member.name, "program" if member.mode & 0o100 else "file", "")
        _extract_file(tar, member, path, digest)


def _extract_file(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, digest: _Digest) -> None:
    stream = tar.extractfile(member)
    assert stream is not None  # noqa: S101 - only members that hold nothing give None
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "xb") as output:
        while data := stream.read(_CHUNK):
            digest.data(data)
            output.write(data)
    if member.mode & 0o100:
        path.chmod(path.stat().st_mode | 0o111)
