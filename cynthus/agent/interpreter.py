"""The Python that an environment is made with."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus import process
from cynthus.agent.failure import ENVIRONMENT, PYTHON_MISSING, Failure
from cynthus.process import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAY_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def own_version() -> str:
    """Such as "3.12"."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def find(version: str, environment: Mapping[str, str]) -> str:
    """An interpreter of that version: the one that runs us, one on PATH, or one that uv has or fetches.

    Raises:
        Failure: there is none.
    """
    own = getattr(sys, "_base_executable", None) or sys.executable
    if version == own_version() and Path(own).exists():
        # The one below a virtual environment, which may be removed while ours is in use.
        return os.path.realpath(own)
    found = _on_path(version, environment) or _of_uv(version, environment)
    if found:
        return found
    raise Failure(
        f"no Python {version} was found on this machine",
        hint=f"install Python {version} or uv, change `python:` under `image:`, or use `runtime: container`",
        code=PYTHON_MISSING,
    )


def refuse_without_pip(python: str, environment: Mapping[str, str]) -> None:
    """Debian takes ensurepip out of Python and puts it into a package of its own.

    Raises:
        Failure: this one cannot make an environment with a pip in it.
    """
    if _answer((python, "-I", "-c", "import ensurepip"), environment) is None:
        raise Failure(
            f"the requirements cannot be installed: {python} comes without pip, and there is no uv",
            hint="install one of them on that machine, e.g. sudo apt-get install -y python3-venv",
            code=ENVIRONMENT,
        )


def find_uv(environment: Mapping[str, str]) -> str | None:
    """uv on PATH, or beside the Python that runs us."""
    import shutil

    beside = Path(sys.executable).with_name("uv")
    return shutil.which("uv", path=environment.get("PATH")) or (str(beside) if os.access(beside, os.X_OK) else None)


def _on_path(version: str, environment: Mapping[str, str]) -> str | None:
    import shutil

    named = shutil.which(f"python{version}", path=environment.get("PATH"))
    # A name on PATH proves little: version switchers put a `python3.12` there that only says it is not installed.
    return named if named and _answer((named, "-I", "-S", "-c", _SAY_VERSION), environment) == version else None


def _of_uv(version: str, environment: Mapping[str, str]) -> str | None:
    uv = find_uv(environment)
    if uv is None:
        return None
    find_it = (uv, "python", "find", "--no-project", version)
    found = _answer(find_it, environment)
    if found is None and _answer((uv, "python", "install", version), environment) is not None:
        found = _answer(find_it, environment)
    return found


def _answer(argv: tuple[str, ...], environment: Mapping[str, str]) -> str | None:
    """What a command prints, or None where it fails."""
    try:
        answer = process.run(Command(argv, env=environment), timeout=600)
    except (OSError, process.CommandTimeout):
        return None
    return None if answer.returncode else answer.stdout.decode(errors="replace").strip()
