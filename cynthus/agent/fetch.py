"""The verb `fetch`: data that lies elsewhere, or a model, comes to the host itself, whole or not at all.

::

    data/ID/            what a reference led to; there only as a whole, and read by all runs
    data/ID.json        what it is, for people
    data/.ID.part/      what has arrived so far, for whoever goes on
    models/             the same for models
    data/fetching.log   what is going on just now
"""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from cynthus import objects
from cynthus.agent import clock, lock, wanted
from cynthus.agent.download import insist_on_room
from cynthus.agent.failure import Failure
from cynthus.agent.home import cache_folder
from cynthus.agent.settled import settle
from cynthus.agent.telling import Telling, arrived
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cynthus.agent.home import Home
    from cynthus.agent.wanted import Wanted


SETTINGS = frozenset(["HF_ENDPOINT", "KAGGLE_API_ENDPOINT", "STORAGE_EMULATOR_HOST", "GCE_METADATA_HOST"])
"""Variables that say where a place is; a mirror, say."""
_QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "DO_NOT_TRACK": "1"}


class Fetched(NamedTuple):
    """One that is here now: what its folder is called, whether it came just now, its files and their bytes."""

    id: str
    changed: bool
    files: int
    bytes: int


class _Room(NamedTuple):
    """The places of one reference."""

    folder: Path
    id: str

    @property
    def target(self) -> Path:
        return self.folder / self.id

    @property
    def record(self) -> Path:
        return self.folder / f"{self.id}.json"

    @property
    def part(self) -> Path:
        return self.folder / f".{self.id}.part"

    @property
    def body(self) -> Path:
        """Where a single file arrives."""
        return self.part / "body"

    @property
    def content(self) -> Path:
        """What will be `target`."""
        return self.part / "content"


class Asked(NamedTuple):
    """What to fetch, with which tokens, and where places are that are not at their usual address."""

    listed: Sequence[Wanted]
    tokens: Mapping[str, str]
    settings: Mapping[str, str]


def asked(said: bytes) -> Asked:
    """What a JSON object asks for.

    Raises:
        Failure: it makes no sense.
    """
    try:
        document = json.loads(said)
        listed, given = list(document["fetch"]), dict(document["tokens"])
        settings = {str(key): str(value) for key, value in dict(document["settings"]).items() if key in SETTINGS}
        if server := document.get("metadata"):
            settings["GCE_METADATA_HOST"] = str(server).removeprefix("http://")
    except (ValueError, KeyError, TypeError):
        # What arrived is not repeated here: it may be a token all the same.
        hint = 'send {"fetch": [...], "tokens": {"NAME": "value"}, "settings": {}}'
        raise Failure("what came on stdin is nothing to fetch", hint=hint) from None
    tokens = {str(key): str(value) for key, value in given.items()}
    return Asked([wanted.parse(each) for each in listed], tokens, settings)


def fetch(home: Home, wishes: Asked, environment: Mapping[str, str]) -> list[Fetched]:
    """Bring each of them, unless it is here.

    Raises:
        Failure: one cannot be fetched; what has arrived of it stays.
        OSError: it cannot be written.
    """
    for folder in (home.data, home.models):
        folder.mkdir(parents=True, exist_ok=True)
    variables = {**environment, **wishes.settings}
    return [_bring(home, each, wishes.tokens, variables) for each in wishes.listed]


def _bring(home: Home, one: Wanted, tokens: Mapping[str, str], environment: Mapping[str, str]) -> Fetched:
    room = _Room(home.of(one), one.id)
    if room.target.is_dir():
        return _told(room, changed=False)
    with lock.locked(room.folder / f".{one.id}.lock") as descriptor, Telling(home, one, room.part) as telling:
        if room.target.is_dir():
            return _told(room, changed=False)
        room.part.mkdir(exist_ok=True)
        telling.tell(one.text)
        if one.scheme == "https":
            _file(room, one, telling)
        else:
            _by_library(home, room, one, telling, tokens, environment, descriptor)
        files, size = settle(room.content)
        write_json(room.record, {
            "reference": one.text, "pin": one.sha256 or one.pin, "files": files, "bytes": size,
            "fetched_at": clock.stamp(time.time()),
        })
        os.replace(room.content, room.target)
        shutil.rmtree(room.part)
    return _told(room, changed=True)


def _file(room: _Room, one: Wanted, telling: Telling) -> None:
    """One file, or what is in it."""
    from cynthus.agent import download

    download.download(one, room.body, telling.tell)
    _place(room, one, telling)


def _place(room: _Room, one: Wanted, telling: Telling) -> None:
    """The one file that has arrived, or what is in it, where its content belongs."""
    if one.unpack:
        _unpack(room, one, telling)
        return
    if room.content.exists():
        shutil.rmtree(room.content)
    room.content.mkdir()
    os.replace(room.body, room.content / _file_name(one))


def _unpack(room: _Room, one: Wanted, telling: Telling) -> None:
    """What has arrived, as the files that are in it."""
    from cynthus.agent import unpacking

    telling.tell(f"{one.text}: unpacking")
    if room.content.exists():
        shutil.rmtree(room.content)
    try:
        unpacking.unpack(room.body, room.content)
    except Failure as failure:
        shutil.rmtree(room.content, ignore_errors=True)
        raise Failure(f"{one.text}: {failure.message}", hint=failure.hint, code=failure.code) from None
    room.body.unlink()


def _by_library(
    home: Home, room: _Room, one: Wanted, telling: Telling, tokens: Mapping[str, str],
    environment: Mapping[str, str], descriptor: int,
) -> None:  # fmt: skip
    """The files of a repository, by the library of its place; where a machine of Google's can, without one."""
    from cynthus.agent import library

    if one.size is not None:
        insist_on_room(one.text, room.part, one.size - arrived(room.part))
    if one.scheme == "gs" and _by_itself(room, one, telling, environment):
        return
    settings = {key: value for key, value in environment.items() if key in SETTINGS}
    asked = {
        "scheme": one.scheme, "kind": one.kind, "name": one.name, "revision": one.pin, "patterns": list(one.files),
        "text": one.text, "folder": str(room.content), "file": str(room.body), "tokens": dict(tokens),
        "page": one.name if (one.scheme, one.kind) == ("hf", "model") else f"{one.kind}s/{one.name}",
    }  # fmt: skip
    own = {"HF_HOME": str(room.part / "hub"), "HOME": str(room.part), **_QUIET}
    # What the agent keeps of its own code is where it always is.
    own["XDG_CACHE_HOME"] = str(cache_folder(environment).parent)
    call = library.Call(library.LIBRARIES[one.scheme], "hub", asked, room.part, descriptor, own)
    library.ask(call, home.program, {**library.quiet(environment), **settings}, telling.tell)
    if one.scheme == "kaggle":
        _unpack(room, one, telling)
    elif one.scheme == "gs" and objects.is_generation(one.pin):
        _place(room, one, telling)


def _by_itself(room: _Room, one: Wanted, telling: Telling, environment: Mapping[str, str]) -> bool:
    from cynthus.agent import gcs_read

    if not gcs_read.fetch(one, room.body, room.content, environment, telling.tell):
        return False
    if objects.is_generation(one.pin):
        _place(room, one, telling)
    return True


def _file_name(one: Wanted) -> str:
    """What the last step of an address calls its file. Only on the web something in it stands for something else."""
    name = (unquote(urlsplit(one.name).path) if one.scheme == "https" else one.name).rpartition("/")[2]
    return name.replace("\0", "_") if name not in ("", ".", "..") else "file"


def _told(room: _Room, *, changed: bool) -> Fetched:
    # When it was wanted last: what is wanted now is for a run that is yet to be made.
    with suppress(OSError):
        os.utime(room.record)
    try:
        record = read_json(room.record) or {}
    except (OSError, ValueError):
        record = {}
    numbers = [value if isinstance(value, int) else 0 for value in (record.get("files"), record.get("bytes"))]
    return Fetched(room.id, changed, *numbers)
