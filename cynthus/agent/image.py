"""The container image of an app: its base and its requirements, nothing of its source."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cynthus.agent import engine as docker
from cynthus.agent import image_name, lock, requirements
from cynthus.agent.failure import ENVIRONMENT, Failure
from cynthus.agent.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.engine import Engine
    from cynthus.agent.home import Home
    from cynthus.agent.spec import Spec

LABEL = "cynthus-deployment"
"""On every container and image of ours; its value is the deployment's id."""
_STAGE = "/cynthus/requirements"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


def prepare(
    home: Home, spec: Spec, file: Path | None, name: str, environment: Mapping[str, str]
) -> tuple[str, bool]:
    """Make the image `name`, or fetch the base where nothing is to be installed; gives its tag and whether it was new.

    Raises:
        Failure: the engine does not answer, or a requirement cannot be installed; no image is left then.
    """
    home.environments.mkdir(parents=True, exist_ok=True)
    engine = docker.of(environment)
    base = image_name.base(spec)
    tag = base if file is None else image_name.own(home.deployment, name)
    with lock.locked(home.environments / f"{name}.lock") as descriptor:
        changed = engine.inspect("image", tag) is None
        # What `remove` goes by, also after a build that was cut off.
        engine.keep(home.environments / f"{name}.image")
        if changed:
            steps = Steps(home.environments / f"{name}.log", descriptor, engine.variables)
            proxies = [each for each in _PROXIES if each in engine.variables]
            _make(home, base, file, tag, steps, proxies)
    return tag, changed


def remove_all(engine: Engine, deployment: str) -> None:
    """Delete the deployment's containers and images; a base that others may use stays.

    Raises:
        Failure: the engine does not answer, or refuses.
    """
    label = f"label={LABEL}={deployment}"
    repository = image_name.repository(deployment)
    _delete(engine, ("container", "rm", "--force"), ("container", "ls", "--all", "--quiet", "--filter", label))
    _delete(engine, ("image", "rm", "--force"), ("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository))
    # Layers of a build that failed have no name, only the label.
    _asked(engine, "image", "prune", "--force", "--filter", label)


def _make(home: Home, base: str, file: Path | None, tag: str, steps: Steps, proxies: list[str]) -> None:
    if file is None:
        steps.run(("docker", "pull", "--quiet", base), f"the image {base} could not be fetched")
        return
    context = home.environments / f".build.{tag.rpartition(':')[2]}"
    # What a build left that was cut off; the lock says that nobody uses it.
    shutil.rmtree(context, ignore_errors=True)
    try:
        _write_context(context, base, file, home.deployment)
        # Docker takes their values from the environment, and keeps them out of the image's history.
        passed = [word for name in proxies for word in ("--build-arg", name)]
        argv = ("docker", "build", "--force-rm", *passed, "--tag", tag, str(context))
        steps.run(argv, f"the requirements in {file.name} could not be installed")
    finally:
        shutil.rmtree(context, ignore_errors=True)


def _write_context(context: Path, base: str, file: Path, deployment: str) -> None:
    """The Dockerfile, the requirements file and what it names on this machine, each where it lies to the others."""
    named = requirements.files(file)
    root = Path(os.path.commonpath([each.parent for each in named]))
    for each in named:
        target = context / "files" / each.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(each, target)
    place = str(PurePosixPath(_STAGE, file.parent.relative_to(root).as_posix()))
    (context / "Dockerfile").write_text(
        f"FROM {base}\n"
        f"LABEL {LABEL}={deployment}\n"
        "USER 0\n"
        f"COPY files {_STAGE}\n"
        f"WORKDIR {_quoted(place)}\n"
        # The base's Python may be one that its distribution wants to itself; in this image it is the app's.
        "RUN PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore python -m pip install --no-cache-dir "
        f"--disable-pip-version-check --no-input -r {_quoted(file.name)}\n"
    )


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        left_out = shutil.ignore_patterns(*requirements.NOT_OF_A_PROJECT)
        shutil.copytree(source, target, ignore=left_out, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


def _quoted(path: str) -> str:
    """A path as a Dockerfile and the shell in it read it."""
    if any(letter in path for letter in "\n\"\\$`'"):
        raise Failure(
            f"the name {path!r} of a requirements file cannot be used in a container image",
            hint="rename it: no quotes, dollar signs or backslashes", code=ENVIRONMENT,
        )
    return f'"{path}"'


def _delete(engine: Engine, words: tuple[str, ...], listing: tuple[str, ...]) -> None:
    found = sorted(set(_asked(engine, *listing).split()))
    if found:
        _asked(engine, *words, *found)


def _asked(engine: Engine, *words: str) -> str:
    answer = engine.ask(*words, timeout=300)
    if answer.returncode:
        raise Failure(
            f"`docker {' '.join(words[:2])}` failed: {docker.last_line(answer)}",
            hint="see that the Docker engine runs, then run the command again",
        )
    return answer.stdout.decode(errors="replace")
