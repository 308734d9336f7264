"""`build`: make the app's environment and nothing else, or show the Dockerfile that it is made by."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.agent import spec as agent_spec
from cynthus.agent.failure import Failure
from cynthus.core.placement import Placement
from cynthus.core.run import RunState
from cynthus.errors import EnvironmentFailed, UsageError, error_of_code
from cynthus.operations import image_registry
from cynthus.operations.app import load_app
from cynthus.operations.at_work import holding, journal_of
from cynthus.operations.cuda import with_cuda
from cynthus.operations.edits import as_edited
from cynthus.operations.elsewhere import pinned
from cynthus.operations.host_lock import HostLock
from cynthus.operations.identity import identify, look_up
from cynthus.operations.infrastructure import listed
from cynthus.operations.installing import Installing
from cynthus.operations.launch import answer_of
from cynthus.operations.making import make_hosts
from cynthus.operations.readying import make_hosts_ready
from cynthus.operations.recover import recover
from cynthus.operations.remains import explained
from cynthus.operations.site import agents, entered
from cynthus.operations.up import make_ready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Ready, Request

_PLAYBOOK = "ansible/playbooks/build.yml"


class Built(Struct, frozen=True):
    """An environment that is ready on its hosts: its hash, the image or the path of its Python, and whether it was
    made just now. `registry` tells the image's name there, and what became of it."""

    site: Site
    environment: str
    image: str | None
    python: str | None
    changed: bool
    registry: Mapping[str, Any] | None = None


def build(tools: Tools, request: Request) -> Built:
    """Make the environment where the app runs: the image, or the virtual environment. Nothing is started.

    Raises:
        UsageError: the rendered playbook was deleted, or a run goes on.
        EnvironmentFailed: it cannot be made.
        RegistryFailed, RegistryLoginNeeded: it was made, and could not be put into the registry.
    """
    app = load_app(tools, request.where, target=request.target)
    with holding(tools, app.folder, "build"), HostLock(tools, "build") as lock:
        site = identify(tools, app.folder, app.spec, yes=request.yes)
        with explained(site):
            lock.take(site)
            journal = journal_of(tools, site, "build", lock)
            newest = recover(tools, site, journal)
            if newest is not None and newest.state is RunState.RUNNING:
                raise UsageError(
                    f"run {newest.id} goes on, and what it runs in must not change under it",
                    hint="build when it has ended, or `cynthus cancel` ends it",
                )
            app = pinned(tools, app, site, anew=False)
            ready = make_ready(tools, app, site)
            ready = make_hosts(tools, ready, journal, yes=request.yes, fetching=False)
            site = ready.site
            lock.take(site)
            make_hosts_ready(tools, site, ready.placement, journal, yes=request.yes, allowed=request.allowed)
            lock.insist()
            with journal.step("build"):
                return _play(tools, site, ready)


def _play(tools: Tools, site: Site, ready: Ready) -> Built:
    if not (site.root() / _PLAYBOOK).is_file():
        raise UsageError(
            f"{site.root() / _PLAYBOOK} was deleted, so nothing was built",
            hint="`cynthus render --restore .` writes it again; `cynthus prepare` needs it not",
        )
    there = agents(tools, site)
    document = ready.app.run_document(ready.placement, site.id)
    extravars = {"cynthus_folder": str(ready.app.folder), "cynthus_source_archive": str(ready.source.archive)}
    if image_registry.wanted(document):
        extravars |= image_registry.LATER
    with tools.progress.step("Make the environment") as step:
        with Installing(there, step.activity) as installing:
            result = tools.ansible.play(
                site.root() / _PLAYBOOK,
                inventory=site.root() / "inventory.py",
                hosts=entered(tools, site, as_root=False),
                extravars=extravars,
                activity=installing.activity,
            )
            if image_registry.wanted(document):
                result = image_registry.with_image(
                    tools, site, document, result, extravars, there, installing.activity
                )
        told = answer_of(result, "image")
        changed = any(task.role == "image" and task.changed for task in result.tasks)
        step.result("made" if changed else "it was there")
    registry = image_registry.insist(result)
    if registry is not None:
        how = "it was there" if registry["state"] == "there" else f"{registry['state']} just now"
        tools.progress.note(f"in the registry: {registry['name']}, {how}")
    image, python = told.get("image"), told.get("python")
    return Built(
        site, str(told.get("environment", "")), str(image) if image else None, str(python) if python else None, changed,
        registry,
    )  # fmt: skip


def dockerfile(tools: Tools, where: str | None, *, target: str | None = None) -> str:
    """The Dockerfile of the app's image, as BuildKit gets it with the settings of this machine. Nothing is touched.

    Raises:
        UsageError: it cannot be written as a Dockerfile, or the user's edit of run.json makes no sense.
        EnvironmentFailed: a requirements file cannot be read.
    """
    app = load_app(tools, where, target=target)
    site, _ = look_up(tools, app.folder, app.spec)
    app = image_registry.same_everywhere(app, site)
    wished = app.spec.resources.gpu
    # No host is asked, so the driver is the one that Cynthus would install.
    anywhere = Placement(app.spec.target, "container", gpus=wished[0].count if wished else 0)
    app, placement = with_cuda(app, anywhere, listed(app, site))
    for reason in placement.reasons:
        tools.progress.note(reason)
    for warning in app.needs.warnings:
        tools.progress.warn(warning)
    app = as_edited(tools, app, site, placement)
    described = agent_spec.parse(app.run_document(placement, site.id))
    if described.dockerfile is not None:
        return (app.folder / described.dockerfile).read_text(errors="replace")
    if app.needs.listed is not None and not (app.folder / str(described.requirements)).is_file():
        raise UsageError(
            f"the requirements are from {app.needs.origin}, and are not written yet",
            hint="`cynthus render` writes them, for you to read and to edit",
        )
    try:
        return _written(app, described, tools.settings.environment)
    except Failure as failure:
        kind = error_of_code(failure.code, EnvironmentFailed)
        raise kind(failure.message, hint=failure.hint, details=failure.details) from None


def _written(app: App, described: agent_spec.Spec, environment: Mapping[str, str]) -> str:
    from cynthus.agent import environment as room
    from cynthus.agent import image_build, image_name
    from cynthus.agent.image_build import Extras

    base, file = image_name.base(described), room.requirements_file(described, app.folder)
    title = app.spec.name
    if file is None and not described.apt:
        return f"# The image of {title}: nothing is to be installed, so it is used as it is.\nFROM {base}\n"
    tag = f"{title}:{room.identify(described, app.folder)}"
    extras = Extras(described.apt, described.tools, described.beside)
    recipe = image_build.printed(image_build.Build("", base, file, tag, title, extras), environment)
    if isinstance(recipe, str):
        raise UsageError(
            f"no Dockerfile shows what is installed here: {recipe}",
            hint="`cynthus build` makes the image: it installs in a container and keeps that",
        )
    context = shlex.quote(os.path.relpath(recipe.root, app.folder))
    secrets = "".join(f" --secret id={name},src=FILE" for name in (*recipe.texts, *recipe.copies))
    return (
        f"# The environment of {title}. By hand, in its folder:\n"
        f"#   cynthus build --print | DOCKER_BUILDKIT=1 docker build --tag {title}{secrets} --file - {context}\n"
        f"{recipe.text}"
    )
