"""Profiles of OS Login: the keys of people and accounts, and the name that each has on machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

OUTSIDER = "compute.oslogin.updateExternalUser"
"""What it takes to have a name on the machines of an organisation that somebody does not belong to."""
_ACCOUNT = ".gserviceaccount.com"


def keys_of(world: World, email: str) -> list[Document]:
    """Those of a profile that count by now."""
    now = world.clock.seconds() * 1e6
    found = (world.store.get("profiles", email) or {}).get("keys", {})
    return [each for each in found.values() if int(each.get("expirationTimeUsec", 0) or now + 1) > now]


def username(world: World, email: str) -> str:
    """What somebody is called on machines."""
    if email.endswith(_ACCOUNT):
        return f"sa_{(world.store.get('accounts', email) or {}).get('uniqueId', '0')}"
    name = re.sub(r"[^a-z0-9_]", "_", email.lower())
    return (f"ext_{name}" if is_outside(world, email) else name)[:32]


def is_outside(world: World, email: str) -> bool:
    """Whether somebody does not belong to the project's organisation."""
    organisation = world.project.organisation
    return bool(organisation) and not email.endswith((f"@{organisation}", _ACCOUNT))
