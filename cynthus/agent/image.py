"""The container image of an app: its base and its requirements, nothing of its source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cynthus.agent import engine as docker
from cynthus.agent import image_build, image_name, lock
from cynthus.agent.failure import Failure
from cynthus.agent.image_build import Build
from cynthus.agent.image_name import LABEL
from cynthus.agent.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.engine import Engine
    from cynthus.agent.home import Home
    from cynthus.agent.spec import Spec

_LOG_IN = (
    "see whether `image.base` is its right name; where its registry asks for a password, `docker login` on the machine "
    "that runs it gives it"
)
_REFUSALS = (
    ("unauthorized|authentication required|no basic auth|access.* denied|denied: ", _LOG_IN),
    ("not found|manifest unknown", "see whether `image.base` in cynthus.yaml is its right name and tag"),
    (
        "no such host|timeout|connection refused|no route|unreachable|deadline exceeded|tls:|x509",
        "see that the machine that runs it reaches the registry: `docker pull` there says the same",
    ),
)
"""What Docker says of an image that it does not get, and what to do; the first that fits counts."""


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
            with Steps(home.environments / f"{name}.log", descriptor, engine.variables) as steps:
                if engine.inspect("image", base) is None:
                    _pull(steps, base)
                if file is not None:
                    _clear_leftovers(engine, home)
                    image_build.make(engine, steps, Build(home.deployment, base, file, tag), environment)
    return tag, changed


def _pull(steps: Steps, base: str) -> None:
    try:
        steps.run(("docker", "pull", base), f"the image {base} could not be fetched")
    except Failure as failure:
        said = "\n".join(failure.details)
        hint = next((hint for pattern, hint in _REFUSALS if re.search(pattern, said, re.IGNORECASE)), failure.hint)
        raise Failure(failure.message, hint=hint, code=failure.code, details=failure.details) from None


def remove_all(engine: Engine, deployment: str) -> None:
    """Delete the deployment's containers and images; a base that others may use stays.

    Raises:
        Failure: the engine does not answer, or refuses.
    """
    label = f"label={LABEL}={deployment}"
    repository = image_name.repository(deployment)
    listed = ("container", "ls", "--all", "--quiet", "--filter", label)
    _delete(engine, ("container", "rm", "--force", "--volumes"), listed)
    _delete(engine, ("image", "rm", "--force"), ("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository))
    # What was kept of a build that was cut off has no name, only the label.
    _asked(engine, "image", "prune", "--force", "--filter", label)


def _clear_leftovers(engine: Engine, home: Home) -> None:
    """Delete what builds that were cut off have left; one that goes on holds the lock of its image."""
    beginning = image_build.container_of(home.deployment, "")
    listing = ("container", "ls", "--all", "--format", "{{.Names}}", "--filter", f"name={beginning}")
    for name in _asked(engine, *listing).split():
        if not lock.held(home.environments / f"{name.removeprefix(beginning)}.lock"):
            engine.ask("rm", "--force", "--volumes", name)


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
