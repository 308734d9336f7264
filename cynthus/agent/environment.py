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
    from cynthus.agent.registry import Kept
    from cynthus.agent.spec import Spec


class Environment(NamedTuple):
    """An environment that is ready. `python` is its interpreter, `image` its container image; one of them is None.

    `registry` tells what became of the image there, where there is one.
    """

    hash: str
    changed: bool
    python: str | None
    image: str | None
    registry: Kept | None = None

    def answer(self, *, begun: bool) -> Mapping[str, object]:
        """The answer of the verb; `begun`: it was made just now, before anybody asked."""
        return {
            "changed": self.changed or begun, "environment": self.hash, "python": self.python, "image": self.image,
            "registry": self.registry and self.registry._asdict(),
        }


def identify(spec: Spec, folder: Path) -> str:
    """The hash over everything that decides what is in the environment.

    Raises:
        Failure: a requirements file cannot be read.
    """
    if spec.in_container and spec.dockerfile is not None:
        from cynthus.agent import context

        return _named(["dockerfile", context.digest(context.of(spec, folder))])
    version = spec.python or interpreter.own_version()
    if spec.in_container and spec.repository and spec.base and not spec.python:
        # The base brings its own, and the name must be the same on all machines.
        version = ""
    parts = [spec.runtime, version, spec.base or "", requirements.digest(requirements_file(spec, folder))]
    if spec.in_container:
        for kind, names in (("apt", spec.apt), ("tools", spec.tools), ("beside", spec.beside)):
            parts += [f"{kind} {each}" for each in names]
    return _named(parts)


def _named(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def prepare(
    home: Home, spec: Spec, folder: Path, environment: Mapping[str, str], login: Mapping[str, str] | None = None
) -> Environment:
    """Make the environment unless it is there. `login` is one to the registry of images, where it was handed over.

    Raises:
        Failure: its Python is missing, a requirement cannot be installed, or was changed meanwhile; nothing half made
            stays.
    """
    name = identify(spec, folder)
    if spec.in_container:
        from cynthus.agent import image

        made = image.prepare(home, spec, folder, name, environment, login)
        if made.changed and identify(spec, folder) != name:
            image.forget(home, made.tag, environment)
            raise _changed_meanwhile()
        return Environment(name, made.changed, None, made.tag, made.registry)
    target = EnvironmentFolder(home.environments / name)
    changed = not target.complete
    if changed:
        home.environments.mkdir(parents=True, exist_ok=True)
        changed = _build_once(home, target, spec, requirements_file(spec, folder), environment)
        if changed and identify(spec, folder) != name:
            clear(target.folder)
            raise _changed_meanwhile()
    if not changed:
        os.utime(target.marker)
    return Environment(name, changed, str(target.python), None)


def _changed_meanwhile() -> Failure:
    hint = "run the command again"
    return Failure("what the environment is made of was changed meanwhile", hint=hint, code=ENVIRONMENT)


def requirements_file(spec: Spec, folder: Path) -> Path | None:
    """The file that says what to install; None where there is nothing to."""
    if spec.requirements is None:
        return None
    file = folder / spec.requirements
    return None if requirements.is_empty(file) else file


def _build_once(
    home: Home, target: EnvironmentFolder, spec: Spec, file: Path | None, environment: Mapping[str, str]
) -> bool:
    from cynthus.agent import makers

    with lock.locked(target.folder.with_name(f"{target.folder.name}.lock")) as descriptor:
        if target.complete:
            return False
        with makers.noted(home):
            try:
                build(target, spec.python or interpreter.own_version(), file, environment, descriptor)
            except BaseException:
                clear(target.folder)
                raise
    return True


def build(
    target: EnvironmentFolder, version: str, file: Path | None, environment: Mapping[str, str], descriptor: int
) -> None:
    """Make an environment of that version of Python with the requirements in `file`, whoever holds the lock.

    Raises:
        Failure: its Python is missing, or a requirement cannot be installed.
    """
    from cynthus.agent import installer
    from cynthus.agent.steps import Steps

    clear(target.folder)
    variables = installer.variables(environment)
    python = interpreter.find(version, variables)
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
