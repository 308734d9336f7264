"""The verb `take`: the host's half of bringing data. It says what it lacks and gets just that, as a tar stream.

::

    the machine of the user                     the host
    {"folders": {ID: [[path, size, mtime]]},
     "checkpoints": PLACE, "links": {...}}   ->
                                             <- {"want": {ID: [path, ...]}}
    a tar stream, members ID/path            ->
                                             <- {"changed": ..., "files": ..., "bytes": ...}

An ID is that of a data entry, or the word `checkpoints`: what a deployment that is made anew begins with. These go to
PLACE beside the source, and only where the deployment has none of its own.
"""

from __future__ import annotations

import json
import os
import re
import tarfile
from typing import IO, TYPE_CHECKING, NamedTuple

from cynthus.agent.data import remove_others
from cynthus.agent.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.home import Home

_ID = re.compile(r"[0-9a-f]{16}")
_OUTSIDE = frozenset(["", ".", ".."])
"""Steps of a path that do not lead to a file below its folder. An absolute one begins with an empty step."""
_CHUNK = 1 << 20
_HINT = "run the command again: what has arrived stays"

CHECKPOINTS = "checkpoints"


class File(NamedTuple):
    """A file that should be there: its path in its folder, bytes, and when it was changed, in nanoseconds."""

    path: str
    size: int
    changed_at: int


Listing = dict[str, list[File]]


class Taken(NamedTuple):
    """What came: files and bytes that were missing, and whether anything of the data changed."""

    changed: bool
    files: int
    bytes: int


def take(home: Home, given: IO[bytes], said: IO[bytes]) -> Taken:
    """Take the data that arrives on `given`; what the listing lacks is removed.

    Raises:
        Failure: what arrives is not what was announced, or it ends too early.
        OSError: it cannot be written.
    """
    listing, links, roots = _announced(given.readline(), home)
    removed = sum(remove_others(roots[name], {each.path for each in files}) for name, files in listing.items())
    want = {
        name: [each.path for each in files if not _same(roots[name], each)] for name, files in listing.items()
    }
    said.write(json.dumps({"want": want}).encode() + b"\n")
    said.flush()
    missing = {f"{name}/{path}" for name, paths in want.items() for path in paths}
    size = _unpack(roots, given, set(missing)) if missing else 0
    _link(roots[CHECKPOINTS], links)
    return Taken(bool(missing or removed), len(missing), size)


def _announced(line: bytes, home: Home) -> tuple[Listing, dict[str, str], dict[str, Path]]:
    """What there is to take, links of the checkpoints, and where each folder goes."""
    try:
        said = json.loads(line)
        place, links = str(said["checkpoints"]), {str(path): str(target) for path, target in said["links"].items()}
        listing = {
            str(name): [File(str(path), int(size), int(changed_at)) for path, size, changed_at in files]
            for name, files in said["folders"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Failure("data: it was not announced as it should be", hint=_HINT) from None
    if home.checkpoints.exists():
        listing.pop(CHECKPOINTS, None)
        links = {}
    paths = [place, *links, *(each.path for files in listing.values() for each in files)]
    wrong = [path for path in paths if leads_out(path)]
    wrong += [name for name in listing if name != CHECKPOINTS and _ID.fullmatch(name) is None]
    if wrong:
        raise Failure(f"data: {wrong[0]!r} leads out of its folder", hint=_HINT)
    roots = {name: home.data / name for name in listing}
    return listing, links, {**roots, CHECKPOINTS: home.folder / "brought" / place}


def leads_out(path: str) -> bool:
    """Whether a path is none of a file below its folder."""
    return not _OUTSIDE.isdisjoint(path.split("/"))


def _link(folder: Path, links: Mapping[str, str]) -> None:
    # Last, so that nothing is written through one.
    for path, target in links.items():
        link = folder / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def _same(folder: Path, file: File) -> bool:
    try:
        here = (folder / file.path).lstat()
    except FileNotFoundError:
        return False
    return here.st_size == file.size and here.st_mtime_ns == file.changed_at


def _unpack(roots: Mapping[str, Path], stream: IO[bytes], missing: set[str]) -> int:
    total = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK) as tar:
            for member in tar:
                if member.name not in missing:
                    raise Failure(f"data: {member.name!r} was not asked for", hint=_HINT)
                name, _, path = member.name.partition("/")
                # Data is for reading; a checkpoint may be written over.
                total += _write(tar, member, roots[name] / path, mode=0o600 if name == CHECKPOINTS else 0o444)
                missing.discard(member.name)
    except (tarfile.TarError, EOFError) as error:
        raise Failure(f"data: the transfer was cut off: {error}", hint=_HINT) from None
    if missing:
        raise Failure(f"data: the transfer was cut off, {len(missing)} files are missing", hint=_HINT)
    return total


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, *, mode: int) -> int:
    stream = tar.extractfile(member) if member.isreg() else None
    changed_at = member.pax_headers.get("CYNTHUS.mtime_ns", "")
    if stream is None or not changed_at.removeprefix("-").isdecimal():
        raise Failure(f"data: {member.name!r} is no file that was sent as it should be", hint=_HINT)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.urandom(4).hex()}.part")
    try:
        with open(partial, "xb") as output:
            while piece := stream.read(_CHUNK):
                output.write(piece)
        partial.chmod(mode | (member.mode & (0o777 if mode & 0o200 else 0o111)))
        os.utime(partial, ns=(int(changed_at), int(changed_at)))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return member.size
