"""A zone that has no such machine left, and how Google says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.operations import failure
from cynthus.testing.gcp.places import REGIONS, ZONES

if TYPE_CHECKING:
    from cynthus.testing.gcp.faults import OperationFault
    from cynthus.testing.gcp.machine_types import MachineType
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

PLAIN = "ZONE_RESOURCE_POOL_EXHAUSTED"
DETAILED = "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"
"""It names other zones of the region that have some."""


def stockout(call: Call, machine: MachineType, fault: OperationFault) -> Document:
    """How an operation fails. Google names other zones now and then: here it does so where a fault asks for it by
    `DETAILED`."""
    zone = call.names["zone"]
    text = (
        f"The zone 'projects/{call.project}/zones/{zone}' does not have enough resources available to fulfill the "
        "request.  Try a different zone, or try again later."
    )
    if fault.code != DETAILED:
        return failure(fault.code or PLAIN, fault.message or text)
    others = [each for each in REGIONS[ZONES[zone]] if each != zone and machine.there(each)]
    left = [each for each in others if not {"*", machine.name} & set(call.world.project.stockouts.get(each, []))]
    gpus = f" with {machine.gpus} {machine.gpu} accelerator(s)" if machine.gpus else ""
    text = f"A {machine.name} VM instance{gpus} is currently unavailable in the {zone} zone."
    if left:
        text += f" Consider trying your request in the {', '.join(left)} zone(s), which currently has capacity to "
        text += "accommodate your request."
    info = {
        "errorInfo": {
            "reason": "resource_availability",
            "domain": "compute.googleapis.com",
            "metadatas": {"vmType": machine.name, "zone": zone, "zonesAvailable": ",".join(left)},
        }
    }
    return failure(DETAILED, fault.message or text, info)
