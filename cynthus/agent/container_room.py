"""What a container needs on the machine before it starts: folders it may write to, places for mounts, its secrets."""

from __future__ import annotations

import os
import posixpath
import re
import shlex
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import hub_cache, memory
from cynthus.agent.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import Home, RunFolder
    from cynthus.agent.prepared import Prepared
    from cynthus.agent.spec import Spec
    from cynthus.agent.version import Version

_PLAIN_USER = 1000
"""Who main.py is where the agent is root: a container is no reason to be it."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Room(NamedTuple):
    """Folders and files of this machine by their places below the app's folder; `user` is `uid:gid`."""

    user: str
    read_only: Mapping[str, str]
    writable: Mapping[str, str]
    secrets: Path | None
    hub: Path | None = None
    """The cache of Hugging Face's library, for a run with models of its hub."""
    prepared: Path | None = None
    """The folder of what is prepared, or will be, for a run with `preprocess:`."""


def name_of(attempt: Attempt) -> str:
    """The container of an attempt: the same whoever asks, so that one start finds what another one left."""
    name = f"cynthus-{attempt.deployment}-{attempt.run}-{attempt.number}"
    return f"{name}-{attempt.rank}" if attempt.rank else name


def make(
    home: Home, spec: Spec, run: RunFolder, attempt: Attempt, ready: Version,
    environment: Mapping[str, str], secrets: Mapping[str, str],
) -> Room:
    """Put everything in place.

    Raises:
        Failure: the source has something of its own where a mount must be, or a secret's name is no variable's.
        OSError: something cannot be made.
    """
    read_only = ready.places
    writable = {
        posixpath.normpath(spec.outputs): str(run.outputs), posixpath.normpath(spec.checkpoints): str(home.checkpoints)
    }
    for folder in (run.outputs, home.checkpoints):
        folder.mkdir(parents=True, exist_ok=True)
    for place, path in {**read_only, **writable}.items():
        _make_place(run.app, place, path)
    attempt.log.touch(mode=0o644)
    user, group = _user()
    hub = home.hub if hub_cache.make(home, spec, "/app") else None
    prepares = _prepared(home, spec, run, attempt, ready) if spec.preprocess else None
    also = [hub] if hub else []
    if prepares is not None:
        also += [attempt.phase, prepares.lock]
        # Not what is in it: another run may write there just now, and what is whole is only read.
        _give(prepares.folder, user, group, deep=False)
    for own in (run.app, run.outputs, home.checkpoints, attempt.log, *also):
        _give(own, user, group)
    put = _put_secrets(attempt, environment, secrets, user, group)
    return Room(f"{user}:{group}", read_only, writable, put, hub, prepares and prepares.folder)


def _prepared(home: Home, spec: Spec, run: RunFolder, attempt: Attempt, ready: Version) -> Prepared:
    # Few apps prepare their data, and it takes reading what their script imports.
    from cynthus.agent import prepared

    return prepared.make_room(home, spec, run, attempt, ready)


def forget_secrets(attempt: Attempt, environment: Mapping[str, str]) -> None:
    """Delete what the container has not read; fine where there is nothing."""
    shutil.rmtree(_secrets_of(attempt, environment), ignore_errors=True)


def _user() -> tuple[int, int]:
    return (os.getuid(), os.getgid()) if os.getuid() else (_PLAIN_USER, _PLAIN_USER)


def _make_place(app: Path, place: str, path: str) -> None:
    """A mount needs an empty folder, or a file, to lie on."""
    target = app / place
    if os.path.isdir(path):  # noqa: PTH112 - the path came as a text
        target.parent.mkdir(parents=True, exist_ok=True)
        free = not target.is_symlink() and (not target.exists() or (target.is_dir() and not any(target.iterdir())))
        if free:
            target.mkdir(exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        free = not target.is_symlink() and (not target.exists() or target.stat().st_size == 0)
        if free:
            target.touch()
    if not free:
        raise Failure(
            f"the source has a {place!r} of its own, where Cynthus puts {path}",
            hint="rename it in the source, or name it in .gitignore so that it is left out",
        )


def _give(path: Path, user: int, group: int, *, deep: bool = True) -> None:
    """Let main.py's user write there. Only root may, and only root must: else it is the same user."""
    if os.getuid():
        return
    os.chown(path, user, group)
    for folder, names, files in os.walk(path) if deep else ():
        for name in (*names, *files):
            with suppress(FileNotFoundError):  # another run writes checkpoints, too, and deletes some
                os.chown(f"{folder}/{name}", user, group, follow_symlinks=False)


def _secrets_of(attempt: Attempt, environment: Mapping[str, str]) -> Path:
    waiting = memory.secrets_folder(environment, attempt.deployment)
    return waiting / f"{attempt.run}.{attempt.number}.{attempt.rank}"


def _put_secrets(
    attempt: Attempt, environment: Mapping[str, str], secrets: Mapping[str, str], user: int, group: int
) -> Path | None:
    """A folder in memory with a file that the container's shell reads, and deletes, before main.py begins."""
    if not secrets:
        return None
    for name, value in secrets.items():
        if _VARIABLE.fullmatch(name) is None or "\0" in value:
            raise Failure(f"the secret {name!r} cannot be an environment variable", hint="call it like HF_TOKEN")
    folder = _secrets_of(attempt, environment)
    forget_secrets(attempt, environment)
    memory.private(environment, attempt.deployment)
    folder.mkdir(mode=0o700)
    descriptor = os.open(folder / "values", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as stream:
        lines = (f"export {name}={shlex.quote(value)}\n" for name, value in secrets.items())
        stream.write("".join(lines).encode("utf-8", "surrogateescape"))
    _give(folder, user, group)
    return folder
