"""Making room on the host when a run starts: what older runs have left there goes, as far as it is at home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.amounts import counted
from cynthus.errors import CynthusError, PullFailed
from cynthus.operations.fetch import compare
from cynthus.operations.site import outputs_at_home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

KEPT = 10
"""How many runs, the newest, keep all that they have on their host."""
_PREPARED = 2
"""How many results of `preprocess:` the agent keeps in any case."""
_ALSO = {"environments": "environment", "contents": "outdated data folder"}


def prune(tools: Tools, site: Site, there: Sequence[HostAgent]) -> None:
    """Remove outputs, source and environment of older runs from the hosts, and fetched data that no run needs any more.
    Where it fails, the start goes on."""
    older = {name for agent in there for name in _older(agent)}
    spare = {
        run.id: run.nodes
        for run in site.runs.all()
        if run.id in older and all(_may_go(site, run, agent) for agent in there[: run.nodes])
    }
    if not spare and not any(_crowded(site, agent) for agent in there):
        return
    try:
        with tools.progress.step("Make room on the host") as step:
            told = [agent.call("prune", "--", *spare, timeout=None) for agent in there]
            # What is gone from one host only is not pruned yet; those of all hosts have the same environments.
            removed = [_names(each.get("runs")) for each in told]
            gone = [run for run, nodes in spare.items() if all(run in each for each in removed[:nodes])]
            also = [(counted(len(_names(told[0].get(key))), word), key) for key, word in _ALSO.items()]
            step.result(_summary(gone, [words for words, key in also if told[0].get(key)]))
    except CynthusError as error:
        tools.progress.warn(f"older runs stay on the host: {error.message}")
        return
    for run in site.runs.all():
        if run.id in gone:
            site.runs.save(replace(run, pruned=True))


def _older(agent: HostAgent) -> tuple[str, ...]:
    return agent.connection.folders(agent.home / "runs")[:-KEPT] if agent.present else ()


def _crowded(site: Site, agent: HostAgent) -> bool:
    """Whether more was fetched and prepared than the app reads: the agent knows which of it may go."""
    if not agent.present:
        return False
    document = site.document()
    data, models = (_length(document.get(key)) for key in ("data", "models"))
    wanted = {"data": data, "models": models, "prepared": _PREPARED}
    return any(len(agent.connection.folders(agent.home / name)) > most for name, most in wanted.items())


def _length(listed: object) -> int:
    return len(listed) if isinstance(listed, list) else 0


def _may_go(site: Site, run: Run, agent: HostAgent) -> bool:
    """Whether nothing is lost with what lies there: all that it wrote is at home, or it never began."""
    if run.pruned or not run.over:
        return False
    if run.started_at is None:
        return run.state.ended and "attempts" not in agent.connection.folders(agent.run_folder(run.id))
    if not run.pulled:
        return False
    try:
        found = compare(agent.connection, agent.outputs(run.id), outputs_at_home(site, run, agent))
    except PullFailed:
        return False
    # A link that leads out of the folder cannot come home, so it is not there.
    return not found.missing and not found.outside


def _names(told: object) -> list[str]:
    return [str(each) for each in told] if isinstance(told, list) else []


def _summary(runs: list[str], also: list[str]) -> str:
    words = [f"{counted(len(runs), 'older run')} that {'are' if len(runs) != 1 else 'is'} at home"] if runs else []
    return ", ".join([*words, *also]) or "nothing to remove"
