"""Why hosts of a deployment are not there any more, in a sentence for whoever looks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cynthus.errors import HostUnreachable, RunLost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cynthus.operations.departure import Departure
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

HOSTS_GONE = (
    "its hosts are gone from Terraform's state; `cynthus down` removes what is left, `cynthus run` makes them again"
)
MACHINES_GONE = (
    "its machines are gone: they deleted themselves after their run, their time was over, the cloud took them back, or "
    "somebody removed them; `cynthus run` makes new ones"
)
_DEPARTED = "its machines deleted themselves: {}; `cynthus run` makes new ones"
_SOME_GONE = "the cloud has removed {}; `cynthus run` makes new ones, `cynthus down` removes what is left"


@contextmanager
def absence_told(tools: Tools, site: Site) -> Iterator[None]:
    """Where a host does not answer because it does not exist any more, say that: no firewall has to be looked at.

    Raises:
        RunLost: it is so; whoever asks the bucket learns what became of the run.
    """
    try:
        yield
    except HostUnreachable as error:
        gone = tools.targets.find(site.target).gone(site.hosts)
        if not gone:
            raise
        raise RunLost(
            f"{', '.join(sorted(gone))} does not exist any more: the cloud has removed it, or somebody has",
            hint="`cynthus status` tells what became of the run, `cynthus pull` brings what was saved until then, and "
            "`cynthus run` makes another machine",
            details=error.details,
        ) from error


def why_gone(site: Site, told: Iterable[Departure | None]) -> str:
    """'' where all hosts are there. `told` is what those that are gone have said last."""
    if site.hosts_gone:
        return HOSTS_GONE
    if site.phase == "gone":
        why = next((each.reason for each in told if each is not None and each.reason), "")
        return _DEPARTED.format(why.removeprefix("departed: ")) if why else MACHINES_GONE
    return _SOME_GONE.format(", ".join(sorted(site.gone))) if site.gone else ""
