"""What Google checks of an instance before it makes one: does the machine exist there, does all of it fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.machine_types import MachineType, machine_type, most_beside
from cynthus.testing.gcp.places import GPU_ZONES
from cynthus.testing.gcp.refusals import invalid, missing, refusal

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document

_LONGEST = 120 * 86400
_LONGEST_FLEX = 7 * 86400
_ON_MAINTENANCE = {"TERMINATE", "MIGRATE"}
_MODELS = ("STANDARD", "SPOT", "FLEX_START", "RESERVATION_BOUND")


def machine_of(call: Call, body: Document) -> MachineType:
    """Raises: Refusal, where there is no such machine type in the zone."""
    reference, zone = body.get("machineType", ""), call.names["zone"]
    if "machineTypes/" not in reference:
        raise invalid("resource.machineType", reference, "The URL is malformed.")
    name = reference.rpartition("/")[2]
    found = machine_type(name)
    if found is None or not found.there(zone):
        why = f"Machine type with name '{name}' does not exist in zone '{zone}'."
        raise invalid("resource.machineType", reference, why)
    if reference.startswith(("projects/", "https://", "zones/")) and f"zones/{zone}/" not in reference:
        why = f"The referenced machine type is not in zone '{zone}'."
        raise invalid("resource.machineType", reference, why)
    return found


def accelerators_of(call: Call, body: Document, machine: MachineType) -> list[tuple[str, int]]:
    """The GPUs that an instance will have.

    Raises:
        Refusal: they do not fit the machine, or are not in the zone.
    """
    zone = call.names["zone"]
    wanted = [_accelerator(each) for each in body.get("guestAccelerators", [])]
    for gpu, count in wanted:
        path = f"projects/{call.project}/zones/{zone}/acceleratorTypes/{gpu}"
        if zone not in GPU_ZONES.get(gpu, frozenset()):
            raise missing(path)
        fitted = machine.gpu == gpu and machine.gpus == count
        attached = machine.series == "n1" and 0 < machine.processors <= most_beside(gpu, count)
        if not fitted and not attached:
            text = f"[{machine.name}, {gpu}] features are not compatible for creating instance."
            raise refusal(400, text)
    return wanted or ([(machine.gpu, machine.gpus)] if machine.gpus else [])


def _accelerator(each: Document) -> tuple[str, int]:
    count = int(each.get("acceleratorCount", 0))
    if count <= 0:
        raise invalid("resource.guestAccelerators[0].acceleratorCount", count, "Must be greater than 0.")
    return each.get("acceleratorType", "").rpartition("/")[2], count


def check_disk(machine: MachineType, kind: str) -> None:
    """Raises: Refusal, where the machine boots from no such disk."""
    if kind not in machine.disks:
        raise refusal(400, f"[{machine.name}, {kind}] features are not compatible for creating instance.")


def check_scheduling(told: Document, machine: MachineType, *, gpus: bool) -> None:
    """Raises: Refusal, where what is said of when it runs contradicts itself."""
    spot = told["provisioningModel"] == "SPOT" or told["preemptible"]
    ends = spot or told["provisioningModel"] in ("FLEX_START", "RESERVATION_BOUND")
    if told["provisioningModel"] not in _MODELS:
        raise invalid("scheduling.provisioningModel", told["provisioningModel"], f"Must be one of {_MODELS}.")
    if told["onHostMaintenance"] not in _ON_MAINTENANCE:
        raise invalid("scheduling.onHostMaintenance", told["onHostMaintenance"], "Must be MIGRATE or TERMINATE.")
    if gpus and told["onHostMaintenance"] != "TERMINATE":
        raise refusal(400, "Instances with guest accelerators do not support live migration.")
    if spot and told["onHostMaintenance"] != "TERMINATE":
        raise invalid("scheduling.onHostMaintenance", told["onHostMaintenance"], "Spot VMs cannot live migrate.")
    if ends and not spot:
        _check_one_time(told)
    if spot and told["automaticRestart"]:
        raise refusal(400, "Scheduling must have preemptible be false when AutomaticRestart is true.")
    seconds = told.get("maxRunDuration", {}).get("seconds")
    if "instanceTerminationAction" in told and not ends and seconds is None and "terminationTime" not in told:
        text = "You cannot specify a termination action for a VM instance that has the standard provisioning model"
        raise refusal(400, f"{text} (default). To use termination action, the VM instance must use a spot model.")
    if seconds is not None and not 30 <= int(seconds) <= _LONGEST:
        raise invalid("scheduling.maxRunDuration", seconds, f"Must be between 30 and {_LONGEST} seconds.")
    if seconds is not None and "instanceTerminationAction" not in told:
        raise refusal(400, "You must specify a termination action for a VM instance with a max run duration.")
    _check_sold(told["provisioningModel"], machine)


def _check_one_time(told: Document) -> None:
    """Raises: Refusal, where what is lent for a time is to last longer than that."""
    model = told["provisioningModel"]
    if told["onHostMaintenance"] != "TERMINATE":
        raise invalid("scheduling.onHostMaintenance", told["onHostMaintenance"], f"{model} VMs cannot live migrate.")
    if told["automaticRestart"]:
        raise refusal(400, f"Automatic restart is not supported for VMs with the {model} provisioning model.")
    if "instanceTerminationAction" not in told:
        raise refusal(400, f"You must specify a termination action for a VM with the {model} provisioning model.")
    if model != "FLEX_START":
        return
    seconds = told.get("maxRunDuration", {}).get("seconds")
    if seconds is None and "terminationTime" not in told:
        text = "VMs with the FLEX_START provisioning model must specify maxRunDuration or terminationTime."
        raise invalid("scheduling.maxRunDuration", "", text)
    if seconds is not None and int(seconds) > _LONGEST_FLEX:
        text = f"Must be between 30 and {_LONGEST_FLEX} seconds for the FLEX_START provisioning model."
        raise invalid("scheduling.maxRunDuration", seconds, text)


def _check_sold(model: str, machine: MachineType) -> None:
    """Raises: Refusal, where such a machine is not sold so."""
    bound = machine.name.startswith(("a3-ultragpu", "a4"))
    if model == "STANDARD" and not _on_demand(machine):
        ways = "RESERVATION_BOUND" if machine.name.startswith("a4x") else "SPOT or FLEX_START"
        raise refusal(400, f"{machine.name} can be created with the {ways} provisioning models alone.")
    if model == "RESERVATION_BOUND" and not bound:
        raise refusal(400, f"{machine.name} does not support the RESERVATION_BOUND provisioning model.")
    if machine.name.startswith("a4x") and model != "RESERVATION_BOUND":
        raise refusal(400, f"{machine.name} can be created with the RESERVATION_BOUND provisioning model alone.")
    if model == "FLEX_START" and not machine.series.startswith(("a2", "a3", "a4", "g2", "g4")):
        raise refusal(400, f"{machine.name} does not support the FLEX_START provisioning model.")


def _on_demand(machine: MachineType) -> bool:
    name = machine.name
    few = name.startswith("a3-highgpu-") and not name.endswith("-8g")
    return not few and not name.startswith(("a3-ultragpu", "a4"))


def scheduling_of(body: Document) -> Document:
    """What is said of when an instance runs, and what Google adds."""
    told = body.get("scheduling", {})
    spot = told.get("provisioningModel") == "SPOT" or told.get("preemptible", False)
    whole: Document = {
        "automaticRestart": not spot,
        "onHostMaintenance": "TERMINATE" if spot else "MIGRATE",
        "preemptible": spot,
        "provisioningModel": "SPOT" if spot else "STANDARD",
        **{key: value for key, value in told.items() if value not in ([], "")},
    }
    for key in ("maxRunDuration", "localSsdRecoveryTimeout"):
        if key in whole:
            whole[key] = {**whole[key], "seconds": str(whole[key].get("seconds", 0))}
    return whole
