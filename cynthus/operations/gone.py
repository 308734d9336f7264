"""Why hosts of a deployment are not there any more, in a sentence for whoever looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cynthus.operations.departure import Departure
    from cynthus.operations.site import Site

HOSTS_GONE = (
    "its hosts are gone from Terraform's state; `cynthus down` removes what is left, `cynthus run` makes them again"
)
MACHINES_GONE = (
    "its machines are gone: they deleted themselves after their run, their time was over, the cloud took them back, or "
    "somebody removed them; `cynthus run` makes new ones"
)
_DEPARTED = "its machines deleted themselves: {}; `cynthus run` makes new ones"
_SOME_GONE = "the cloud has removed {}; `cynthus run` makes new ones, `cynthus down` removes what is left"


def why_gone(site: Site, told: Iterable[Departure | None]) -> str:
    """'' where all hosts are there. `told` is what those that are gone have said last."""
    if site.hosts_gone:
        return HOSTS_GONE
    if site.phase == "gone":
        why = next((each.reason for each in told if each is not None and each.reason), "")
        return _DEPARTED.format(why.removeprefix("departed: ")) if why else MACHINES_GONE
    return _SOME_GONE.format(", ".join(sorted(site.gone))) if site.gone else ""
