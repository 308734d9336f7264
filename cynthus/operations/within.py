"""What of an app would lead out of a rehearsal that goes on to hosts: it is left out, or refused."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cynthus.errors import UsageError
from cynthus.operations.infrastructure import workspace
from cynthus.operations.site import COMPUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cynthus.core.deployment import Host
    from cynthus.operations.site import Site
    from cynthus.operations.stage import Stage
    from cynthus.operations.up import Ready

WITHOUT = "without hosts it ends at the finished apply: leave out --hosts (CYNTHUS_SIMULATED_HOSTS)"
_ELSEWHERE = re.compile(
    r"\b(delegate_to|local_action|add_host|connection|ansible_(connection|host|port|ssh\w*))\b|\bhosts:\s*(?!cynthus)\S"
)
"""How a play, or what it reads, goes to another machine than those of the inventory, this one too."""
_TERRAFORMS = (".tf", ".tf.json", ".tfvars", ".tfvars.json")


def alone(ready: Ready, home: Path, *, gpus: bool) -> Ready:
    """The same without a registry, a bucket of the user's own and data from elsewhere, which are real: an image stays
    on its host, and the bucket is the one that is made for the deployment. Local data is that in `home`. Without `gpus`
    the hosts have none."""
    placement = ready.placement if gpus else replace(ready.placement, gpus=0, driver=None)
    spec = replace(ready.app.spec, bucket=None, image=replace(ready.app.spec.image, registry=None))
    bucket = ready.target.equipped(spec, ready.site.id, ready.placement).bucket
    app = replace(
        ready.app, spec=replace(spec, bucket=bucket), data=tuple(_here(ready.app.data, home)), models=(), edited=None
    )
    if ready.app.edited is not None:
        told = {key: value for key, value in ready.app.edited.items() if key != "repository"}
        mine = {"gpus": told["gpus"] if gpus else 0, "data": list(_here(told["data"], home)), "models": []}
        app = replace(app, edited={**told, **mine, "bucket": bucket})
    return replace(ready, app=app, placement=placement)


def _here(entries: Iterable[Mapping[str, Any]], home: Path) -> Iterator[dict[str, Any]]:
    """Those that lie on this machine."""
    for each in entries:
        if "fetch" not in each:
            yield {**each, "from": os.path.normpath(home / each["from"])}


def not_brought(ready: Ready) -> tuple[str, ...]:
    """What main.py will not find, as the user wrote it."""
    return tuple(str(each["fetch"]["text"]) for each in (*ready.app.data, *ready.app.models) if "fetch" in each)


def insist_on_our_hosts(stage: Stage, found: Sequence[Host]) -> None:
    """See that nobody else's machine is entered.

    Raises:
        UsageError: a host is not reached by way of the place that is played.
    """
    for host in found:
        if not stage.leads_here(host):
            raise UsageError(
                f"{host.name} is reached at {host.address}, past {stage.title}: that may be a real machine",
                hint=WITHOUT,
            )


def insist_on_our_plays(site: Site) -> None:
    """See that what the user made of the plays keeps to the hosts.

    Raises:
        UsageError: it would do something on another machine, or here.
    """
    for edit in workspace(site, COMPUTE).edits():
        if edit.path.endswith(_TERRAFORMS) or edit.kind == "deleted":
            continue
        if edit.diff:
            lines = [line[1:] for line in edit.diff.splitlines() if line.startswith("+")]
        else:
            lines = (site.root() / edit.path).read_text(encoding="utf-8", errors="replace").splitlines()
        if edit.path == "inventory.py" or any(_ELSEWHERE.search(line) for line in lines):
            file = (site.root() / edit.path).relative_to(site.folder)
            raise UsageError(f"{file}, as you edited it, may reach other machines than the rehearsal's", hint=WITHOUT)
