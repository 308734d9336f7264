"""The verb `send`: the user's half of bringing data to a host. `take` tells how the two talk."""

from __future__ import annotations

import json
import os
import shlex
import stat
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from cynthus.agent import data
from cynthus.agent.checkpoints import CUT_OFF
from cynthus.agent.failure import HOST, Failure
from cynthus.agent.moving import Moving, note_of
from cynthus.agent.take import CHECKPOINTS
from cynthus.process import Command, Conversation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cynthus.agent.spec import Spec

_AGAIN = "run the command again: what has arrived stays"


def send(
    folder: Path, spec: Spec, ssh: Sequence[str], take: Sequence[str], *, host: str = ""
) -> Mapping[str, object]:
    """Bring the data that the spec names; gives what the host says it came to.

    `ssh` is the command line that leads to the host, `take` the words of the verb there. One of several hosts is named:
    its checkpoints lie in a folder of that name.

    Raises:
        Failure: data cannot be read, or the host did not take it.
    """
    sources = {data.name_of(entry, folder): data.source_of(entry, folder) for entry in data.beside(spec)}
    listing = {name: [(path, found.st_size, found.st_mtime_ns) for path, found in data.walk(source)]
               for name, source in sources.items()}  # fmt: skip
    saved = folder / spec.checkpoints / host
    files, links = _checkpoints(saved)
    folders = {**listing, CHECKPOINTS: files}
    announced = {"folders": folders, "checkpoints": spec.checkpoints.rstrip("/"), "links": links}
    with tempfile.TemporaryFile() as errors:
        talk = Conversation(Command((*ssh, shlex.join(take))), stderr=errors)
        try:
            talk.say(json.dumps(announced).encode() + b"\n")
            want = _heard(talk, errors)["want"]
            if any(want.values()):
                moving = Moving(note_of(folder, spec.deployment, host), _amount(folders, want))
                # Where the host hangs up, what it says last tells why.
                with suppress(_Lost):
                    _stream(_Mouth(talk, moving), {**sources, CHECKPOINTS: saved}, want)
                moving.end()
            talk.end()
            return _heard(talk, errors)
        finally:
            talk.close()


def has_any(folder: Path, spec: Spec) -> bool:
    """Whether there is anything to bring: data, or checkpoints to begin with."""
    return bool(data.beside(spec)) or any((folder / spec.checkpoints).glob("*"))


def _checkpoints(saved: Path) -> tuple[list[tuple[str, int, int]], dict[str, str]]:
    """The files of saved checkpoints, and the links among them, which stay links."""
    files, links = [], {}
    for parent, names, entries in os.walk(saved):
        for name in (*names, *entries):
            path = Path(parent) / name
            found, place = path.lstat(), str(path.relative_to(saved))
            if stat.S_ISLNK(found.st_mode):
                links[place] = os.readlink(path)  # noqa: PTH115 - its own words
            elif stat.S_ISREG(found.st_mode) and not CUT_OFF.fullmatch(name):
                files.append((place, found.st_size, found.st_mtime_ns))
    return files, links


def _heard(talk: Conversation, errors: IO[bytes]) -> dict[str, Any]:
    while line := talk.hear_line():
        said = _document(line)
        if said is None:
            continue  # of a login script, say
        if isinstance(problem := said.get("error"), dict):
            raise Failure(problem["message"], hint=problem["hint"], code=problem["code"], details=problem["details"])
        return said
    talk.await_end(5)
    errors.seek(0)
    words = errors.read().decode(errors="replace").strip().splitlines()
    reason = (words or ["no reason was given"])[-1]
    raise Failure(f"data: the host did not take it: {reason}", hint=_AGAIN, code=HOST)


def _document(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _amount(folders: Mapping[str, Sequence[tuple[str, int, int]]], want: Mapping[str, Sequence[str]]) -> int:
    """The bytes of what the host wants."""
    wanted = {name: frozenset(paths) for name, paths in want.items()}
    return sum(size for name, files in folders.items() for path, size, _ in files if path in wanted.get(name, ()))


def _stream(mouth: _Mouth, sources: Mapping[str, Path], want: Mapping[str, Sequence[str]]) -> None:
    with tarfile.open(fileobj=cast("IO[bytes]", mouth), mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, paths in want.items():
            for path in paths:
                source = sources[name]
                _add(tar, f"{name}/{path}", source if source.is_file() else source / path)


def _add(tar: tarfile.TarFile, name: str, file: Path) -> None:
    member = tarfile.TarInfo(name)
    with open(file, "rb") as stream:
        found = os.fstat(stream.fileno())
        member.size, member.mode = found.st_size, found.st_mode & 0o777
        # The header's own time is of seconds, or a float: neither tells a file from a later one for sure.
        member.pax_headers = {"CYNTHUS.mtime_ns": str(found.st_mtime_ns)}
        tar.addfile(member, stream)


class _Lost(Exception):
    """The host does not listen any more."""


class _Mouth:
    """What tarfile writes to."""

    def __init__(self, talk: Conversation, moving: Moving) -> None:
        self._talk = talk
        self._moving = moving

    def write(self, piece: bytes) -> int:
        if not self._talk.say(piece):
            raise _Lost
        self._moving.add(len(piece))
        return len(piece)
