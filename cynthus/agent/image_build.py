"""An image with an app's requirements on a base: by BuildKit where it is there, else as a container that is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cynthus.agent import buildkit, docker_proxies, dockerfile, image_commit, image_settings
from cynthus.agent.image_name import LABEL
from cynthus.agent.image_settings import PROXIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.dockerfile import Recipe
    from cynthus.agent.engine import Engine
    from cynthus.agent.steps import Steps


class Extras(NamedTuple):
    """What comes before the requirements: packages of the distribution by `apt`, then `tools` by pip.

    Of the requirements, those that `beside` names are built last, and find what is installed.
    """

    apt: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


class Build(NamedTuple):
    """What is to be made: the image `tag` of the image `base`, with what `file` requires.

    `deployment` is '' where an image is only described, `title` what a person calls the app.
    """

    deployment: str
    base: str
    file: Path | None
    tag: str
    title: str
    extras: Extras = Extras()

    @property
    def name(self) -> str:
        """The environment's hash."""
        return self.tag.rpartition(":")[2]

    @property
    def labels(self) -> dict[str, str]:
        """What stands on the image. The OCI's own names: https://specs.opencontainers.org/image-spec/annotations."""
        return {
            **({LABEL: self.deployment} if self.deployment else {}),
            "org.opencontainers.image.title": self.title,
            "org.opencontainers.image.version": self.name,
            "org.opencontainers.image.base.name": self.base,
        }

    @property
    def user(self) -> str:
        """Whom the image is for where its base names nobody: not root. A run has its own user in any case."""
        return "1000:1000"

    @property
    def problem(self) -> str:
        """What it means that the build fails."""
        named = ["packages of the distribution"] if self.extras.apt else []
        named += [f"the requirements in {self.file.name}"] if self.file is not None else []
        return f"{' or '.join(named)} could not be installed"

    @property
    def folder(self) -> Path:
        """From where relative paths in pip's settings are meant."""
        return self.file.parent if self.file is not None else Path("/")


def make(
    engine: Engine, steps: Steps, build: Build, environment: Mapping[str, str], base: Mapping[str, Any],
    *, locks: Path,
) -> None:
    """Make the image; `environment` is the caller's, with what pip was told there. Nobody else builds the same.

    `base` is what the engine knows of the base; in the folder `locks` is one for each build.

    Raises:
        Failure: the engine does not answer, or a requirement cannot be installed; no image is left then.
    """
    of_docker = docker_proxies.of(engine.variables)
    proxies = of_docker | {name: engine.variables[name] for name in PROXIES if name in engine.variables}
    settings = image_settings.collect(environment, proxies, build.folder)
    recipe = dockerfile.recipe(build, settings, of_docker, user=(base.get("Config") or {}).get("User"))
    words = None if isinstance(recipe, str) else buildkit.command(engine)
    if words is None or isinstance(recipe, str):
        image_commit.clear_leftovers(engine, build.deployment, locks)
        image_commit.make(engine, steps, build, settings, of_docker, base.get("Config") or {})
    else:
        buildkit.build(engine, steps, words, recipe, nearby=settings.nearby)


def printed(build: Build, environment: Mapping[str, str]) -> Recipe | str:
    """What BuildKit would be given with the settings of this machine, or why it would not be.

    Raises:
        Failure: a setting of pip's, or a requirements file, cannot be read.
    """
    proxies = {name: environment[name] for name in PROXIES if name in environment}
    settings = image_settings.collect(environment, proxies, build.folder)
    return dockerfile.recipe(build, settings, docker_proxies.of(environment), user=None)
