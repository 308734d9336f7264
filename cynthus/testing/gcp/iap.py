"""Identity-Aware Proxy: who may go through it to which machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.iap_relay import Turned
from cynthus.testing.gcp.relay_connection import Told
from cynthus.testing.gcs_objects import Refusal

if TYPE_CHECKING:
    from cynthus.testing.gcp.iap_relay import Asked
    from cynthus.testing.gcp.world import World

PERMISSION = "iap.tunnelInstances.accessViaIAP"


SSH = 22
"""The one port to which there is a way."""


def admit(world: World, asked: Asked) -> tuple[str, int]:
    """Where the machine answers, an address and a port, in the words that clients of Google hear where there is none.

    Raises:
        Turned: nobody knows who asks.
        Told: they may not, or there is no such machine, or none that lets anybody in.
    """
    world.settle()
    key = f"projects/{asked.project}/zones/{asked.zone}/instances/{asked.instance}"
    with world.store.change():
        try:
            who = world.principals.who(asked.authorization)
        except Refusal:
            raise Turned(401) from None
        if asked.project != world.project.id or not world.policies.allows(who, PERMISSION, key):
            raise Told(4033, "not authorized")
        instance = world.store.get("instances", key)
    if instance is None:
        raise Told(4047, "Failed to lookup instance")
    try:
        if instance["status"] != "RUNNING" or (asked.interface, asked.port) != ("nic0", SSH):
            raise LookupError(asked.instance)
        return world.machines.door(asked.instance)
    except LookupError:
        raise Told(4003, "failed to connect to backend") from None
