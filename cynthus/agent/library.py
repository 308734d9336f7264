"""A library that fetches from one place, in an environment of its own on the host: the agent itself needs none.

It is made once, below the user's cache, and used by all deployments. Where the Python that runs us has the library
already (`pip install 'cynthus[data]'`, on the target `local`), that is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from cynthus import process
from cynthus.agent import environment as room
from cynthus.agent import installer, interpreter, lock
from cynthus.agent.failure import DOWNLOAD, PYTHON_MISSING, Failure
from cynthus.agent.home import LIBRARIES_FOLDER, EnvironmentFolder, cache_folder
from cynthus.process import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cynthus.process import Started

_OF_THE_USER = ("HF_", "HUGGING", "KAGGLE", "GOOGLE_", "CLOUDSDK_", "STORAGE_EMULATOR_HOST")
_VERSION = "import importlib.metadata as m; print(m.version({!r}))"
_NEWER = ("3.13", "3.12", "3.11")
_PAUSE = 1.0


class Library(NamedTuple):
    """What is installed, and what it needs. Another release of the same major version that is there will do."""

    name: str
    requirements: tuple[str, ...]
    python: tuple[int, int]


LIBRARIES = {
    "hf": Library("huggingface_hub", ("huggingface_hub==2.4.0",), (3, 10)),
    # It imports six without a word of that.
    # google-auth, google-crc32c and requests come with it.
    "gs": Library("google-cloud-storage", ("google-cloud-storage==3.17.1",), (3, 10)),
    "kaggle": Library("kaggle", ("kaggle==2.2.5", "six==1.17.0"), (3, 11)),
}
"""By the scheme of the references that they read."""


class Call(NamedTuple):
    """What to ask a library for: our own verb, run by its Python, gets `asked` on stdin and answers in JSON. Whoever
    kills us leaves it alone with the lock `descriptor`; `folder` is for what it says, `own` are variables for it alone:
    who installs it needs what the user has at home, which tells pip of an index."""

    library: Library
    verb: str
    asked: Mapping[str, object]
    folder: Path
    descriptor: int
    own: Mapping[str, str] = {}


def ask(call: Call, program: Path, environment: Mapping[str, str], tell: Callable[[str], None]) -> dict[str, Any]:
    """The answer. While there is none, `tell` is called about once a second with ''.

    Raises:
        Failure: what the verb says went wrong, or it says nothing.
        OSError: it cannot be started.
    """
    python = _python(call.library, environment, tell)
    said, errors = call.folder / "said.json", call.folder / "library.log"
    with open(said, "wb") as output, open(errors, "wb") as log:
        command = Command((python, "-I", str(program), call.verb), env={**environment, **call.own})
        started = process.start(command, stdout=output, stderr=log, inherit=(call.descriptor,), fed=True)
        try:
            _feed(started, json.dumps(dict(call.asked)).encode())
            while not process.ended(started):
                tell("")
                time.sleep(0.02 if said.stat().st_size else 0.1)
        except BaseException:
            process.kill_group(started.pid)
            raise
    answer = _last(said)
    if answer is None:
        lines = errors.read_text(errors="replace").splitlines()[-5:]
        raise Failure(
            f"{call.library.name} ended without an answer (exit code {started.returncode})",
            hint="run the command again: what has arrived stays", code=DOWNLOAD, details=lines,
        )
    if isinstance(problem := answer.get("error"), dict):
        raise Failure(
            str(problem["message"]), hint=str(problem["hint"]), code=str(problem["code"]),
            details=[str(line) for line in problem["details"]],
        )
    return answer


def _feed(started: Started, data: bytes) -> None:
    stdin: IO[bytes] | None = started.stdin
    assert stdin is not None  # noqa: S101 - asked for
    try:
        stdin.write(data)
        stdin.close()
    except BrokenPipeError:
        return  # it says itself why


def _last(file: Path) -> dict[str, Any] | None:
    """The last line, if it is a JSON object: a library may print more."""
    lines = file.read_bytes().splitlines()
    try:
        value = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _python(library: Library, environment: Mapping[str, str], tell: Callable[[str], None]) -> str:
    """The interpreter that can import it."""
    asked = Command((sys.executable, "-I", "-c", _VERSION.format(library.name)), env=environment)
    answer = process.run(asked, timeout=60)
    if answer.returncode == 0 and _will_do(answer.stdout.decode(errors="replace").strip(), library):
        return sys.executable
    return str(_made(library, environment, tell).python)


def _will_do(version: str, library: Library) -> bool:
    wanted = library.requirements[0].partition("==")[2]
    found, asked = (tuple(map(int, re.findall(r"\d+", each)[:2])) for each in (version, wanted))
    return found[:1] == asked[:1] and found >= asked


def _made(library: Library, environment: Mapping[str, str], tell: Callable[[str], None]) -> EnvironmentFolder:
    version = _version_for(library, environment)
    name = hashlib.sha256(json.dumps([version, *library.requirements]).encode()).hexdigest()[:16]
    target = EnvironmentFolder(cache_folder(environment) / LIBRARIES_FOLDER / f"{library.name}-{name}")
    if target.complete:
        return target
    target.folder.parent.mkdir(parents=True, exist_ok=True)
    requirements = target.folder.with_name(f"{target.folder.name}.txt")
    with lock.locked(target.folder.with_name(f"{target.folder.name}.lock")) as descriptor:
        if target.complete:
            return target
        tell(f"installing {library.name}, once for this machine")
        requirements.write_text("".join(f"{each}\n" for each in library.requirements))
        try:
            room.build(target, version, requirements, installer.variables(environment), descriptor)
        except BaseException:
            room.clear(target.folder)
            raise
    return target


def _version_for(library: Library, environment: Mapping[str, str]) -> str:
    """The version of Python that it gets: ours, where that is new enough."""
    if sys.version_info[:2] >= library.python:
        return interpreter.own_version()
    for version in _NEWER:
        try:
            interpreter.find(version, environment)
        except Failure:
            continue
        return version
    oldest = ".".join(map(str, library.python))
    raise Failure(
        f"{library.name} needs Python {oldest}, and this host has {interpreter.own_version()}", code=PYTHON_MISSING,
        hint="install a newer Python or uv on that host, or bring the data yourself and name its path",
    )


def quiet(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a library: nothing of it leads to what the user has at home, and no token is in it."""
    kept = installer.variables(environment)
    return {key: value for key, value in kept.items() if not key.startswith(_OF_THE_USER)} | {
        "PATH": environment.get("PATH", os.defpath)
    }
