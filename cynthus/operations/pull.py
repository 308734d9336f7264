"""Bringing outputs home: only what changed, whole files or none, and never twice."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.amounts import counted
from cynthus.errors import HostUnreachable, NothingToPull, PullFailed
from cynthus.files import write_atomic
from cynthus.operations.at_work import at_work
from cynthus.operations.checkpoints import bring_checkpoints_home
from cynthus.operations.fetch import Pair, compare, fetch, pull_failed, remarks
from cynthus.operations.found import adopt
from cynthus.operations.log_home import fetch_log
from cynthus.operations.observe import observe
from cynthus.operations.prune import KEPT
from cynthus.operations.retry import explained_loss
from cynthus.operations.saved import all_gone, readers
from cynthus.operations.saving import saving_of
from cynthus.operations.silence import note_run
from cynthus.operations.site import agents, locate, newest_run, outputs_at_home
from cynthus.operations.strays import described, outputs_of, strays_at_end

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.core.progress import Progress, Step
    from cynthus.core.run import Run
    from cynthus.operations.fetch import Beside, Difference
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


class Pulled(Struct, frozen=True):
    """What came home: files copied now, their bytes, and how many lie there in all. `hint` tells of files of an ended
    run that do not come home because main.py wrote them elsewhere; '' where there are none."""

    run: Run
    folder: Path
    copied: int
    bytes: int
    total: int
    hint: str = ""
    problem: str = ""
    """Why something of several hosts, or of an earlier attempt, is not at home."""


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
        return bring(tools, site, run)


def bring(tools: Tools, site: Site, run: Run) -> Pulled:
    """Bring home all that there is of a run, and the checkpoints. Whoever calls holds the folder.

    Raises:
        NothingToPull, PullFailed: as `pull`.
    """
    there = _there(tools, site, run)
    if all_gone(there):
        run = explained_loss(tools, site, observe(run, there, tools.clock))
        site.runs.save(run)
    if run.pruned:
        raise NothingToPull(
            f"the outputs of run {run.id} came home, to {site.folder / 'outputs' / run.id}, and then left the host",
            hint=f"the host keeps those of the newest {KEPT} runs",
        )
    pulled = collect(site, run, there, tools.progress)
    bring_checkpoints_home(tools, site, there if all_gone(there) else agents(tools, site))
    if pulled.problem:
        raise PullFailed(pulled.problem, hint="everything else came home; `cynthus pull` goes on from there")
    if not all_gone(there):
        note_run(tools, site, pulled.run)
    return with_hint(pulled, site, there)


def _there(tools: Tools, site: Site, run: Run) -> tuple[HostAgent, ...]:
    there = readers(tools, site, run)
    if all(agent.absent for agent in there):
        at_home = f"; what came home is in {site.folder / 'outputs' / run.id}" if run.pulled else ""
        said = f"nothing of {site.name} is on its host any more{at_home}"
        raise NothingToPull(said, hint="`cynthus run` starts anew")
    return there


class _Came(Struct, frozen=True):
    """What came from one host; `shown` is how to call the folder at home."""

    found: Difference
    beside: tuple[Beside, ...]
    shown: str
    problem: str
    """Why an earlier attempt's log is not at home."""


def collect(site: Site, run: Run, there: Sequence[HostAgent], progress: Progress) -> Pulled:
    """Copy what the run has written and remember, once it has ended, that all of it is home.

    What cannot be had from one of several hosts, or of an earlier attempt's log, is `problem`; everything else comes.

    Raises:
        PullFailed: something could not be read or written; everything else has come home.
        HostUnreachable: the only host does not answer.
    """
    folder, came, problem = site.folder / "outputs" / run.id, [], ""
    with progress.step("Bring outputs home") as step:
        for agent in there[: run.nodes]:
            try:
                came.append(_collect_from(site, run, agent, step))
                problem = problem or came[-1].problem
            except (HostUnreachable, PullFailed) as error:
                if run.nodes == 1:
                    raise
                problem = problem or f"the outputs of {agent.name} are not all at home: {error.message}"
        changed, total = sum(len(each.found.missing) for each in came), sum(len(each.found.files) for each in came)
        step.result(_summary(changed, total, folder, site.folder))
    for each in came:
        for remark in remarks(each.found, each.beside, each.shown):
            progress.warn(remark)
    if run.state.ended and not run.pulled and not problem:
        _tell_lost(run, there, progress)
        run = replace(run, pulled=True)
        site.runs.save(run)
    return Pulled(run, folder, changed, sum(each.found.size[1] for each in came), total, problem=problem)


def _tell_lost(run: Run, there: Sequence[HostAgent], progress: Progress) -> None:
    """Of what a machine had not saved when it went nothing can come home any more: once, that is said."""
    for agent in there[: run.nodes]:
        saving = saving_of(agent.status(run.id, run.attempt)) if agent.gone else None
        if saving is not None and saving.files:
            progress.warn(f"{counted(saving.files, 'file')} had not been saved when the machine of {agent.name} went")


def _collect_from(site: Site, run: Run, agent: HostAgent, step: Step) -> _Came:
    folder = outputs_at_home(site, run, agent)
    try:
        # The log first: it is what one looks at when the rest fails.
        problem = fetch_log(site, run, agent)
        pair = outputs_pair(site, run, agent)
        found = compare(pair.connection, pair.source, folder)
        beside = fetch(pair, found, step)
        if found.files:
            point_latest(site.folder / "outputs" / run.id)
    except OSError as error:
        raise pull_failed(error, folder) from error
    return _Came(found, beside, str(folder.relative_to(site.folder)), problem)


def outputs_pair(site: Site, run: Run, agent: HostAgent) -> Pair:
    """The outputs of a run on one of its hosts, and their folder at home."""
    record = site.paths.known_outputs(run.id, agent.rank)
    return Pair(agent.connection, agent.outputs(run.id), outputs_at_home(site, run, agent), record)


def with_hint(pulled: Pulled, site: Site, there: Sequence[HostAgent]) -> Pulled:
    """The same, with a hint at what an ended run has left elsewhere."""
    found = strays_at_end(there, pulled.run) if pulled.run.state.ended else ()
    if not found:
        return pulled
    stay = "it stays" if sum(each.files for each in found) == 1 else "they stay"
    hint = (
        f"main.py also wrote {described(found, site)}: {stay} on the host until `cynthus down`; "
        f"what it writes to {outputs_of(site)}/ comes home"
    )
    return replace(pulled, hint=hint)


def not_at_home(site: Site, run: Run, there: Sequence[HostAgent]) -> tuple[int, int]:
    """How many files, and bytes, of the run are not at home yet."""
    if run.pulled:
        return 0, 0
    sizes = [
        compare(agent.connection, agent.outputs(run.id), outputs_at_home(site, run, agent)).size
        for agent in there[: run.nodes]
    ]
    return sum(files for files, _ in sizes), sum(size for _, size in sizes)


def point_latest(folder: Path) -> None:
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
