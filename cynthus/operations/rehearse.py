"""`up --simulate`: what `up` does up to the finished apply, at a place that somebody plays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.names import TERRAFORM_TEXTS
from cynthus.errors import UsageError
from cynthus.files import read_json
from cynthus.operations import infrastructure, making, roots
from cynthus.operations.at_work import holding
from cynthus.operations.edits import tell_needs
from cynthus.operations.elsewhere import unasked
from cynthus.operations.identity import identify
from cynthus.state.journal import Journal
from cynthus.terraform.outputs import hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from cynthus.core.deployment import Host
    from cynthus.core.placement import Placement
    from cynthus.core.plan import Offer
    from cynthus.core.spec import AppSpec
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.targets.base import Target

PURE = ("hashicorp/random", "hashicorp/tls", "hashicorp/time")
"""Providers that make nothing outside Terraform's state."""
LOCK = ".terraform.lock.hcl"
"""Where Terraform writes which providers a root has."""
MODULES = ".terraform/modules/modules.json"
"""And where it found the modules."""
_PROVIDER = re.compile(r'^provider "([^"]+)"', re.MULTILINE)
_PROVISIONER = re.compile(r'^\s*provisioner\s+"[^"]+"|"provisioner"\s*:', re.MULTILINE)


class Rehearsal(Struct, frozen=True):
    """What is rehearsed: an app whose folder is the rehearsal's own. `known_now` makes of its spec the one by which the
    values are made that are known only now; `providers` ask the place that is played, and no real one, as the files
    `beside` the rendered ones of each root have them do."""

    app: App
    known_now: Callable[[AppSpec], AppSpec]
    providers: Collection[str]
    beside: Mapping[str, str]
    yes: bool = False
    no_deadline: bool = False


class Rehearsed(Struct, frozen=True):
    """What would stand."""

    site: Site
    hosts: tuple[Host, ...]
    offer: Offer


class _Placed(Struct, frozen=True):
    app: App
    target: Target
    placement: Placement


def rehearse(tools: Tools, rehearsal: Rehearsal) -> Rehearsed:
    """Write, plan, ask and apply. No host is waited for, for there need not be any.

    Raises:
        UsageError: what the user added would be done for real.
        TerraformFailed: the place refuses something, as the real one would.
    """
    app = rehearsal.app
    with holding(tools, app.folder, "rehearse"):
        site = identify(tools, app.folder, app.spec, yes=True)
        site.paths.create()
        placed = _place(tools, site, rehearsal)
        site = making.written(tools, site, placed)
        known = replace(placed.app, spec=rehearsal.known_now(placed.app.spec))
        roots.write_runtime(tools, site, placed.target, known, placed.placement)
        for root in placed.target.roots:
            for name, text in rehearsal.beside.items():
                (site.root(root) / name).write_text(text, encoding="utf-8")
            _insist_on_play(tools, site, root, rehearsal.providers)
        journal = Journal(site.paths.journal, operation="rehearse", clock=tools.clock)
        made = making.make(tools, site, placed, journal, yes=rehearsal.yes)
    assert made is not None  # noqa: S101 - it began with nothing
    return Rehearsed(site, hosts(made.outputs), made.offer)


def _place(tools: Tools, site: Site, rehearsal: Rehearsal) -> _Placed:
    app, left_out = unasked(rehearsal.app, site)
    app, target, placement = infrastructure.place(tools, app, site, no_deadline=rehearsal.no_deadline)
    for line in (*placement.reasons, *app.image_notes(placement)):
        tools.progress.note(line)
    tell_needs(tools, app, site, placement)
    if left_out:
        tools.progress.note(f"not looked at in a rehearsal: {', '.join(left_out)}")
    return _Placed(app, target, placement)


def _insist_on_play(tools: Tools, site: Site, root: str, providers: Collection[str]) -> None:
    """See that nothing of a root reaches anything but the place that is played.

    Raises:
        UsageError: it would, or would start a program.
    """
    folder = site.root(root)
    shown = folder.relative_to(site.folder)
    with tools.progress.step(f"Prepare Terraform in {shown}") as step:
        terraform = roots.open_terraform(tools, site, step, root)
        with roots.deleted_files_told(site, root):
            terraform.init()
    starting = next((file for file in _texts(folder) if _PROVISIONER.search(_text(file))), None)
    if starting is not None:
        raise UsageError(
            f"{starting} has a provisioner, which a rehearsal would carry out for real",
            hint="`cynthus plan` shows what it comes to, and starts no provisioner",
        )
    foreign = _providers(folder / LOCK) - {*providers, *PURE}
    if foreign:
        raise UsageError(
            f"{shown} also has what {', '.join(sorted(foreign))} would make for real",
            hint="`cynthus plan` shows it, and makes nothing",
        )


def _texts(folder: Path) -> Iterator[Path]:
    """What Terraform reads of a root and of its modules, wherever they lie."""
    listed = read_json(folder / MODULES) or {}
    known = listed.get("Modules")
    places = [str(each["Dir"]) for each in known if each.get("Dir")] if isinstance(known, list) else []
    for place in sorted({".", *places}):
        yield from sorted(file for text in TERRAFORM_TEXTS for file in (folder / place).glob(f"*{text}"))


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _providers(lock: Path) -> set[str]:
    """By their short names: the registry is that of Terraform or of OpenTofu."""
    found = _PROVIDER.findall(_text(lock)) if lock.exists() else []
    return {"/".join(source.split("/")[-2:]) for source in found}
