"""The user's edits of the rendered files, as far as they matter to the verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cynthus.agent import spec
from cynthus.agent.failure import Failure
from cynthus.credentials import secrets
from cynthus.errors import UsageError
from cynthus.operations.infrastructure import as_rendered, listed, workspace
from cynthus.operations.needs import told
from cynthus.operations.site import COMPUTE
from cynthus.render.documents import document, read_document
from cynthus.render.folder import RUN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.core.placement import Placement
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.targets.base import Target


MEND = "mend your edit (`cynthus diff` shows it), or delete the file to have it written anew"


def edits_fingerprint(site: Site, target: Target) -> str:
    """Another text for each state of the user's edits in all roots; "" where there are none."""
    return "".join(workspace(site, root).fingerprint() for root in target.roots)


def as_edited(tools: Tools, app: App, site: Site, placement: Placement) -> App:
    """The app by run.json as the user edited it: the play by hand reads that file too.

    An edit that contradicts the new run.json is left to `infrastructure.write`, which shows it.

    Raises:
        UsageError: what the user made of run.json is no description of a run.
        SecretMissing: it names a secret that has no value.
    """
    asked = as_rendered(app, site, placement)
    merged = workspace(site, COMPUTE).coming(RUN, document(asked))
    if merged is None or merged == document(asked):
        return app
    file = site.root() / RUN
    edited = _read(file, merged) | {"schema": 1, "deployment": site.id}
    described = _described(file, edited)
    changed = [key for key in sorted({*asked, *edited}) if edited.get(key) != asked.get(key)]
    if not changed:
        return app
    tools.progress.note(f"{', '.join(changed)}: by your edit of {file.relative_to(site.folder)}")
    values = secrets.resolve(described.secrets, tools.settings.environment)
    return replace(app, edited=edited, secrets=values)


def tell_needs(tools: Tools, app: App, site: Site, placement: Placement) -> None:
    """What was found or inferred where the user has no list of requirements, and what is odd about it."""
    needs = app.needed(placement)
    for line in needs.warnings:
        tools.progress.warn(line)
    if needs.asked_by and needs.python:
        tools.progress.note(f"Python {needs.python}: by {needs.asked_by}")
    if needs.listed is None:
        return
    tools.progress.note(told(needs, listed(replace(app, needs=needs), site) or needs.listed))


def _read(file: Path, content: bytes) -> dict[str, Any]:
    try:
        return read_document(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} cannot be read as JSON: {error}", hint=MEND) from None


def _described(file: Path, edited: Mapping[str, object]) -> spec.Spec:
    try:
        return spec.parse(edited)
    except Failure as failure:
        raise UsageError(failure.message.replace("spec.json", str(file), 1), hint=MEND) from None
