"""The verb `remove`: nothing of a deployment stays on its host."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent import bytecode, lock, makers, memory, program, stop, unit
from cynthus.agent.failure import Failure
from cynthus.agent.home import LIBRARIES_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import Home

_REASON = "cancelled: the deployment is removed"
_PATIENCE = 60.0
"""Seconds; a Docker engine may take many to remove a container."""


def remove(home: Home, environment: Mapping[str, str]) -> bool:
    """Stop what runs and delete the deployment's containers, images, secrets and folder.

    Raises:
        Failure: the folder is not a deployment's home, or a run does not end.
    """
    secrets = memory.secrets_folder(environment, home.deployment)
    had_secrets = secrets.is_dir()
    if had_secrets:
        delete(secrets)
    if not home.folder.exists():
        _delete_arrivals(home.deployment, environment)
        return had_secrets
    if program.owner(home.folder) != home.deployment:
        raise Failure(f"{home.folder} is not the home of a deployment", hint="name the right one with --home")
    _stop_all(home)
    home.leaving.touch()
    unit.remove(home, environment)
    with makers.ended(home, _PATIENCE):
        _await_quiet(home)
        _delete_all(home, environment)
    return True


def _delete_all(home: Home, environment: Mapping[str, str]) -> None:
    # Not before: our own processes were started from there, and may still have to read a module.
    _delete_arrivals(home.deployment, environment)
    for kept in sorted(home.environments.glob("*.image")):
        from cynthus.agent import engine, image, registry

        names = registry.names(home.environments)
        image.remove_all(engine.recall(kept, environment), home.deployment, names)
    # The marker goes last: a removal that was cut off can be asked for again. The lock stays in place as long as that.
    for entry in list(home.folder.iterdir()):
        if entry not in (home.marker, home.program, home.makers_lock):
            delete(entry)
    delete(home.folder)
    _rmdir_ours(home.folder.parent)


def _delete_arrivals(deployment: str, environment: Mapping[str, str]) -> None:
    """What the role `kit` has brought: it arrives where no home is needed to find it. The last deployment takes along
    what was compiled."""
    kept = bytecode.place(environment)
    place = kept.parent / deployment
    if place.is_dir():
        delete(place)
        shared = (kept, place.parent / LIBRARIES_FOLDER)
        if all(each in shared for each in place.parent.iterdir()):
            for each in filter(Path.exists, shared):
                delete(each)
        _rmdir_ours(place.parent)


def _rmdir_ours(folder: Path) -> None:
    """Delete a folder that deployments share, where this was the last one."""
    if folder.name == "cynthus":
        with suppress(OSError):  # it is not empty
            folder.rmdir()


def _stop_all(home: Home) -> None:
    for run in home.runs():
        stop.stop(home, run.id, None, _REASON)


def _await_quiet(home: Home) -> None:
    """Wait for our own processes, which put away what is theirs after a run's end: nothing new is written then."""
    deadline = time.monotonic() + _PATIENCE
    while lock.held(home.departure_lock) or any(_busy(each) for run in home.runs() for each in run.attempts()):
        if time.monotonic() > deadline:
            raise Failure(f"a process of {home.deployment} does not end", hint="run the command again in a minute")
        time.sleep(0.01)
        # What a command that was killed had left behind may have started one meanwhile.
        _stop_all(home)


def _busy(attempt: Attempt) -> bool:
    return any(lock.held(file) for file in (attempt.lock, attempt.agent_lock, attempt.sync_lock))


def delete(path: Path) -> None:
    """Delete a file or a whole folder, one that the app made unreadable too."""
    import shutil

    if not path.is_dir() or path.is_symlink():
        path.unlink()
        return
    try:
        shutil.rmtree(path)
    except PermissionError:
        path.chmod(stat.S_IRWXU)
        for folder, names, _ in os.walk(path):
            # Before it is gone into: what cannot be listed is not.
            for name in names:
                inner = Path(folder, name)
                if not inner.is_symlink():
                    inner.chmod(stat.S_IRWXU)
        shutil.rmtree(path)
