"""The agent's own program in the deployment's home, from where it is called later."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from cynthus.agent.failure import Failure
from cynthus.agent.home import Home
from cynthus.files import read_json, write_atomic, write_json

_ID = re.compile(r"[a-z][a-z0-9-]{0,15}-[0-9a-f]{6}")
"""What the control side calls a deployment."""


def install(home: Home) -> None:
    """Mark the home as ours and put the running program there; nothing is written where that is done already.

    Raises:
        Failure: the home belongs to another deployment.
        OSError: it cannot be written.
    """
    home.folder.mkdir(parents=True, exist_ok=True)
    known = owner(home.folder)
    if known not in (None, home.deployment):
        raise Failure(f"{home.folder} belongs to the deployment {known}", hint="name another folder with --home")
    _mark(home)
    # Whatever brings something begins here. Where nobody asks who used the machine last there is no such file.
    with suppress(OSError):
        os.utime(home.used)
    program = _running()
    if not home.program.exists() or home.program.read_bytes() != program:
        write_atomic(home.program, program, mode=0o755)


def owner(folder: Path) -> str | None:
    """The deployment that a home belongs to, None where the folder is nobody's.

    Raises:
        Failure: the folder's marker is damaged, and nothing else says whose it is.
    """
    home = Home(folder, folder.name)
    try:
        return _marked(home)
    except (OSError, ValueError) as error:
        # A folder that is called like a deployment and has our program in it is that deployment's.
        if _ID.fullmatch(folder.name) and home.program.exists():
            return folder.name
        raise Failure(f"{home.marker} cannot be read: {error}", hint="delete it if the folder is Cynthus's") from None


def _mark(home: Home) -> None:
    """Say whose the home is; a damaged marker is set aside."""
    try:
        if _marked(home) is not None:
            return
    except (OSError, ValueError):
        os.replace(home.marker, home.marker.with_name(f"{home.marker.name}.damaged-{os.urandom(4).hex()}"))
    write_json(home.marker, {"deployment": home.deployment})


def _marked(home: Home) -> str | None:
    document = read_json(home.marker)
    if document is None:
        return None
    said = document.get("deployment")
    if not isinstance(said, str):
        raise ValueError("it does not name a deployment")
    return said


def _running() -> bytes:
    """The zipapp that runs now; run from a source tree, one made of that."""
    archive = getattr(globals().get("__loader__"), "archive", None)
    if archive is not None:
        return Path(archive).read_bytes()
    from cynthus.agent import zipapp

    return zipapp.content()
