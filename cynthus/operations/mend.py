"""Records that a crash or a disk has damaged: set aside, told once, and made again from what else is known.

Only who holds the folder does that. Those who only look pass over what cannot be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.clock import stamp
from cynthus.errors import HostUnreachable
from cynthus.operations.site import agents
from cynthus.state.index import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.core.placement import Runtime
    from cynthus.errors import CynthusError
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.index import Phase
    from cynthus.state.journal import Journal


def told(problems: Sequence[CynthusError], kept: Sequence[Path]) -> str:
    """One warning for records that were set aside."""
    others = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0].message}{others}; set aside as {kept[0].name}, and made again"


def mend_entry(tools: Tools, site: Site) -> Site:
    """The site with its entry in the index, made again where that was damaged.

    Raises:
        FolderNotWritable, DiskFull: the index cannot be written.
    """
    problem = tools.index.damage(site.id)
    if problem is None:
        return site
    kept = tools.index.set_aside(site.id, tools.clock.now())
    tools.progress.warn(told([problem], [kept]))
    entry = site.entry or _entry(tools, site)
    tools.index.put(entry)
    return replace(site, entry=entry)


def mend_journal(tools: Tools, journal: Journal) -> None:
    """Begin a new journal where the old one cannot be opened: what it told of is looked at anyway."""
    kept = journal.set_aside_if_closed()
    if kept is not None:
        tools.progress.warn(f"the journal could not be opened; set aside as {kept.name}, and begun anew")


def _entry(tools: Tools, site: Site) -> Entry:
    """What the folder, Terraform's state and the runs tell; what it costs is not among that."""
    now, runs = stamp(tools.clock.now()), site.runs.all()
    phase: Phase = "up" if site.hosts else "down" if runs else "prepared"
    return Entry(
        id=site.id,
        name=site.name,
        target=site.target,
        folder=str(site.folder),
        runtime=_runtime(site),
        home=_home(tools, site),
        created_at=runs[0].created_at if runs else now,
        phase=phase,
        hosts=site.hosts,
        last_run=runs[-1] if runs else None,
        updated_at=now,
    )


def _home(tools: Tools, site: Site) -> str:
    """Where the deployment lies on its hosts; '' where nobody can be asked."""
    try:
        return str(next((agent.home for agent in agents(tools, site)), ""))
    except HostUnreachable:
        return ""


def _runtime(site: Site) -> Runtime:
    """As the run document that was rendered last has it."""
    return "container" if site.document().get("runtime") == "container" else "venv"
