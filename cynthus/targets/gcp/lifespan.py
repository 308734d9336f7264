"""For how long a machine was there: it itself says it while it is, and then the operations that are remembered."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cynthus.core.lifespan import Lifespan
from cynthus.errors import CynthusError
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.history import history

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.targets.gcp.api import Api
    from cynthus.targets.gcp.history import Numbered

_COSTS = ("RUNNING", "STOPPING", "SUSPENDING", "REPAIRING")
_RESTS = {"TERMINATED": "lastStopTimestamp", "STOPPED": "lastStopTimestamp", "SUSPENDED": "lastSuspendedTimestamp"}
"""A machine that is switched off is there, and costs no more than its disks."""


def lifespan(api: Api, there: Numbered) -> Lifespan:
    """That of one machine; an empty one where nobody can tell."""
    if not (there.project and there.zone and there.instance_id):
        return Lifespan()
    path = f"projects/{there.project}/zones/{there.zone}/instances/{there.instance_id}"
    try:
        found = api.ask("GET", "compute", path)
    except NotThere:
        return _remembered(api, there)
    except CynthusError:
        return Lifespan()
    return _told(api, there, found)


def _remembered(api: Api, there: Numbered) -> Lifespan:
    found = history(api, there)
    ended, why = (found.end.at, found.end.why) if found.end else (None, "")
    return Lifespan(_utc(found.began), _utc(ended), why)


def _told(api: Api, there: Numbered, found: Mapping[str, Any]) -> Lifespan:
    status, kind = str(found.get("status")), str(found.get("machineType") or "").rpartition("/")[2]
    began = _utc(found.get("lastStartTimestamp") or found.get("creationTimestamp"))
    if status in _COSTS:
        now = api.said_at or datetime.now(UTC)
        return Lifespan(began, now=now.isoformat().replace("+00:00", "Z"), machine_type=kind)
    if status in _RESTS:
        end = history(api, there).end
        return Lifespan(began, _utc(found.get(_RESTS[status])), end.why if end else "", machine_type=kind)
    # It is being made, and costs nothing yet.
    return Lifespan(machine_type=kind)


def _utc(said: object) -> str | None:
    """A moment of Google's, which is told with the time zone of its own."""
    with suppress(ValueError):
        if isinstance(said, str):
            moment = datetime.fromisoformat(said).astimezone(UTC)
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return None
