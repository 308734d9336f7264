"""GPUs of a host by index: those that a run has taken no other run of Cynthus is given, of whatever deployment or user.

A lease is a file that names the attempt. It ends with that, so nobody has to give it back and no crash keeps one.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent import gpus, lock, record
from cynthus.agent.attempt import Attempt
from cynthus.agent.failure import GPUS_TAKEN, Failure
from cynthus.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "cynthus-gpus"


def lease(attempt: Attempt, count: int, place: Path | None = None) -> tuple[int, ...]:
    """Take `count` GPUs for an attempt, whose lock the caller holds; none where no driver tells of any.

    Raises:
        Failure: too few are free.
        OSError: it cannot be written down.
    """
    have = [int(str(each["index"])) for each in gpus.read()] if count else []
    if not have:
        return ()
    place = place or usual_place()
    with _locked(place):
        holders = {index: _holder(place / str(index)) for index in have}
        got: list[int] = []
        for index in (each for each in have if not holders[each] and len(got) < count):
            try:
                _write(place / str(index), attempt)
            except PermissionError:
                # What another user has left there only that one, or a reboot, can remove.
                holders[index] = "a run of another user, it seems"
                continue
            got.append(index)
    if len(got) < count:
        for index in got:
            (place / str(index)).unlink()
        raise _too_few(count, len(have), {index: holder for index, holder in holders.items() if holder})
    return tuple(got)


def of(attempt: Attempt, place: Path | None = None) -> list[int]:
    """The GPUs that an attempt was given, by index."""
    found = []
    for file in (place or usual_place()).glob("[0-9]*"):
        with suppress(OSError):  # another user's
            if f'"label": {json.dumps(attempt.label)}' in file.read_text():
                found.append(int(file.name))
    return found


def _too_few(count: int, have: int, taken: dict[int, str]) -> Failure:
    listed = ", ".join(f"{index} by {holder}" for index, holder in taken.items())
    return Failure(
        f"{count} of the host's {have} GPUs were asked for, and {have - len(taken)} are free (taken: {listed})",
        hint="wait for the others to end, end one with `cynthus cancel`, or ask for fewer under `resources:`",
        code=GPUS_TAKEN,
    )


def usual_place(shared: Path = Path("/run/lock")) -> Path:
    """One for all users, gone after a reboot where the system has such a place.

    Where `shared` is for root only, as it may be since systemd 258, root does not use it either: or both would be given
    the same GPUs.
    """
    usable = shared.is_dir() and shared.stat().st_mode & stat.S_IWOTH
    return (shared if usable else Path("/tmp")) / _NAME  # noqa: S108 - all users share it


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    with suppress(FileExistsError):
        place.mkdir()
        # Everybody may add, and remove what is theirs.
        place.chmod(0o1777)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, attempt: Attempt) -> None:
    told = {"attempt": str(attempt.folder), "label": attempt.label, "user": _user()}
    write_atomic(path, json.dumps(told).encode() + b"\n", mode=0o644)
    # Whatever the user's umask: others should see who has it.
    path.chmod(0o644)


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _holder(path: Path) -> str:
    """Whose the GPU is, in a few words; '' where it is free."""
    try:
        told = json.loads(path.read_bytes())
        deployment, run, number, rank = str(told["label"]).split("/")
        attempt = Attempt(Path(told["attempt"]), deployment, run, int(number), int(rank))
        words = f"run {run} of {deployment} (user {told['user']})"
    except PermissionError:
        return "a run of another user, it seems"
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return ""
    try:
        return words if _goes_on(attempt) else ""
    except PermissionError:
        return words


def _goes_on(attempt: Attempt) -> bool:
    try:
        # Path.exists takes what nobody may look at for what is not there; this raises.
        attempt.folder.stat()
    except FileNotFoundError:
        return False
    if attempt.exit.exists():
        return False
    known = record.read(attempt)
    return lock.held(attempt.lock) or (known is not None and known.main_lives)
