"""What is done to an instance that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cynthus.testing.gcp import expiry
from cynthus.testing.gcp.compute.disks import set_labels
from cynthus.testing.gcp.compute.instance_disks import attachable, make_disk
from cynthus.testing.gcp.compute.instance_shape import ACCOUNTS, DISKS, METADATA, NICS, SCHEDULING
from cynthus.testing.gcp.compute.instances import INSTANCE_KIND, account_of, check_metadata, external, instance_at
from cynthus.testing.gcp.compute.kinds import fingerprint
from cynthus.testing.gcp.compute.rules import machine_of
from cynthus.testing.gcp.machine_types import machine_type
from cynthus.testing.gcp.operations import GOOGLE, begin
from cynthus.testing.gcp.policies import POLICY
from cynthus.testing.gcp.refusals import invalid, refusal
from cynthus.testing.gcp.router import Call, Route
from cynthus.testing.gcp.shapes import MAP, TEXT, TEXTS, checked, cleaned, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.testing.gcp.store import Document


def _labels(call: Call) -> Document:
    key, there = instance_at(call)
    set_labels(call, "instances", key, there, checked(call.body, {"labels": MAP, "labelFingerprint": TEXT}))
    return begin(call, "setLabels", key)


def _metadata(call: Call) -> Document:
    key, there = instance_at(call)
    body = checked(call.body, METADATA, "metadata")
    if body.get("fingerprint", "") != there["metadata"]["fingerprint"]:
        raise refusal(412, "Supplied fingerprint does not match current metadata fingerprint.")
    check_metadata(call, body)
    items = body.get("items", [])
    metadata = {"kind": "compute#metadata", "items": items, "fingerprint": fingerprint(items)}
    _put(call, key, there, metadata=metadata)
    call.world.changed.notify_all()
    return begin(call, "setMetadata", key)


def _tags(call: Call) -> Document:
    key, there = instance_at(call)
    body = checked(call.body, fields("fingerprint", items=TEXTS), "tags")
    if body.get("fingerprint", "") != there["tags"]["fingerprint"]:
        raise refusal(412, "Supplied fingerprint does not match current tags fingerprint.")
    items = body.get("items", [])
    _put(call, key, there, tags={"items": items, "fingerprint": fingerprint(items)})
    return begin(call, "setTags", key)


def _scheduling(call: Call) -> Document:
    key, there = instance_at(call)
    body = checked(call.body, SCHEDULING, "scheduling")
    changes = {name: value for name, value in body.items() if value != []}
    if changes.get("maxRunDuration", there["scheduling"].get("maxRunDuration")) != there["scheduling"].get(
        "maxRunDuration"
    ):
        _must_be_stopped(there)
    _put(call, key, there, scheduling={**there["scheduling"], **changes})
    return begin(call, "setScheduling", key)


def _machine_type(call: Call) -> Document:
    key, there = instance_at(call)
    _must_be_stopped(there)
    found = machine_of(call, checked(call.body, {"machineType": TEXT}))
    _put(call, key, there, machineType=GOOGLE + key.partition("/instances/")[0] + f"/machineTypes/{found.name}")
    return begin(call, "setMachineType", key)


def _protect(call: Call) -> Document:
    key, there = instance_at(call)
    _put(call, key, there, deletionProtection=call.query.get("deletionProtection", "true") == "true")
    return begin(call, "setDeletionProtection", key)


def _attach(call: Call) -> Document:
    key, there = instance_at(call)
    body = checked(call.body, DISKS[0])
    machine = machine_type(there["machineType"].rpartition("/")[2])
    if machine is None or "source" not in body:
        raise invalid("source", "", "A disk that is attached must be there.")
    more = attachable(call, key, len(there["disks"]), body, machine)
    make_disk(call, key, more)
    _put(call, key, there, disks=[*there["disks"], more])
    return begin(call, "attachDisk", key)


def _detach(call: Call) -> Document:
    key, there = instance_at(call)
    name = call.query.get("deviceName", "")
    gone = next((each for each in there["disks"] if each["deviceName"] == name), None)
    if gone is None:
        raise invalid("deviceName", name, "No attached disk found with device name.")
    path = gone.get("source", "").removeprefix(GOOGLE)
    disk = call.world.store.get("disks", path)
    if disk is not None:
        call.world.store.put("disks", path, {**disk, "users": []})
    _put(call, key, there, disks=[each for each in there["disks"] if each is not gone])
    return begin(call, "detachDisk", key)


def _auto_delete(call: Call) -> Document:
    key, there = instance_at(call)
    name, goes = call.query.get("deviceName", ""), call.query.get("autoDelete") == "true"
    disks = [{**each, "autoDelete": goes} if each["deviceName"] == name else each for each in there["disks"]]
    _put(call, key, there, disks=disks)
    return begin(call, "setDiskAutoDelete", key)


def _account(call: Call) -> Document:
    key, there = instance_at(call)
    _must_be_stopped(there)
    _put(call, key, there, serviceAccounts=[account_of(call, checked(call.body, ACCOUNTS[0]))])
    return begin(call, "setServiceAccount", key)


def _open(call: Call) -> Document:
    key, there = instance_at(call)
    first, *others = there["networkInterfaces"]
    if first.get("accessConfigs"):
        raise refusal(400, "At most one access config currently supported.")
    given = external(call, first["subnetwork"].removeprefix(GOOGLE), checked(call.body, NICS[0]["accessConfigs"][0]))
    there = {**there, "networkInterfaces": [{**first, "accessConfigs": [given]}, *others]}
    call.world.store.put("instances", key, there)
    if there.get("_boot") == "up":
        call.world.outside.open(key, there)
    return begin(call, "addAccessConfig", key)


def _shut(call: Call) -> Document:
    key, there = instance_at(call)
    first, *others = there["networkInterfaces"]
    kept = {name: value for name, value in first.items() if name != "accessConfigs"}
    _put(call, key, there, networkInterfaces=[kept, *others])
    call.world.outside.close(key)
    return begin(call, "deleteAccessConfig", key)


def _stop(call: Call) -> Document:
    key, there = instance_at(call)
    if call.world.project.latency:
        _put(call, key, there, status="STOPPING")
    return begin(call, "stop", key, effects=[("stop", "instances", key)])


def _start(call: Call) -> Document:
    key, there = instance_at(call)
    if there["status"] != "TERMINATED":
        return begin(call, "start", key)
    _put(call, key, there, status="STAGING", _boot="wanted")
    call.world.machines.boot(key)
    return begin(call, "start", key, effects=[("run", "instances", key)], machine=key)


def _reset(call: Call) -> Document:
    key, there = instance_at(call)
    if there["status"] != "RUNNING":
        raise refusal(400, f"The resource '{key}' is not ready", "resourceNotReady")
    call.world.machines.stop(key)
    call.world.machines.boot(key)
    return begin(call, "reset", key)


def _preempted(call: Call) -> Document:
    """Google takes a spot machine back so, for who wants to see what happens."""
    key, there = instance_at(call)
    if there["scheduling"].get("preemptible"):
        expiry.preempt(call.world, key)
    else:
        expiry.announce(call.world, key, "TERMINATE_ON_HOST_MAINTENANCE")
    return begin(call, "simulateMaintenanceEvent", key)


def _serial(call: Call) -> Document:
    key, there = instance_at(call)
    text = str(there.get("_dark") or there.get("_serial") or "")
    start = int(call.query.get("start", "0"))
    return {
        "kind": "compute#serialPortOutput",
        "selfLink": f"{GOOGLE}{key}/serialPort",
        "contents": text[start:],
        "start": str(start),
        "next": str(len(text)),
    }


def _policy(call: Call) -> Document:
    return call.world.policies.get(instance_at(call)[0])


def _set_policy(call: Call) -> Document:
    body = checked(call.body, {"policy": POLICY, "bindings": POLICY["bindings"], "etag": TEXT})
    return call.world.policies.replace(instance_at(call)[0], body.get("policy", body))


def _test_permissions(call: Call) -> Document:
    key, _ = instance_at(call)
    wanted = cleaned(call.body).get("permissions", [])
    return {"permissions": [each for each in wanted if call.world.policies.allows(call.who, each, key)]}


def _must_be_stopped(there: Document) -> None:
    if there["status"] != "TERMINATED":
        raise refusal(400, "Invalid resource usage: 'Instance must be stopped.'.", "invalidResourceUsage")


def _put(call: Call, key: str, there: Document, **changes: Any) -> None:
    call.world.store.put("instances", key, {**there, **changes})


def _route(verb: str, permission: str, answer: Callable[[Call], Document], method: str = "POST") -> Route:
    path = f"{INSTANCE_KIND.path}/{{name}}/{verb}"
    return Route("compute", method, path, permission and f"compute.instances.{permission}", answer)


ROUTES = (
    _route("setLabels", "setLabels", _labels),
    _route("setMetadata", "setMetadata", _metadata),
    _route("setTags", "setTags", _tags),
    _route("setScheduling", "setScheduling", _scheduling),
    _route("setMachineType", "setMachineType", _machine_type),
    _route("setDeletionProtection", "setDeletionProtection", _protect),
    _route("attachDisk", "attachDisk", _attach),
    _route("detachDisk", "detachDisk", _detach),
    _route("setDiskAutoDelete", "setDiskAutoDelete", _auto_delete),
    _route("setServiceAccount", "setServiceAccount", _account),
    _route("addAccessConfig", "addAccessConfig", _open),
    _route("deleteAccessConfig", "deleteAccessConfig", _shut),
    _route("stop", "stop", _stop),
    _route("start", "start", _start),
    _route("reset", "reset", _reset),
    _route("simulateMaintenanceEvent", "simulateMaintenanceEvent", _preempted),
    _route("serialPort", "getSerialPortOutput", _serial, "GET"),
    _route("getIamPolicy", "getIamPolicy", _policy, "GET"),
    _route("setIamPolicy", "setIamPolicy", _set_policy),
    _route("testIamPermissions", "", _test_permissions),
)
