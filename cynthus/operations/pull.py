"""Bringing outputs home: only what changed, whole files or none, and never twice."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cynthus.errors import NothingToPull
from cynthus.files import write_atomic
from cynthus.operations.at_work import at_work
from cynthus.operations.checkpoints import bring_checkpoints_home
from cynthus.operations.fetch import Pair, compare, fetch, pull_failed, remarks
from cynthus.operations.follow import read_log
from cynthus.operations.found import adopt
from cynthus.operations.prune import KEPT
from cynthus.operations.site import agents, locate, newest_run
from cynthus.operations.strays import described, find_strays, outputs_of

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.progress import Progress
    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


@dataclass(frozen=True)
class Pulled:
    """What came home: files copied now, their bytes, and how many lie there in all. `hint` tells of files of an ended
    run that do not come home because main.py wrote them elsewhere; '' where there are none."""

    run: Run
    folder: Path
    copied: int
    bytes: int
    total: int
    hint: str = ""


def pull(tools: Tools, where: str | None, *, target: str | None = None, run_id: str | None = None) -> Pulled:
    """The verb: bring home the outputs and the log of a run (the newest where none is named), and the checkpoints.

    Raises:
        NothingToPull: there is no run, or nothing of it is on its host any more.
        PullFailed: a file could not be read or written.
    """
    found = locate(tools, where, target=target)
    with at_work(tools, found, "pull") as (site, _):
        adopt(tools, site)
        run = site.runs.load(run_id) if run_id else newest_run(site)
        if run is None:
            raise NothingToPull(f"{site.name} has no run yet", hint="`cynthus up` starts one")
        agent = _agent(tools, site, run)
        if run.pruned:
            raise NothingToPull(
                f"the outputs of run {run.id} came home, to {site.folder / 'outputs' / run.id}, and then left the host",
                hint=f"the host keeps those of the newest {KEPT} runs",
            )
        pulled = collect(site, run, agent, tools.progress)
        bring_checkpoints_home(tools, site)
        return with_hint(pulled, site, agent)


def _agent(tools: Tools, site: Site, run: Run) -> HostAgent:
    there = agents(tools, site)
    if not there or not there[0].present:
        at_home = f"; what came home is in {site.folder / 'outputs' / run.id}" if run.pulled else ""
        said = f"nothing of {site.name} is on its host any more{at_home}"
        raise NothingToPull(said, hint="`cynthus run` starts anew")
    return there[0]


def collect(site: Site, run: Run, agent: HostAgent, progress: Progress) -> Pulled:
    """Copy what the run has written and remember, once it has ended, that all of it is home.

    Raises:
        PullFailed: something could not be read or written; everything else has come home.
    """
    folder = site.folder / "outputs" / run.id
    with progress.step("Bring outputs home") as step:
        try:
            # The log first: it is what one looks at when the rest fails.
            fetch_log(site, run, agent)
            pair = Pair(agent.connection, agent.outputs(run.id), folder, site.paths.known_outputs(run.id))
            found = compare(pair.connection, pair.source, folder)
            beside = fetch(pair, found, step.activity)
            if found.files:
                _point_latest(folder)
        except OSError as error:
            raise pull_failed(error, folder) from error
        step.result(_summary(len(found.missing), len(found.files), folder, site.folder))
    for remark in remarks(found, beside, str(folder.relative_to(site.folder))):
        progress.warn(remark)
    if run.state.ended and not run.pulled:
        run = replace(run, pulled=True)
        site.runs.save(run)
    copied, size = found.size
    return Pulled(run, folder, copied, size, len(found.files))


def with_hint(pulled: Pulled, site: Site, agent: HostAgent) -> Pulled:
    """The same, with a hint at what an ended run has left elsewhere."""
    found = find_strays(agent, pulled.run.id) if pulled.run.state.ended else ()
    if not found:
        return pulled
    stay = "it stays" if found[0].files == 1 else "they stay"
    hint = (
        f"main.py also wrote {described(found, site)}: {stay} on the host until `cynthus down`; "
        f"what it writes to {outputs_of(site)}/ comes home"
    )
    return replace(pulled, hint=hint)


def not_at_home(site: Site, run: Run, agent: HostAgent) -> tuple[int, int]:
    """How many files, and bytes, of the run are not at home yet."""
    if run.pulled:
        return 0, 0
    return compare(agent.connection, agent.outputs(run.id), site.folder / "outputs" / run.id).size


def fetch_log(site: Site, run: Run, agent: HostAgent) -> None:
    """Bring the log home, so that it can still be read when the host is gone: only what was added."""
    copy = site.paths.log(run.id)
    size = agent.connection.size(agent.log(run.id, run.attempt))
    if size is None:
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    with open(copy, "ab") as stream:
        stream.writelines(read_log(agent.connection, agent.log(run.id, run.attempt), stream.tell()))
        stream.flush()
        os.fsync(stream.fileno())


def _point_latest(folder: Path) -> None:
    """outputs/latest -> the run that was pulled last. Where links cannot be made, a file names it."""
    link, fresh = folder.parent / "latest", folder.parent / ".latest.part"
    fresh.unlink(missing_ok=True)
    try:
        if link.exists() and not link.is_symlink():
            raise FileExistsError  # something of the user's
        fresh.symlink_to(folder.name)
        os.replace(fresh, link)
    except OSError:
        write_atomic(folder.parent / "latest.txt", f"{folder.name}\n".encode())


def _summary(changed: int, total: int, folder: Path, base: Path) -> str:
    if not total:
        return "main.py wrote none"
    shown = folder.relative_to(base)
    return f"{total} file{'s' * (total != 1)} in {shown}/" if changed else f"{shown}/ had everything already"
