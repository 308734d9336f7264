"""What of a deployment's runs is not at home yet."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cynthus.errors import PullFailed
from cynthus.operations.checkpoints import unsaved_checkpoints
from cynthus.operations.pull import not_at_home

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site


def unsaved(site: Site, runs: tuple[Run, ...], there: tuple[HostAgent, ...]) -> tuple[tuple[int, int], str]:
    """How many files, and bytes, and the first reason for which something could not be counted."""
    if all(agent.absent for agent in there):
        return (0, 0), ""
    looks = [*(partial(not_at_home, site, run, there) for run in runs), partial(unsaved_checkpoints, site, there)]
    counts, reasons = [], []
    for look in looks:
        try:
            counts.append(look())
        except PullFailed as error:
            reasons.append(error.message)
    return (sum(files for files, _ in counts), sum(size for _, size in counts)), next(iter(reasons), "")
