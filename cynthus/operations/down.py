"""`down`: bring everything home, then remove what was made for running. `destroy` also forgets the deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.clock import stamp
from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable, PullFailed, UsageError
from cynthus.operations.abandon import give_up_run, insist_on_answers, told, what_stays
from cynthus.operations.at_work import at_work
from cynthus.operations.bill import Asked
from cynthus.operations.checkpoints import bring_checkpoints_home, unsaved_checkpoints
from cynthus.operations.found import run_named, unrecorded
from cynthus.operations.launch import move
from cynthus.operations.observe import observe
from cynthus.operations.outliving import insist_on_saved, tell_gone, tell_left_in_cloud, what_outlives
from cynthus.operations.purge import plan_purge
from cynthus.operations.recover import bring_home, recover, stop
from cynthus.operations.remains import explained
from cynthus.operations.removing import remove_root
from cynthus.operations.saved import all_gone, tellers
from cynthus.operations.silence import silent_hosts
from cynthus.operations.site import COMPUTE, agents, locate_or_none, newest_run, with_entry
from cynthus.operations.states import check_state
from cynthus.operations.strays import described, strays_of
from cynthus.operations.taken_out import tell_not_emptied
from cynthus.render.workspace import read_deployment_id
from cynthus.terraform.state_file import resource_count

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cynthus.core.bill import Bill
    from cynthus.core.run import Run
    from cynthus.operations.abandon import Left
    from cynthus.operations.purge import Purge
    from cynthus.operations.site import Site
    from cynthus.operations.strays import Strays
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal


class Removed(Struct, frozen=True):
    """What `down` came to. `site` is None where there was nothing to remove."""

    site: Site | None
    run: Run | None = None
    forgotten: bool = False
    left: tuple[Left, ...] = ()
    """What stays on hosts that were given up, since they did not answer, and on machines that were taken out before."""
    stays: tuple[str, ...] = ()
    """What there still is without a host, with what it costs by the month."""
    known: bool = True
    """Whether this machine knew of it. Where not, as with a fresh clone, it stays up wherever else it is."""
    bill: Bill | None = None
    """What the machines have cost that were removed, and those before them; None where none was made."""


def down(
    tools: Tools, where: str | None, *, target: str | None = None, yes: bool = False, discard: bool = False,
    forget: bool = False, purge: bool = False,
) -> Removed:
    """Stop what runs, pull, and remove the hosts; `forget` takes the deployment out of the index as well, and `purge`
    what was installed off the hosts.

    Raises:
        StillNeeded: `purge` was said, and others use what was installed; nothing was removed.
        PullFailed: outputs could not be brought home and `discard` was not said; nothing was removed.
        HostUnreachable: a host does not answer and `discard` was not said; nothing was removed.
        UsageError: the answer was no.
    """
    found = locate_or_none(tools, where, target=target)
    if found is None:
        return Removed(None)
    asked = Asked(tools, found)
    removed = _down(tools, found, yes=yes, discard=discard, forget=forget, purge=purge)
    return replace(
        removed, left=(*removed.left, *tell_not_emptied(tools, found)), bill=_final_bill(tools, asked, removed)
    )


def _final_bill(tools: Tools, asked: Asked, removed: Removed) -> Bill | None:
    """What was `asked` while the machines stood tells when they began: a cloud may soon have forgotten that."""
    asked.bill()
    if removed.site is None or not removed.site.folder.is_dir():
        return None
    return Asked(tools, removed.site).bill(gone=True)


def _down(tools: Tools, found: Site, *, yes: bool, discard: bool, forget: bool, purge: bool) -> Removed:
    verb = "destroy" if forget else "down"
    tell_gone(tools, found)
    silent = silent_hosts(tools, found)
    if silent and purge:
        insist_on_answers(found, silent)
    if silent:
        return _give_up(tools, found, silent, verb, yes=yes, discard=discard)
    purging = plan_purge(tools, found) if purge else None
    _confirm(tools, found, yes=yes, forget=forget, purge=purging is not None)
    if not found.folder.is_dir():
        return _remove_without_folder(tools, found, discard=discard)
    known = found.entry is not None or bool(found.hosts)
    with at_work(tools, found, verb, hosts=found.hosts) as (site, journal), explained(site):
        run = recover(tools, site, journal, home=False)
        if run is not None and not run.over:
            stop(tools, site, run, f"cancelled: by `cynthus {verb}`")
        elif run is not None and run.state is RunState.PREEMPTED:
            move(tools, site, run, RunState.CANCELLED, f"by `cynthus {verb}` while it rested")
        _bring_home(tools, site, discard=discard)
        if forget and not discard:
            insist_on_saved(tools, site)
        if yes:
            _tell_strays(tools, site)
        known = _remove_hosts(tools, site, journal, purging=purging) or known
        run = newest_run(site)
        if forget:
            known = _remove_long_lived(tools, site, journal) or known
            tools.index.remove(site.id)
            return Removed(site, run, forgotten=True, known=known)
        after = _listed_as_down(tools, site, run)
        return Removed(after, run, known=known, stays=what_outlives(tools, after))


def _listed_as_down(tools: Tools, site: Site, run: Run | None) -> Site:
    return with_entry(
        tools, site, phase="down", hosts=(), last_run=run, expires_at=None, owed=False, awaited=False, readied=False
    )


def _give_up(
    tools: Tools, found: Site, silent: Mapping[str, HostUnreachable], verb: str, *, yes: bool, discard: bool
) -> Removed:
    """Remove what can be removed and forget the rest, where that was asked for."""
    if not discard:
        insist_on_answers(found, silent)
    what = f"{found.id}, of which nothing more could come home"
    question = f"{next(iter(silent.values())).message}. Give up {what}?"
    if not yes and not tools.person.confirm(question, consequence=f"this gives up {what}", default=False):
        raise UsageError("nothing was removed: you said no", hint="`cynthus status` shows what is known of it")
    # What was made goes with all that is on it.
    left = () if tools.targets.find(found.target).makes else what_stays(tools, found, silent)
    removed = Removed(found, found.entry.last_run if found.entry else None)
    if found.folder.is_dir():
        there = [host for host in found.hosts if host.name not in silent]
        with at_work(tools, found, verb, hosts=there) as (site, journal), explained(site):
            removed = Removed(site, give_up_run(tools, site, verb))
            if len(silent) < len(site.hosts):
                _bring_home_what_answers(tools, site)
            _remove_hosts(tools, site, journal, silent)
            if verb == "destroy":
                _remove_long_lived(tools, site, journal)
            if verb == "down":
                removed = replace(removed, site=_listed_as_down(tools, site, removed.run))
    forget = verb == "destroy" or not found.folder.is_dir()
    if forget:
        tools.index.remove(found.id)
    for line in (line for each in left for line in told(each)):
        tools.progress.warn(line)
    return replace(removed, forgotten=forget, left=left)


def _bring_home_what_answers(tools: Tools, site: Site) -> None:
    try:
        _bring_home(tools, site, discard=True)
    except HostUnreachable as error:
        tools.progress.warn(f"not brought home, as you asked: {error.message}")


def _confirm(tools: Tools, site: Site, *, yes: bool, forget: bool, purge: bool) -> None:
    standing = bool(site.hosts)
    if yes or not (standing or forget):
        return
    going, strays = _going_on(tools, site), _strays(tools, site)
    what = f"the hosts of {site.id}" + (" and its record" if forget else "")
    what += " and what was installed on them" if purge else ""
    stops = f"Run {going.id} is {going.state} and would be stopped. " if going else ""
    goes = f"What main.py wrote elsewhere would be lost: {described(strays, site)}. " if strays else ""
    question = f"{stops}{goes}Bring outputs home, then remove {what}?"
    default = not (forget or purge or going or strays)
    if not tools.person.confirm(question, consequence=f"this removes {what}", default=default):
        raise UsageError("nothing was removed: you said no", hint="`cynthus cancel` ends the run and keeps the rest")


def _going_on(tools: Tools, site: Site) -> Run | None:
    """The run that `down` would end."""
    run = run_named(tools, site, None)
    if run is None:
        return None
    seen = observe(run, agents(tools, site), tools.clock)
    return None if seen.over else seen


def _strays(tools: Tools, site: Site) -> tuple[Strays, ...]:
    return strays_of(agents(tools, site))


def _tell_strays(tools: Tools, site: Site) -> None:
    """They were never promised to come home, so they are no reason to stop; but nothing is lost without a word."""
    strays = _strays(tools, site)
    if strays:
        tools.progress.warn(f"removed with the host, and not brought home: {described(strays, site)}")


def _bring_home(tools: Tools, site: Site, *, discard: bool) -> None:
    problems = list(bring_home(tools, site))
    there = tellers(tools, site)
    try:
        bring_checkpoints_home(tools, site, there)
    except PullFailed as error:
        problems.append(error.message)
    except HostUnreachable as error:
        if not all_gone(there):
            raise
        tools.progress.warn(f"{error.message}; it stays there")
    if problems and not discard:
        raise PullFailed(
            f"{problems[0]}; nothing was removed",
            hint="mend that and run `cynthus down` again, or `cynthus down --discard` to lose what is not home",
        )
    for problem in problems:
        tools.progress.warn(f"not brought home, as you asked: {problem}")


def _remove_hosts(
    tools: Tools, site: Site, journal: Journal, silent: Collection[str] = (), purging: Purge | None = None
) -> bool:
    """First what lies on the hosts, then the hosts, each of which may be gone already; whether Terraform knew any."""
    # What keeps Terraform from its work is told while nothing is gone yet.
    check_state(site)
    read_deployment_id(site.root())
    if not tools.targets.find(site.target).makes:
        with journal.step("remove"), tools.progress.step("Remove what lies on the hosts"):
            for host, agent in zip(site.hosts, agents(tools, site), strict=True):
                if host.name not in silent:
                    agent.remove()
    if purging is not None:
        # While Terraform's state still tells where the hosts are.
        purging.carry_out(tools, site, journal)
    return remove_root(tools, site, journal)


def _remove_long_lived(tools: Tools, site: Site, journal: Journal) -> bool:
    """What outlives the hosts, the last made first; whether there was anything."""
    target, found = tools.targets.find(site.target), False
    for root in reversed([root for root in target.roots if root != COMPUTE]):
        if resource_count(site.root(root)) != 0:
            with tools.progress.step("Empty the buckets") as step:
                target.empty(site.id, site.root(root), step.activity)
        found = remove_root(tools, site, journal, root) or found
    return found


def _unsaved_without_folder(tools: Tools, site: Site, known: Run | None) -> bool:
    """Whether anything on the hosts is not known to be at home: a run, or a checkpoint."""
    if not any(agent.present for agent in agents(tools, site)):
        return False
    unpulled = [run for run in unrecorded(tools, site) if known is None or run.id != known.id or not known.pulled]
    return bool(unpulled) or any(unsaved_checkpoints(site, agents(tools, site)))


def _remove_without_folder(tools: Tools, site: Site, *, discard: bool) -> Removed:
    """The user deleted the folder, and Terraform's state with it: what lies on the hosts can still be removed."""
    run = site.entry.last_run if site.entry else None
    if not discard and _unsaved_without_folder(tools, site, run):
        raise PullFailed(
            f"the folder {site.folder} is gone, so what is not saved cannot be brought home; nothing was removed",
            hint="`cynthus down` in the folder that it became, or make it again; --discard loses what is not home",
        )
    _tell_strays(tools, site)
    if tools.targets.find(site.target).makes:
        tell_left_in_cloud(tools, site)
    with tools.progress.step("Remove what lies on the hosts"):
        for agent in agents(tools, site):
            agent.remove()
    tools.index.remove(site.id)
    tools.progress.note(f"forgotten at {stamp(tools.clock.now())}: its folder is gone")
    return Removed(site, run, forgotten=True)
