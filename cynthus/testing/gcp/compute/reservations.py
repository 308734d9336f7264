"""Machines that are kept for who names their reservation, and how Google says that it has none for a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.refusals import invalid, refusal

if TYPE_CHECKING:
    from cynthus.testing.gcp.machine_types import MachineType
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

KEY = "compute.googleapis.com/reservation-name"


def name_in(instance: Document) -> str:
    """The reservation that an instance names; '' where it names none."""
    affinity = instance.get("reservationAffinity", {})
    named = affinity.get("values", []) if affinity.get("consumeReservationType") == "SPECIFIC_RESERVATION" else []
    return str(named[0]) if named else ""


def check(call: Call, body: Document, scheduling: Document, machine: MachineType) -> None:
    """Raises: Refusal, where an instance names what is not there, does not fit or is used up, or may not name any."""
    model, named = scheduling["provisioningModel"], name_in(body)
    kind = body.get("reservationAffinity", {}).get("consumeReservationType", "ANY_RESERVATION")
    if model == "RESERVATION_BOUND" and not named:
        raise refusal(400, "VMs with the RESERVATION_BOUND provisioning model must target a specific reservation.")
    if kind != "SPECIFIC_RESERVATION":
        return
    if not named or body["reservationAffinity"].get("key") != KEY:
        raise invalid("resource.reservationAffinity", kind, f"A specific reservation is named by the key {KEY}.")
    if model in ("SPOT", "FLEX_START"):
        raise refusal(400, f"VMs with the {model} provisioning model cannot consume a reservation.")
    zone, name = call.names["zone"], named.rpartition("/")[2]
    kept = call.world.project.reservations.get(f"{zone}/{name}")
    if kept is None:
        raise invalid("resource.reservationAffinity", named, f"Specified reservations [{named}] do not exist.")
    if kept["machine_type"] != machine.name:
        raise refusal(412, f"No available resources in specified reservations '{named}'")
    if _in_use(call, zone, named) >= int(kept["count"]):
        raise refusal(412, f"Specified reservation '{named}' does not have available resources for the request.")


def _in_use(call: Call, zone: str, named: str) -> int:
    there = [each for key, each in call.world.store.items("instances") if f"/zones/{zone}/" in key]
    return sum(name_in(each) == named and each["status"] != "TERMINATED" for each in there)
