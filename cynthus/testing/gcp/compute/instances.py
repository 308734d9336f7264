"""Instances: how they come, are found and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cynthus.testing.gcp.compute import quotas, reservations, rules
from cynthus.testing.gcp.compute.instance_disks import attached, make_disk
from cynthus.testing.gcp.compute.instance_shape import INSTANCE
from cynthus.testing.gcp.compute.kinds import Kind, fingerprint, referred
from cynthus.testing.gcp.compute.stockouts import stockout
from cynthus.testing.gcp.compute.subnetworks import free_address
from cynthus.testing.gcp.operations import GOOGLE, begin, failure
from cynthus.testing.gcp.people import SWITCH
from cynthus.testing.gcp.places import ZONES
from cynthus.testing.gcp.refusals import constrained, invalid, refusal, taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.testing.gcp.faults import OperationFault
    from cynthus.testing.gcp.machine_types import MachineType
    from cynthus.testing.gcp.router import Call
    from cynthus.testing.gcp.store import Document



class _Instances(Kind, frozen=True):
    """They come with disks and a host, by an operation that may fail."""

    def insert(self, call: Call) -> Document:
        body = self.checked(call)
        key = f"{call.key}/{body['name']}"
        call.require("compute.instances.create", key)
        if call.world.store.get("instances", key) is not None:
            raise taken(key)
        machine = rules.machine_of(call, body)
        made = {**_completed(call, key, body, machine), **self.common(call, key)}
        fault = call.world.faults.of_operation(call.route.method, call.path)
        error = _lacking(call, made, machine, fault)
        if error is not None:
            return begin(call, "insert", key, error=error, fault=fault)
        for each in made["disks"]:
            make_disk(call, key, each)
        kept = {**made, "disks": [{name: each[name] for name in each if name != "_disk"} for each in made["disks"]]}
        kept |= {"_boot": "dark", "_dark": fault.dark} if fault.dark else {"_boot": "wanted"}
        call.world.create("instances", key, kept, call.who.email, machine.name)
        if not fault.dark:
            call.world.machines.boot(key)
        return begin(call, "insert", key, effects=[("run", "instances", key)], machine=key, fault=fault)

    def delete(self, call: Call) -> Document:
        there = self.find(call, call.key)
        if there.get("deletionProtection"):
            text = "Resource cannot be deleted if it's protected against deletion."
            raise refusal(412, f"Invalid resource usage: '{text} {call.key}'.")
        if call.world.project.latency:
            call.world.store.put("instances", call.key, {**there, "status": "STOPPING"})
        return begin(call, "delete", call.key, effects=[("remove", "instances", call.key)])


def _completed(call: Call, key: str, body: Document, machine: MachineType) -> Document:
    """The whole instance.

    Raises:
        Refusal: something of it does not fit, is not there, or is not permitted.
    """
    zone = f"projects/{call.project}/zones/{call.names['zone']}"
    gpus = rules.accelerators_of(call, body, machine)
    scheduling = rules.scheduling_of(body)
    rules.check_scheduling(scheduling, machine, gpus=bool(gpus))
    reservations.check(call, body, scheduling, machine)
    shielded = {"enableSecureBoot": False, "enableVtpm": True, "enableIntegrityMonitoring": True}
    labels, tags, metadata = body.get("labels", {}), body.get("tags", {}), body.get("metadata", {})
    accelerators = [
        {"acceleratorType": f"{GOOGLE}{zone}/acceleratorTypes/{gpu}", "acceleratorCount": count} for gpu, count in gpus
    ]
    _permit(call, key, body)
    check_metadata(call, metadata)
    return {
        "canIpForward": False,
        "deletionProtection": False,
        **{name: value for name, value in body.items() if name != "params"},
        "machineType": f"{GOOGLE}{zone}/machineTypes/{machine.name}",
        "cpuPlatform": "Intel Cascade Lake",
        "status": "PROVISIONING",
        "labels": labels,
        "labelFingerprint": fingerprint(labels),
        "tags": {**tags, "fingerprint": fingerprint(tags.get("items", []))},
        "metadata": {"items": [], **metadata, "kind": "compute#metadata", "fingerprint": fingerprint(metadata)},
        "scheduling": scheduling,
        "guestAccelerators": accelerators,
        "disks": attached(call, key, body, machine),
        "networkInterfaces": [_nic(call, number, each) for number, each in enumerate(_nics(body))],
        "serviceAccounts": [account_of(call, each) for each in body.get("serviceAccounts", [])],
        "shieldedInstanceConfig": {**shielded, **body.get("shieldedInstanceConfig", {})},
        "shieldedInstanceIntegrityPolicy": {"updateAutoLearnPolicy": True},
        "startRestricted": False,
        "lastStartTimestamp": call.world.clock.stamp(),
        "fingerprint": fingerprint(body),
    }


def _permit(call: Call, key: str, body: Document) -> None:
    """Raises: Refusal, where who asks may not do something that comes with it."""
    if body.get("labels"):
        call.require("compute.instances.setLabels", key)
    if body.get("metadata", {}).get("items"):
        call.require("compute.instances.setMetadata", key)
    if body.get("tags", {}).get("items"):
        call.require("compute.instances.setTags", key)
    if body.get("serviceAccounts"):
        call.require("compute.instances.setServiceAccount", key)
    if any("initializeParams" in each for each in body.get("disks", [])):
        call.require("compute.disks.create", f"{key.rpartition('/instances/')[0]}/disks/{body['name']}")


def _nics(body: Document) -> list[Document]:
    found: list[Document] = body.get("networkInterfaces", [])
    if not found:
        raise invalid("resource.networkInterfaces", "", "At least one network interface is required.")
    return found


def _nic(call: Call, number: int, told: Document) -> Document:
    subnetwork, there = _subnetwork(call, told)
    if there["region"] != f"{GOOGLE}projects/{call.project}/regions/{ZONES[call.names['zone']]}":
        raise invalid("resource.networkInterfaces[0].subnetwork", subnetwork, "It is in another region.")
    call.require("compute.subnetworks.use", subnetwork)
    access = [external(call, subnetwork, each) for each in told.get("accessConfigs", [])]
    return {
        **told,
        "kind": "compute#networkInterface",
        "name": f"nic{number}",
        "network": there["network"],
        "subnetwork": GOOGLE + subnetwork,
        "networkIP": told.get("networkIP") or free_address(call, there),
        "stackType": told.get("stackType", "IPV4_ONLY"),
        "fingerprint": fingerprint([call.names, number, told]),
        **({"accessConfigs": access} if access else {}),
    }


def external(call: Call, subnetwork: str, told: Document) -> Document:
    """A public address, as it was asked for.

    Raises:
        Refusal: it is not permitted.
    """
    call.require("compute.subnetworks.useExternalIp", subnetwork)
    if "compute.vmExternalIpAccess" in call.world.project.constraints:
        more = f" Add instance {call.key} to the constraint to use external IP with it."
        raise constrained("compute.vmExternalIpAccess", call.world.project.number, more)
    given = {"name": "external-nat", "type": "ONE_TO_ONE_NAT", "networkTier": "PREMIUM"}
    return {**given, "natIP": call.world.outside.free(), "kind": "compute#accessConfig", **told}


def check_metadata(call: Call, told: Document) -> None:
    """Raises: Refusal, where a policy forbids what is said there."""
    off = any(each["key"] == SWITCH and each["value"].upper() == "FALSE" for each in told.get("items", []))
    if off and "compute.requireOsLogin" in call.world.project.constraints:
        raise constrained("compute.requireOsLogin", call.world.project.number)


def _subnetwork(call: Call, told: Document) -> tuple[str, Document]:
    if told.get("subnetwork"):
        return referred(call, "subnetworks", told["subnetwork"], "resource.networkInterfaces[0].subnetwork")
    network, _ = referred(call, "networks", told.get("network", "global/networks/default"), "network")
    region = ZONES[call.names["zone"]]
    prefix = f"projects/{call.project}/regions/{region}/subnetworks/"
    for key, each in call.world.store.items("subnetworks", prefix):
        if each["network"] == GOOGLE + network:
            return key, each
    why = "Network interface must specify a subnet if the network resource is in custom subnet mode."
    raise invalid("resource.networkInterfaces[0]", told, why)


def account_of(call: Call, told: Document) -> Document:
    """The service account that a machine will be.

    Raises:
        Refusal: it is not there, or who asks may not act as it.
    """
    email = told.get("email", "")
    account = f"projects/{call.project}/serviceAccounts/{email}"
    if call.world.store.get("accounts", email) is None:
        raise refusal(400, f"The resource '{account}' of type 'serviceAccount' was not found.")
    if not call.world.policies.allows(call.who, "iam.serviceAccounts.actAs", account):
        text = f"The user does not have access to service account '{email}'.  User: '{call.who.email}'.  Ask a project "
        raise refusal(400, f"{text}owner to grant you the iam.serviceAccountUser role on the service account")
    return told


def _lacking(
    call: Call, instance: Document, machine: MachineType, fault: OperationFault
) -> Mapping[str, Any] | None:  # fmt: skip
    """How the operation fails where the project may not have so much, or the zone has no such machine left."""
    zone = call.names["zone"]
    # What is reserved is there.
    sold_out = [] if reservations.name_in(instance) else call.world.project.stockouts.get(zone, [])
    if fault.code and not fault.code.startswith("ZONE_RESOURCE_POOL"):
        return failure(fault.code, fault.message or f"it was told to fail with {fault.code}")
    if fault.code or "*" in sold_out or machine.name in sold_out:
        return stockout(call, machine, fault)
    return quotas.exceeded(call.world, instance, ZONES[zone])


def instance_at(call: Call) -> tuple[str, Document]:
    """The key and the document of the instance that a path with one more word is about.

    Raises:
        Refusal: there is none.
    """
    key = call.key.rpartition("/")[0]
    found = INSTANCE_KIND.find(call, key)
    # It may have been called by its number.
    return f"{key.rpartition('/')[0]}/{found['name']}", found


INSTANCE_KIND = _Instances("instance", "instances", "zone", INSTANCE, lambda _, body: body)
ROUTES = INSTANCE_KIND.routes()
