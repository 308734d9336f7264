"""`up --simulate`: what `up` does, at a place that somebody plays: up to the finished apply, and where there are hosts,
to the started main.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.names import TERRAFORM_TEXTS
from cynthus.errors import UsageError
from cynthus.files import read_json
from cynthus.operations import infrastructure, making, roots
from cynthus.operations.at_work import holding, journal_of
from cynthus.operations.elsewhere import unasked
from cynthus.operations.host_lock import HostLock
from cynthus.operations.identity import identify
from cynthus.operations.up import Ready, make_ready, on_hosts, with_arguments
from cynthus.operations.within import alone, insist_on_our_hosts, insist_on_our_plays, not_brought
from cynthus.terraform.outputs import hosts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from cynthus.core.deployment import Host
    from cynthus.core.plan import Offer
    from cynthus.core.run import Run
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.stage import Stage
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Request

PURE = ("hashicorp/random", "hashicorp/tls", "hashicorp/time")
"""Providers that make nothing outside Terraform's state."""
LOCK = ".terraform.lock.hcl"
"""Where Terraform writes which providers a root has."""
MODULES = ".terraform/modules/modules.json"
"""And where it found the modules."""
_PROVIDER = re.compile(r'^provider "([^"]+)"', re.MULTILINE)
_PROVISIONER = re.compile(r'^\s*provisioner\s+"[^"]+"|"provisioner"\s*:', re.MULTILINE)


class Rehearsal(Struct, frozen=True):
    """What is rehearsed. The app has a folder of the rehearsal's own, and its records, its rendered files and what
    comes home are in another one, `folder`; `home` is the user's."""

    app: App
    stage: Stage
    request: Request
    folder: Path
    home: Path


class Rehearsed(Struct, frozen=True):
    """What would stand, and the run that goes on there; None where no host was booted."""

    site: Site
    hosts: tuple[Host, ...]
    offer: Offer
    run: Run | None


def rehearse(tools: Tools, rehearsal: Rehearsal) -> Rehearsed:
    """Write, plan, ask and apply; and where hosts are booted, go on as `up` does until main.py has started.

    Raises:
        UsageError: what the user added would be done for real.
        TerraformFailed: the place refuses something, as the real one would.
        HostError: and whatever else goes wrong on a host.
    """
    stage, request = rehearsal.stage, rehearsal.request
    with holding(tools, rehearsal.folder, "rehearse"), HostLock(tools, "rehearse") as lock:
        site = identify(tools, rehearsal.folder, rehearsal.app.spec, yes=True)
        journal = journal_of(tools, site, "rehearse", lock)
        ready = _ready(tools, site, rehearsal)
        ready = replace(ready, site=_written(tools, ready, stage))
        made = making.make(tools, ready.site, ready, journal, yes=request.yes)
        assert made is not None  # noqa: S101 - it began with nothing
        found = hosts(made.outputs)
        if not stage.boots:
            return Rehearsed(ready.site, found, made.offer, None)
        insist_on_our_hosts(stage, found)
        site = infrastructure.record(tools, ready.site, ready.placement, made.outputs, made.offer)
        for name in not_brought(ready):
            tools.progress.warn(f"main.py does not find {name}: it is not fetched in a rehearsal")
        if ready.placement.gpus and not stage.gpus:
            tools.progress.warn("main.py finds no GPU: the hosts of this rehearsal have none")
        ready = replace(alone(ready, rehearsal.home, gpus=stage.gpus), site=site)
        outcome = on_hosts(tools, ready, None, journal, request, lock, start=True)
        return Rehearsed(outcome.site, found, made.offer, outcome.run)


def _ready(tools: Tools, site: Site, rehearsal: Rehearsal) -> Ready:
    request = rehearsal.request
    app, left_out = unasked(with_arguments(tools, rehearsal.app, request, None), site)
    ready = make_ready(tools, app, site, no_deadline=request.no_deadline, keep=request.keep)
    if left_out:
        tools.progress.note(f"not looked at in a rehearsal: {', '.join(left_out)}")
    return ready


def _written(tools: Tools, ready: Ready, stage: Stage) -> Site:
    """Write the files, and see that they keep to the place that is played."""
    site = making.written(tools, ready.site, ready)
    known = replace(ready.app, spec=stage.known_now(ready.app.spec))
    roots.write_runtime(tools, site, ready.target, known, ready.placement)
    if stage.boots:
        insist_on_our_plays(site)
    for root in ready.target.roots:
        for name, text in stage.beside(root).items():
            (site.root(root) / name).write_text(text, encoding="utf-8")
        _insist_on_play(tools, site, root, stage.providers)
    return site


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
