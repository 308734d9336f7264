"""Versions: what ran, as the pair of its environment and its source. Those of the last runs can be brought back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from cynthus.agent import context, requirements
from cynthus.agent import spec as agent_spec
from cynthus.agent.failure import Failure
from cynthus.core.suggest import did_you_mean
from cynthus.errors import CynthusError, UnknownVersion, UsageError
from cynthus.operations.needs import Needs
from cynthus.operations.site import locate
from cynthus.operations.source import KEPT, kept_source
from cynthus.state.recipes import Recipe, Recipes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.core.run import Run, Version
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.source import Source
    from cynthus.operations.tools import Tools

_SHOWN = 8
"""Letters of a hash that are shown: of the ten that are kept, no two begin alike."""


class KnownVersion(Struct, frozen=True):
    """A version and its runs, the newest first. `kept`: it can be brought back from here."""

    name: str
    version: Version
    runs: tuple[Run, ...]
    kept: bool


def versions(tools: Tools, where: str | None, *, target: str | None = None) -> tuple[Site, tuple[KnownVersion, ...]]:
    """The verb: every version that ran, the one that ran last first.

    Raises:
        UnknownDeployment, NotAFolder: there is no such deployment.
    """
    site = locate(tools, where, target=target)
    return site, known_versions(site)


def known_versions(site: Site) -> tuple[KnownVersion, ...]:
    """The same of a site."""
    found: dict[Version, list[Run]] = {}
    for run in reversed(site.runs.all()):
        if run.version.source:
            found.setdefault(run.version, []).append(run)
    return tuple(
        KnownVersion(name_of(version), version, tuple(runs), _kept(site, version)) for version, runs in found.items()
    )


def name_of(version: Version) -> str:
    """What a person calls it: the beginnings of both hashes."""
    return f"{version.environment[:_SHOWN]}-{version.source[:_SHOWN]}"


def chosen_version(site: Site, wanted: str) -> KnownVersion:
    """The version that a person means: by its name, the beginning of one, or a run that had it.

    Raises:
        UnknownVersion: there is none, there are several, or it is not kept any more.
    """
    known = known_versions(site)
    fit = [
        each for each in known if each.name.startswith(wanted) or wanted in [run.id for run in each.runs]
    ]
    exact = [each for each in fit if each.name == wanted]
    if len(exact or fit) != 1:
        names = [each.name for each in known]
        problem = f"{wanted!r} may be {' or '.join(each.name for each in fit)}" if fit else f"there is no {wanted!r}"
        near = "" if fit else did_you_mean(wanted, names)
        raise UnknownVersion(f"{site.name}: {problem}", hint=near or "`cynthus versions` lists them")
    version = (exact or fit)[0]
    if not version.kept:
        raise UnknownVersion(
            f"version {version.name} is not kept any more: those of the last {KEPT} runs are",
            hint="check out that state of your folder, and `cynthus up` brings it",
        )
    return version


def as_version(site: Site, app: App, version: KnownVersion) -> tuple[App, Source]:
    """The app with the environment and the source of a version; everything else is as the folder asks for now.

    Raises:
        UnknownVersion: it is gone.
    """
    found = Recipes(site.paths.recipes).load(version.version.environment)
    source = kept_source(site, version.version.source)
    if found is None or source is None:
        raise UnknownVersion(f"version {version.name} is not kept any more", hint="`cynthus versions` lists them")
    recipe, files = found
    image = replace(app.spec.image, python=recipe.python, base=recipe.base, apt=recipe.apt)
    return (
        replace(
            app,
            spec=replace(app.spec, image=image),
            needs=Needs(_below(app, files, recipe.requirements)),
            dockerfile=_below(app, files, recipe.dockerfile),
            tools=recipe.tools,
            beside=recipe.beside,
        ),
        source,
    )


def in_place(site: Site, version: KnownVersion) -> bool:
    """Whether something of it is installed in place (`-e`): that is as it is now, and not as it was."""
    found = Recipes(site.paths.recipes).load(version.version.environment)
    if found is None or found[0].requirements is None:
        return False
    lines = (found[1] / found[0].requirements).read_text(errors="replace").splitlines()
    return any(line.strip().startswith(("-e", "--editable")) for line in lines)


def insist_on_runtime(site: Site, version: KnownVersion, runtime: str) -> None:
    """See that the version runs as the deployment does.

    Raises:
        UsageError: it ran in the other runtime.
    """
    found = Recipes(site.paths.recipes).load(version.version.environment)
    if found is not None and found[0].runtime != runtime:
        raise UsageError(
            f"version {version.name} ran with `runtime: {found[0].runtime}`, and {site.name} runs with {runtime} now",
            hint="`cynthus down` and `runtime:` in cynthus.yaml change that",
        )


def ingredients(document: Mapping[str, object], folder: Path) -> str:
    """A hash over the files that an environment is made of; '' where one of them cannot be read, which others tell."""
    try:
        described = agent_spec.parse(document)
        if described.in_container and described.dockerfile is not None:
            return context.digest(context.of(described, folder))
        return requirements.digest(folder / described.requirements if described.requirements else None)
    except Failure:
        return ""


def keep_recipe(
    tools: Tools, site: Site, folder: Path, document: Mapping[str, object], environment: str, made_of: str
) -> None:
    """Keep what an environment was made of, so that its version can be brought back; it is no reason to stop.

    `made_of` are the ingredients as they were before it was made: what was edited meanwhile is not what it is of.
    """
    try:
        described = agent_spec.parse(document)
        recipe, files = _recipe(described, folder)
        recipes = Recipes(site.paths.recipes)
        if recipes.load(environment) is None:
            recipes.keep(environment, recipe, files)
            if ingredients(document, folder) != made_of:
                recipes.forget(environment)
                tools.progress.warn("this version cannot be brought back later: it was edited while it was made")
        wanted = {run.version.environment for run in site.runs.all()[-KEPT:]}
        recipes.prune({*wanted, environment})
    except (CynthusError, Failure, OSError) as error:
        tools.progress.warn(f"this version cannot be brought back later: {error}")


def _recipe(described: agent_spec.Spec, folder: Path) -> tuple[Recipe, dict[str, Path]]:
    runtime: Literal["venv", "container"] = "container" if described.in_container else "venv"
    recipe = Recipe(
        runtime, python=described.python, base=described.base, apt=described.apt, tools=described.tools,
        beside=described.beside,
    )
    if described.in_container and described.dockerfile is not None:
        seen = context.of(described, folder)
        files = {name: seen.root / name for name in (seen.dockerfile, *seen.files)}
        return replace(recipe, dockerfile=seen.dockerfile), files
    if described.requirements is None:
        return recipe, {}
    file = folder / described.requirements
    root = requirements.root(file)
    files = {os.path.relpath(each, root): each for each in requirements.everything(file)}
    return replace(recipe, requirements=os.path.relpath(file, root)), files


def _below(app: App, files: Path, name: str | None) -> str | None:
    return None if name is None else os.path.relpath(files / name, app.folder)


def _kept(site: Site, version: Version) -> bool:
    archive = site.paths.sources / f"{version.source}.tar.gz"
    return archive.exists() and Recipes(site.paths.recipes).load(version.environment) is not None

