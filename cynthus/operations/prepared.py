"""What `preprocess:` has made for the newest run, as far as its hosts can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.errors import CynthusError
from cynthus.operations.site import agents, newest_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import PurePosixPath

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

_LARGEST = 100_000
"""Bytes of such a record."""


class PreparedData(Struct, frozen=True):
    """Its name, files and bytes on the first host that has it; `kept`: all hosts have it, whole."""

    name: str = ""
    files: int | None = None
    size: int | None = None
    kept: bool = False


def of_newest_run(tools: Tools, site: Site) -> PreparedData:
    """Nothing where no run has been started, or its hosts do not say."""
    run = newest_run(site)
    if run is None or site.entry is None or site.entry.phase != "up":
        return PreparedData()
    return of_run(run, agents(tools, site)[: run.nodes])


def of_run(run: Run, there: Sequence[HostAgent]) -> PreparedData:
    """What its hosts say."""
    try:
        found = [_on_host(agent, run) for agent in there]
    except (CynthusError, OSError):
        return PreparedData()
    kept = [each for each in found if each.kept]
    return kept[0] if kept and len(kept) == len(found) else PreparedData()


def _on_host(agent: HostAgent, run: Run) -> PreparedData:
    name = str(_read(agent, agent.run_folder(run.id) / "prepared.json").get("id", ""))
    folder = agent.home / "prepared" / name
    if not name or "kept" not in agent.connection.folders(folder):
        return PreparedData()
    record = _read(agent, folder / "record.json")
    return PreparedData(name, _number(record.get("files")), _number(record.get("bytes")), kept=True)


def _read(agent: HostAgent, path: PurePosixPath) -> Mapping[str, Any]:
    try:
        found = json.loads(agent.connection.read(path, limit=_LARGEST) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
