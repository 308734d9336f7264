"""What a cloud does by itself, as it stands in the list of operations beside what was asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

_ENDS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("preempted", "DELETE"): ("compute.instances.preempted", "Instance was preempted."),
    ("preempted", "STOP"): ("compute.instances.preempted", "Instance was preempted."),
    ("expired", "DELETE"): ("compute.instances.deferredDelete", "Instance was deleted: its run duration was over."),
    ("expired", "STOP"): ("compute.instances.deferredStop", "Instance was stopped: its run duration was over."),
}
"""Why a machine ends and what is done with it: the type of the operation, and what it says."""


def record_end(world: World, key: str, instance: Document, why: str, action: str) -> None:
    """That the cloud ends a machine now: an operation that was done when it was begun, by nobody."""
    kind, says = _ENDS[why, action]
    now = world.clock.now()
    name = f"systemevent-{int(now.timestamp() * 1000)}-{os.urandom(8).hex()}"
    moment = world.clock.stamp()
    document = {
        "kind": "compute#operation",
        "id": world.new_id(),
        "name": name,
        "operationType": kind,
        "targetLink": instance["selfLink"],
        "targetId": instance["id"],
        "user": "system",
        "insertTime": moment,
        "startTime": moment,
        "endTime": moment,
        "selfLink": f"{instance['zone']}/operations/{name}",
        "status": "DONE",
        "statusMessage": says,
        "progress": 100,
        "zone": instance["zone"],
    }
    world.store.put("operations", f"{key.rpartition('/instances/')[0]}/operations/{name}", document)
