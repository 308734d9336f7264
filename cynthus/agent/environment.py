"""The verb `environment`: a Python with the app's requirements, made once and named after what is in it."""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import clock, interpreter, lock, requirements
from cynthus.agent.failure import Failure
from cynthus.files import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.home import Home
    from cynthus.agent.spec import Spec

MARKER = "cynthus-environment.json"
"""Says that an environment is complete, and by its time when it was wanted last."""


class Environment(NamedTuple):
    """An environment that is ready. `python` is its interpreter, `image` its container image; one of them is None."""

    hash: str
    changed: bool
    python: str | None
    image: str | None


def identify(spec: Spec, folder: Path) -> str:
    """The hash over everything that decides what is in the environment.

    Raises:
        Failure: a requirements file cannot be read.
    """
    version = spec.python or interpreter.own_version()
    parts = [spec.runtime, version, spec.base or "", requirements.digest(requirements_file(spec, folder))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def prepare(home: Home, spec: Spec, folder: Path, environment: Mapping[str, str]) -> Environment:
    """Make the environment unless it is there.

    Raises:
        Failure: its Python is missing, or a requirement cannot be installed; nothing half made stays.
    """
    name = identify(spec, folder)
    if spec.in_container:
        from cynthus.agent import image

        tag, changed = image.prepare(home, spec, requirements_file(spec, folder), name, environment)
        return Environment(name, changed, None, tag)
    target = home.environments / name
    changed = not _complete(target)
    if changed:
        home.environments.mkdir(parents=True, exist_ok=True)
        changed = _build_once(target, spec, requirements_file(spec, folder), environment)
    if not changed:
        os.utime(target / MARKER)
    return Environment(name, changed, str(_python(target)), None)


def folder_of(home: Home, name: str) -> Path:
    """The folder of an environment.

    Raises:
        Failure: it is not there.
    """
    target = home.environments / name
    if not _complete(target):
        raise Failure(f"the environment {name} of this run is gone", hint="the verb `environment` makes it again")
    return target


def requirements_file(spec: Spec, folder: Path) -> Path | None:
    """The file that says what to install; None where there is nothing to."""
    if spec.requirements is None:
        return None
    file = folder / spec.requirements
    return None if requirements.is_empty(file) else file


def _python(target: Path) -> Path:
    return target / "bin/python"


def _complete(target: Path) -> bool:
    # The interpreter is a link to one of the machine's, which an upgrade may have taken away.
    return (target / MARKER).exists() and _python(target).exists()


def _build_once(target: Path, spec: Spec, file: Path | None, environment: Mapping[str, str]) -> bool:
    with lock.locked(target.with_name(f"{target.name}.lock")) as descriptor:
        if _complete(target):
            return False
        try:
            _build(target, spec, file, environment, descriptor)
        except BaseException:
            clear(target)
            raise
    return True


def _build(target: Path, spec: Spec, file: Path | None, environment: Mapping[str, str], descriptor: int) -> None:
    from cynthus.agent import installer
    from cynthus.agent.steps import Steps

    clear(target)
    variables = installer.variables(environment)
    python = interpreter.find(spec.python or interpreter.own_version(), variables)
    install = None if file is None else installer.command(_python(target), file, variables)
    if file is not None and install is None:
        interpreter.refuse_without_pip(python, variables)
    # Most apps never call pip, and it takes twenty times longer to make than all the rest.
    without_pip = () if file is not None and install is None else ("--without-pip",)
    with Steps(target.with_name(f"{target.name}.log"), descriptor, variables) as steps:
        steps.run((python, "-I", "-m", "venv", *without_pip, str(target)), "the environment could not be made")
        if file is not None:
            install = install or installer.own_pip(_python(target), file, variables)
            steps.run(install.argv, f"the requirements in {file.name} could not be installed", cwd=install.cwd)
    write_json(target / MARKER, {"python": python, "made_at": clock.stamp(time.time())})


def clear(target: Path) -> None:
    """Delete an environment, or what there is of one."""
    if os.path.lexists(target):
        import shutil

        # The marker goes first: what is half removed must not look complete.
        (target / MARKER).unlink(missing_ok=True)
        shutil.rmtree(target)
