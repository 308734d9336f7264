"""What became of a machine, by the operations that Google remembers of it: for an hour to two weeks."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from cynthus.errors import CynthusError
from cynthus.targets.gcp.api import NotThere

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.core.lifespan import WhyGone
    from cynthus.targets.gcp.api import Api

_BEGINS = ("insert", "start")
_ENDS: Mapping[str, WhyGone] = {
    "compute.instances.preempted": "preempted",
    "compute.instances.deferredDelete": "expired",
    "compute.instances.deferredStop": "expired",
    "delete": "deleted",
    "stop": "deleted",
    "compute.instances.guestTerminate": "deleted",
}
"""The types of operations after which a machine runs no more. A stop counts as the end: nothing of ours starts it."""
_PAGES = 20
"""A list that is filtered may come in many, and most of them empty."""


class Numbered(Protocol):
    """What leads to a machine, or did; an edited template may leave some of it out."""

    @property
    def project(self) -> str | None: ...
    @property
    def zone(self) -> str | None: ...
    @property
    def instance_id(self) -> str | None: ...


class End(Struct, frozen=True):
    """How a machine ended: why, and when that was done; None for as long as it is not."""

    why: WhyGone
    at: str | None


class History(Struct, frozen=True):
    """When a machine last began to run, and how it ended then; None for each that is not remembered."""

    began: str | None = None
    end: End | None = None


def history(api: Api, there: Numbered) -> History:
    """That of one machine; an empty one where nobody can tell."""
    if not (there.project and there.zone and there.instance_id):
        return History()
    with suppress(CynthusError, NotThere):
        return _told(list(_operations(api, there)))
    return History()


def _operations(api: Api, there: Numbered) -> Iterator[Mapping[str, Any]]:
    path = f"projects/{there.project}/zones/{there.zone}/operations"
    # By its number, since another machine may have had the name.
    pages = api.pages("compute", path, {"filter": f"targetId={there.instance_id}"})
    for page in islice(pages, _PAGES):
        for each in page.get("items") or ():
            if str(each.get("targetId")) == there.instance_id and "error" not in each:
                yield each


def _told(operations: list[Mapping[str, Any]]) -> History:
    """The first end after the last beginning: one that is preempted and then deleted was preempted."""
    found = History()
    for each in sorted(operations, key=lambda each: str(each.get("insertTime"))):
        kind, done = str(each.get("operationType")), each.get("endTime")
        if kind in _BEGINS:
            found = History(done)
        elif kind in _ENDS and found.end is None:
            found = History(found.began, End(_ENDS[kind], done))
    return found
