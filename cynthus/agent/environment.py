"""The verb `environment`: a Python with the app's requirements, made once and named after what is in it."""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import clock, interpreter, lock, requirements
from cynthus.agent.failure import ENVIRONMENT, Failure
from cynthus.agent.home import EnvironmentFolder
from cynthus.files import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.home import Home
    from cynthus.agent.spec import Spec


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
        Failure: its Python is missing, a requirement cannot be installed, or was changed meanwhile; nothing half made
            stays.
    """
    name = identify(spec, folder)
    if spec.in_container:
        from cynthus.agent import image

        tag, changed = image.prepare(home, spec, requirements_file(spec, folder), name, environment)
        return Environment(name, changed, None, tag)
    target = EnvironmentFolder(home.environments / name)
    changed = not target.complete
    if changed:
        home.environments.mkdir(parents=True, exist_ok=True)
        changed = _build_once(target, spec, requirements_file(spec, folder), environment)
        if changed and identify(spec, folder) != name:
            clear(target.folder)
            hint = "run the command again"
            raise Failure("the requirements were changed while they were being installed", hint=hint, code=ENVIRONMENT)
    if not changed:
        os.utime(target.marker)
    return Environment(name, changed, str(target.python), None)


def requirements_file(spec: Spec, folder: Path) -> Path | None:
    """The file that says what to install; None where there is nothing to."""
    if spec.requirements is None:
        return None
    file = folder / spec.requirements
    return None if requirements.is_empty(file) else file


def _build_once(target: EnvironmentFolder, spec: Spec, file: Path | None, environment: Mapping[str, str]) -> bool:
    with lock.locked(target.folder.with_name(f"{target.folder.name}.lock")) as descriptor:
        if target.complete:
            return False
        try:
            _build(target, spec, file, environment, descriptor)
        except BaseException:
            clear(target.folder)
            raise
    return True


def _build(
    target: EnvironmentFolder, spec: Spec, file: Path | None, environment: Mapping[str, str], descriptor: int
) -> None:
    from cynthus.agent import installer
    from cynthus.agent.steps import Steps

    clear(target.folder)
    variables = installer.variables(environment)
    python = interpreter.find(spec.python or interpreter.own_version(), variables)
    install = None if file is None else installer.command(target.python, file, variables)
    if file is not None and install is None:
        interpreter.refuse_without_pip(python, variables)
    # Most apps never call pip, and it takes twenty times longer to make than all the rest.
    without_pip = () if file is not None and install is None else ("--without-pip",)
    with Steps(target.folder.with_name(f"{target.folder.name}.log"), descriptor, variables) as steps:
        steps.run((python, "-I", "-m", "venv", *without_pip, str(target.folder)), "the environment could not be made")
        if file is not None:
            install = install or installer.own_pip(target.python, file, variables)
            steps.run(install.argv, f"the requirements in {file.name} could not be installed", cwd=install.cwd)
    write_json(target.marker, {"python": python, "made_at": clock.stamp(time.time())})


def clear(target: Path) -> None:
    """Delete an environment, or what there is of one."""
    if os.path.lexists(target):
        import shutil

        # The marker goes first: what is half removed must not look complete.
        EnvironmentFolder(target).marker.unlink(missing_ok=True)
        shutil.rmtree(target)
