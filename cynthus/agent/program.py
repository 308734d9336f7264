"""The agent's own program in the deployment's home, from where it is called later."""

from __future__ import annotations

from pathlib import Path

from cynthus.agent.failure import Failure
from cynthus.agent.home import Home
from cynthus.files import read_json, write_atomic, write_json


def install(home: Home) -> None:
    """Mark the home as ours and put the running program there; nothing is written where that is done already.

    Raises:
        Failure: the home belongs to another deployment.
        OSError: it cannot be written.
    """
    home.folder.mkdir(parents=True, exist_ok=True)
    known = owner(home.folder)
    if known is None:
        write_json(home.marker, {"deployment": home.deployment})
    elif known != home.deployment:
        raise Failure(f"{home.folder} belongs to the deployment {known}", hint="name another folder with --home")
    program = _running()
    if not home.program.exists() or home.program.read_bytes() != program:
        write_atomic(home.program, program, mode=0o755)


def owner(folder: Path) -> str | None:
    """The deployment that a home belongs to, None where the folder is nobody's.

    Raises:
        Failure: the folder's marker is damaged.
    """
    marker = Home(folder, "").marker
    try:
        document = read_json(marker)
        return None if document is None else str(document["deployment"])
    except (ValueError, KeyError) as error:
        raise Failure(f"{marker} cannot be read: {error}", hint="delete it if the folder is Cynthus's") from None


def _running() -> bytes:
    """The zipapp that runs now; run from a source tree, one made of that."""
    archive = getattr(globals().get("__loader__"), "archive", None)
    if archive is not None:
        return Path(archive).read_bytes()
    from cynthus.agent import zipapp

    return zipapp.content()
