"""The container image of an app: its base and its requirements, nothing of its source."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import engine as docker
from cynthus.agent import environment as room
from cynthus.agent import image_name, lock, makers, registry, registry_login
from cynthus.agent.failure import Failure
from cynthus.agent.image_name import LABEL
from cynthus.agent.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cynthus.agent.engine import Engine
    from cynthus.agent.home import Home
    from cynthus.agent.registry import Kept
    from cynthus.agent.spec import Spec

_LOG_IN = (
    "see whether `image.base`, or FROM in your Dockerfile, is its right name; where its registry asks for a password, "
    "`docker login` on the machine that runs it gives it"
)
_REFUSALS = (
    ("unauthorized|authentication required|no basic auth|access.* denied|denied: ", _LOG_IN),
    ("not found|manifest unknown", "see whether `image.base`, or FROM in your Dockerfile, is its right name and tag"),
    (
        "no such host|timeout|connection refused|no route|unreachable|deadline exceeded|tls:|x509",
        "see that the machine that runs it reaches the registry: `docker pull` there says the same",
    ),
)
"""What Docker says of an image that it does not get, and what to do; the first that fits counts."""


class Prepared(NamedTuple):
    """An image that is here: its tag, whether it is new here, and what became of it in a registry, if there is one."""

    tag: str
    changed: bool
    registry: Kept | None


def prepare(
    home: Home, spec: Spec, folder: Path, name: str, environment: Mapping[str, str],
    login: Mapping[str, str] | None = None,
) -> Prepared:
    """Have the image `name`: from the registry, else made and put there; the base where nothing is to be installed.

    A registry that fails is no reason not to have it: what went wrong there is told in the answer.

    Raises:
        Failure: the engine does not answer, or the image cannot be made; none is left then.
    """
    home.environments.mkdir(parents=True, exist_ok=True)
    engine = docker.of(environment)
    tag = image_name.of(spec, folder, name) or image_name.base(spec)
    with lock.locked(home.environments / f"{name}.lock") as descriptor:
        changed = engine.inspect("image", tag) is None
        # What `remove` goes by, also after a build that was cut off.
        engine.keep(home.environments / f"{name}.image")
        repository = spec.repository if tag == image_name.own(spec.deployment, name) else None
        record = registry.record(home.environments, name)
        if not changed and (repository is None or registry.known(record, repository, name)):
            return Prepared(tag, changed, registry.known(record, repository, name) if repository else None)
        log = home.environments / f"{name}.log"
        with (
            makers.noted(home),
            registry_login.handed(login, home.deployment, environment) as variables,
            Steps(log, descriptor, engine.variables) as steps,
        ):
            shelf = registry.Shelf(engine, repository, tag, record, variables) if repository else None
            if changed and not (shelf and shelf.pull(steps)):
                _make(engine, steps, home, spec, folder, tag, environment, variables)
            # What was made of files that were edited meanwhile is not what the name says.
            if shelf and not shelf.settled and room.identify(spec, folder) == name:
                shelf.push(steps)
    return Prepared(tag, changed, shelf.kept if shelf else None)


def _make(
    engine: Engine, steps: Steps, home: Home, spec: Spec, folder: Path, tag: str, environment: Mapping[str, str],
    login: Mapping[str, str],
) -> None:
    if spec.dockerfile is not None:
        from cynthus.agent import buildkit, context

        with _hinted():
            buildkit.build_own(engine, steps, context.of(spec, folder), tag, {LABEL: home.deployment})
        return
    base, file = image_name.base(spec), room.requirements_file(spec, folder)
    there = engine.inspect("image", base)
    if there is None:
        with _hinted():
            # Docker's own logins count, unless the base lies where the app's images do.
            beside = spec.repository and base.partition("/")[0] == spec.repository.partition("/")[0]
            variables = login if beside else None
            steps.run(("docker", "pull", base), f"the image {base} could not be fetched", variables=variables)
    if file is not None or spec.apt:
        from cynthus.agent import image_build

        title = home.deployment.rpartition("-")[0] or home.deployment
        build = image_build.Build(
            home.deployment, base, file, tag, title, image_build.Extras(spec.apt, spec.tools, spec.beside)
        )
        there = there or engine.inspect("image", base) or {}
        image_build.make(engine, steps, build, environment, there, locks=home.environments)


@contextmanager
def _hinted() -> Iterator[None]:
    """Within the block, what a registry answers comes with what to do."""
    try:
        yield
    except Failure as failure:
        said = "\n".join(failure.details)
        hint = next((hint for pattern, hint in _REFUSALS if re.search(pattern, said, re.IGNORECASE)), failure.hint)
        raise Failure(failure.message, hint=hint, code=failure.code, details=failure.details) from None


def forget(home: Home, tag: str, environment: Mapping[str, str]) -> None:
    """Delete an image of the deployment's own that is not what its name says; a base stays.

    Raises:
        Failure: the engine does not answer.
    """
    if tag.startswith(f"{image_name.repository(home.deployment)}:"):
        docker.of(environment).ask("image", "rm", tag)


def remove_all(engine: Engine, deployment: str, names: Sequence[str] = ()) -> None:
    """Delete the deployment's containers and images; a base that others may use stays, and so does any registry's.

    `names` are what its images are called in registries: one that was cut off leaves that name here.

    Raises:
        Failure: the engine does not answer, or refuses.
    """
    label = f"label={LABEL}={deployment}"
    repository = image_name.repository(deployment)
    listed = ("container", "ls", "--all", "--quiet", "--filter", label)
    _delete(engine, ("container", "rm", "--force", "--volumes"), listed)
    _delete(engine, ("image", "rm", "--force"), ("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository))
    for name in names:
        engine.ask("image", "rm", name)
    # What was kept of a build that was cut off has no name, only the label.
    engine.told("image", "prune", "--force", "--filter", label)


def _delete(engine: Engine, words: tuple[str, ...], listing: tuple[str, ...]) -> None:
    found = sorted(set(engine.told(*listing).split()))
    if found:
        engine.told(*words, *found)
