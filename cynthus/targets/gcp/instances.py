"""The machines themselves, as Google Cloud knows them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.errors import CynthusError
from cynthus.targets.gcp.api import NotThere

if TYPE_CHECKING:
    from cynthus.core.deployment import Host
    from cynthus.targets.gcp.api import Api

_SHOWN = 8
"""Lines of a console."""
_GONE = ("STOPPING", "TERMINATED", "SUSPENDED", "SUSPENDING", "STOPPED")


def is_gone(api: Api, host: Host, *, entirely: bool = False) -> bool:
    """Whether Google has no such machine any more, or (but for `entirely`) will soon have none; False where nobody can
    tell."""
    there = host.connection
    if not (there.project and there.zone and there.instance_id):
        # An edited template may leave them out, and of a machine without a name Google would know nothing.
        return False
    with suppress(CynthusError):
        try:
            found = api.ask("GET", "compute", _path(host))
        except NotThere:
            return True
        ends = found.get("status") in _GONE
        return str(found.get("id")) != there.instance_id or (ends and not entirely)
    return False


def console(api: Api, host: Host) -> tuple[str, ...]:
    """The last lines of its serial port; none where nobody can tell."""
    with suppress(CynthusError, NotThere):
        text = str(api.ask("GET", "compute", f"{_path(host)}/serialPort").get("contents") or "")
        return tuple(line.rstrip() for line in text.splitlines() if line.strip())[-_SHOWN:]
    return ()


def _path(host: Host) -> str:
    there = host.connection
    return f"projects/{there.project}/zones/{there.zone}/instances/{there.instance_id}"
