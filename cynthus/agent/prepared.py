"""What `preprocess:` makes of the data, once for each content, and where it lies.

::

    prepared/ID/kept/         what the command wrote to ./prepared; there only as a whole, and read by all runs
    prepared/ID/part/         what one writes just now, or has left when it was killed: until a run starts
    prepared/ID/lock          held by whoever prepares
    prepared/ID/record.json   what made it, for people

ID is a hash over all that decides what comes out: the data and the models, the command, the files of the source that it
uses, the environment, and `env:`. A file of data counts as another one when its size or time is.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import phase
from cynthus.agent.failure import SOURCE, Failure
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import Home, RunFolder
    from cynthus.agent.record import Ended
    from cynthus.agent.spec import Spec
    from cynthus.agent.version import Version

PLACE = "prepared"
"""Where the app finds it, below its folder."""


class Prepared(NamedTuple):
    """The folder of one."""

    folder: Path

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    @property
    def part(self) -> Path:
        return self.folder / "part"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def record(self) -> Path:
        return self.folder / "record.json"


def make_room(home: Home, spec: Spec, run: RunFolder, attempt: Attempt, ready: Version) -> Prepared:
    """The place of what the run reads, whether it is there already or not, with all that the run needs to get it.

    Raises:
        Failure: the source has something of its own where the app finds it, or lacks a file that is to count.
        OSError: a folder cannot be made.
    """
    from cynthus.agent import leftovers

    link = run.app / PLACE
    if os.path.lexists(link) and not link.is_symlink():
        raise Failure(
            f"the source has a {PLACE!r} of its own, where Cynthus puts what `preprocess:` makes",
            hint="rename it in the source, or name it in .gitignore so that it is left out",
        )
    leftovers.clear_all(home.prepared)
    name = identify(spec, run, ready)
    room = Prepared(home.prepared / name)
    room.folder.mkdir(parents=True, exist_ok=True)
    room.lock.touch()
    # Before it is needed: whoever prunes looks there for what is needed.
    write_json(run.prepared, {"id": name})
    phase.tell(attempt.phase, phase.Phase())
    return room


def named(run: RunFolder) -> str | None:
    """Which one the run reads; None where it reads none.

    Raises:
        Failure: nobody knows.
    """
    try:
        document = read_json(run.prepared)
    except (OSError, ValueError) as error:
        raise Failure(f"{run.prepared} cannot be read: {error}", hint="start a new run with `cynthus run`") from None
    return None if document is None else str(document.get("id"))


def command(
    spec: Spec, words: tuple[str, ...], *, python: str, program: str, making: str, kept: str, told: str,
    inside: Collection[str] | None = None,
) -> tuple[str, ...]:
    """The command of the run with what comes before it. `making`: the folder that can be written to; `kept`: where what
    is whole is read; `told`: the file of the phase; `inside`: for a container, the places of data and models."""
    own = () if inside is None else ("--inside", "container", "--places", json.dumps(sorted(inside)))
    return (
        python, "-I", "-S", program, "preprocess", "--home", making, "--kept", kept, "--phase", told, *own,
        "--words", str(len(spec.preprocess)), "--", *spec.preprocess, *words,
    )


def identify(spec: Spec, run: RunFolder, ready: Version) -> str:
    """The name of what comes out.

    Raises:
        Failure: data cannot be read, or the source lacks a file that `files:` names.
    """
    import hashlib  # none of this for the program that prepares, which every run starts with

    digest = hashlib.sha256()
    parts = [ready.environment, list(spec.preprocess), sorted(spec.env.items())]
    digest.update(json.dumps(parts).encode())
    for line in _content(spec, ready):
        digest.update(line.encode("utf-8", "surrogateescape"))
    for path in _files(spec, run):
        content = hashlib.sha256((run.app / path).read_bytes()).hexdigest()
        digest.update(f"{path}\0{content}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _content(spec: Spec, ready: Version) -> Iterator[str]:
    """A line for each thing that the app reads."""
    for top, entries, mounts in (("data", spec.data, ready.data), ("models", spec.models, ready.models)):
        for entry, mount in zip(entries, mounts):  # noqa: B905 - `strict` is not needed: one mount an entry
            yield f"{top}\0{mount.place}\n"
            if entry.wanted is not None:
                yield f"{entry.wanted.id}\n"
            else:
                yield from _listing(mount.path)


def _listing(path: str) -> list[str]:
    from pathlib import Path

    from cynthus.agent import data

    found = data.walk(Path(path))
    return sorted(f"{name}\0{each.st_size}\0{each.st_mtime_ns}\n" for name, each in found)


def _files(spec: Spec, run: RunFolder) -> Sequence[str]:
    """The files of the source that count."""
    from cynthus.agent.closure import closure
    from cynthus.agent.python_program import PATH

    source = _source(run)
    found = set(closure(run.app, spec.preprocess, source, _inside(spec), spec.env.get(PATH, "")))
    for each in spec.preprocess_files:
        path = os.path.normpath(each)
        below = [name for name in source if name == path or name.startswith(f"{path}/") or path == "."]
        if not below:
            hint = "mend `preprocess:` in cynthus.yaml; what .gitignore names is not brought"
            raise Failure(f"preprocess: the source has no {each!r}", hint=hint, code=SOURCE)
        found.update(below)
    return sorted(found)


def _inside(spec: Spec) -> str:
    """Where the command finds the app's folder; '' for where it lies."""
    if spec.runtime != "container":
        return ""
    from cynthus.agent.container_argv import APP  # whoever starts a container has it already

    return APP


def _source(run: RunFolder) -> list[str]:
    """All files that the source brought: not what an earlier attempt has left beside them."""
    try:
        listed = (read_json(run.listing) or {})["files"]
        return [str(each) for each in listed]  # type: ignore[attr-defined]  # what is no list is a TypeError
    except (OSError, ValueError, KeyError, TypeError):
        hint = "start a new run with `cynthus run`"
        raise Failure(f"{run.listing} cannot be read, so nobody knows the files of the source", hint=hint) from None


def told_end(attempt: Attempt, ended: Ended) -> Ended:
    """How it ended; where main.py never began because of what comes before it, with that as the reason."""
    said = phase.read(attempt)
    if not said.name or (ended.exit_code == 0 and said.name != phase.FAILED):
        return ended
    why = said.why or _killed(ended)
    full = _disk_full(attempt)
    reason = f"preprocess failed: {why}{full}; main.py was not started"
    if ended.exit_code is None and ended.signal is None and said.code is not None:
        code = said.code
        return ended._replace(exit_code=code if code >= 0 else None, signal=-code if code < 0 else None, reason=reason)
    return ended._replace(reason=ended.reason if ended.exit_code is None and ended.signal is None else reason)


def _killed(ended: Ended) -> str:
    how = f"signal {ended.signal}" if ended.signal else f"exit code {ended.exit_code}"
    return f"it was ended from outside, with {how}" + (f" ({ended.reason})" if ended.reason else "")


def _disk_full(attempt: Attempt) -> str:
    from cynthus.agent import disk

    full = disk.at_the_end(attempt)
    return f" ({full})" if full else ""
