"""Instances: what must fit, and what is done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gcp.api import L4, SPOT, ZONE, Api, P, lasting, machine

if TYPE_CHECKING:
    from cynthus.testing.gcp import SimulatedCloud

INSTANCES = f"{ZONE}/instances"
ONE = f"{INSTANCES}/demo-host-0"


@pytest.fixture
def running(room: Api) -> Api:
    """With one machine that runs."""
    done = room.done(room.post("compute", INSTANCES, machine(labels={"a": "b"})))
    assert done["status"] == "DONE", done
    return room


def test_a_machine_runs_at_an_address_of_its_subnetwork(running: Api) -> None:
    found = running.get("compute", ONE)
    assert (found["status"], found["networkInterfaces"][0]["networkIP"]) == ("RUNNING", "10.128.0.2")


def test_each_machine_has_an_address_of_its_own(running: Api) -> None:
    running.done(running.post("compute", INSTANCES, machine("second")))
    assert running.get("compute", f"{INSTANCES}/second")["networkInterfaces"][0]["networkIP"] == "10.128.0.3"


def test_a_machine_is_found_by_its_number(running: Api) -> None:
    number = running.get("compute", ONE)["id"]
    assert running.get("compute", f"{INSTANCES}/{number}")["name"] == "demo-host-0"


def test_a_machine_comes_with_a_disk_and_goes_with_it(running: Api) -> None:
    disk = running.get("compute", f"{ZONE}/disks/demo-host-0")
    assert (disk["sizeGb"], disk["sourceImage"].rpartition("/")[2]) == ("20", "debian-12-bookworm-v20260701")
    running.done(running.delete("compute", ONE))
    assert running.get("compute", f"{ZONE}/disks/demo-host-0").status == 404


def test_a_disk_that_is_to_stay_stays(room: Api) -> None:
    body = machine()
    body["disks"][0]["autoDelete"] = False
    room.done(room.post("compute", INSTANCES, body))
    assert room.delete("compute", f"{ZONE}/disks/demo-host-0").status == 400
    room.done(room.delete("compute", ONE))
    assert room.get("compute", f"{ZONE}/disks/demo-host-0")["users"] == []


def test_the_gpu_of_a_machine_type_comes_by_itself(room: Api) -> None:
    room.done(room.post("compute", INSTANCES, machine(**L4)))
    (gpu,) = room.get("compute", ONE)["guestAccelerators"]
    assert (gpu["acceleratorCount"], gpu["acceleratorType"].rpartition("/")[2]) == (1, "nvidia-l4")


GPUS = f"{ZONE}/acceleratorTypes"
TERMINATE: dict[str, Any] = {"scheduling": {"onHostMaintenance": "TERMINATE"}}


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"kind": "g2-standard-5"}, 400, "Machine type with name 'g2-standard-5' does not exist in zone"),
        ({"kind": "a4-highgpu-8g"}, 400, "does not exist in zone 'us-central1-a'"),
        ({**L4, "disk": "pd-standard"}, 400, "[g2-standard-4, pd-standard] features are not compatible"),
        ({"kind": "n4-standard-4"}, 400, "[n4-standard-4, pd-balanced] features are not compatible"),
        ({"disk": "pd-best"}, 404, "diskTypes/pd-best' was not found"),
        ({"kind": "g2-standard-4"}, 400, "do not support live migration"),
        (
            {**TERMINATE, "guestAccelerators": [{"acceleratorType": f"{GPUS}/nvidia-tesla-t4", "acceleratorCount": 1}]},
            400,
            "[e2-standard-4, nvidia-tesla-t4] features are not compatible",
        ),
        (
            {"kind": "n1-standard-4", "guestAccelerators": [{"acceleratorType": f"{GPUS}/k", "acceleratorCount": 1}]},
            404,
            "acceleratorTypes/k' was not found",
        ),
        ({"scheduling": {**SPOT, "automaticRestart": True}}, 400, "AutomaticRestart"),
        ({"scheduling": {"maxRunDuration": {"seconds": 60}}}, 400, "termination action"),
        ({"scheduling": lasting(29)}, 400, "maxRunDuration"),
        ({"scheduling": {"instanceTerminationAction": "DELETE"}}, 400, "termination action"),
        ({"kind": "a3-highgpu-1g", **TERMINATE}, 400, "SPOT or FLEX_START"),
        ({"labels": {"owner": "Anna"}}, 400, "lowercase"),
        ({"labels": {"owner": "anna b"}}, 400, "lowercase"),
        ({"labels": {"Owner": "anna"}}, 400, "lowercase"),
        ({"labels": {"owner": "a" * 64}}, 400, "lowercase"),
        ({"serviceAccounts": [{"email": "none@rehearsal.iam.gserviceaccount.com"}]}, 400, "was not found"),
        ({"networkInterfaces": [{"subnetwork": f"{P}/regions/us-central1/subnetworks/none"}]}, 404, "was not found"),
        ({"networkInterfaces": []}, 400, "networkInterfaces"),
        ({"disks": []}, 400, "Boot disk"),
        ({"externalIp": True}, 400, 'Unknown name "externalIp"'),
    ],
)
def test_what_does_not_fit_is_refused(room: Api, change: dict[str, Any], status: int, text: str) -> None:
    reply = room.post("compute", INSTANCES, machine(**change))
    assert reply.status == status, reply.body
    assert text in reply.message
    assert "items" not in room.get("compute", INSTANCES).body


def test_a_gpu_is_added_to_a_machine_that_takes_it(room: Api) -> None:
    gpu = {"acceleratorType": f"{GPUS}/nvidia-tesla-t4", "acceleratorCount": 1}
    body = machine(kind="n1-standard-4", guestAccelerators=[gpu], **TERMINATE)
    assert room.done(room.post("compute", INSTANCES, body))["status"] == "DONE"


def test_a_disk_that_is_smaller_than_its_image_is_refused(room: Api) -> None:
    body = machine()
    body["disks"][0]["initializeParams"]["diskSizeGb"] = "5"
    assert "cannot be smaller than the image size (10 GB)" in room.post("compute", INSTANCES, body).message


def test_a_place_that_is_not_there_is_unknown(room: Api) -> None:
    assert room.post("compute", f"{P}/zones/mars-a/instances", machine(at="mars-a")).status == 400


# changes


def test_labels_change_with_their_fingerprint(running: Api) -> None:
    mark = running.get("compute", ONE)["labelFingerprint"]
    body = {"labels": {"c": "d"}, "labelFingerprint": mark}
    running.done(running.post("compute", f"{ONE}/setLabels", body))
    assert running.get("compute", ONE)["labels"] == {"c": "d"}
    again = running.post("compute", f"{ONE}/setLabels", body)
    assert (again.status, "Labels fingerprint" in again.message) == (412, True)


def test_metadata_change_with_their_fingerprint(running: Api) -> None:
    mark = running.get("compute", ONE)["metadata"]["fingerprint"]
    items = [{"key": "ssh-keys", "value": "anna:ssh-ed25519 AAAA"}]
    running.done(running.post("compute", f"{ONE}/setMetadata", {"items": items, "fingerprint": mark}))
    assert running.get("compute", ONE)["metadata"]["items"] == items
    assert running.post("compute", f"{ONE}/setMetadata", {"items": [], "fingerprint": mark}).status == 412


def test_tags_change_with_their_fingerprint(running: Api) -> None:
    mark = running.get("compute", ONE)["tags"]["fingerprint"]
    running.done(running.post("compute", f"{ONE}/setTags", {"items": ["gpu"], "fingerprint": mark}))
    assert running.get("compute", ONE)["tags"]["items"] == ["gpu"]
    assert running.post("compute", f"{ONE}/setTags", {"items": [], "fingerprint": mark}).status == 412


def test_a_machine_stops_and_starts(running: Api) -> None:
    running.done(running.post("compute", f"{ONE}/stop"))
    assert running.get("compute", ONE)["status"] == "TERMINATED"
    running.done(running.post("compute", f"{ONE}/start"))
    assert running.get("compute", ONE)["status"] == "RUNNING"


def test_another_machine_type_needs_a_machine_that_stopped(running: Api) -> None:
    body = {"machineType": f"{ZONE}/machineTypes/e2-standard-8"}
    assert running.post("compute", f"{ONE}/setMachineType", body).status == 400
    running.done(running.post("compute", f"{ONE}/stop"))
    running.done(running.post("compute", f"{ONE}/setMachineType", body))
    assert running.get("compute", ONE)["machineType"].endswith("/e2-standard-8")


def test_a_machine_that_is_protected_does_not_go(running: Api) -> None:
    running.done(running.post("compute", f"{ONE}/setDeletionProtection"))
    assert running.delete("compute", ONE).status == 412


def test_the_serial_console_goes_on_where_it_was_read(running: Api, cloud: SimulatedCloud) -> None:
    cloud.say("demo-host-0", "one\ntwo\n")
    first = running.get("compute", f"{ONE}/serialPort")
    assert (first["contents"], first["next"]) == ("one\ntwo\n", "8")
    assert running.get("compute", f"{ONE}/serialPort", start="4")["contents"] == "two\n"


def test_all_zones_are_listed_at_once(running: Api) -> None:
    running.done(running.post("compute", f"{P}/zones/us-central1-b/instances", machine("far", at="us-central1-b")))
    items = running.get("compute", f"{P}/aggregated/instances")["items"]
    assert {zone: [each["name"] for each in found["instances"]] for zone, found in items.items()} == {
        "zones/us-central1-a": ["demo-host-0"],
        "zones/us-central1-b": ["far"],
    }


# what Google tells of itself


@pytest.mark.parametrize(
    ("path", "noun"),
    [
        ("zones", "us-central1-a"),
        ("regions", "us-central1"),
        ("zones/us-central1-a/machineTypes", "g2-standard-4"),
        ("zones/us-central1-a/acceleratorTypes", "nvidia-l4"),
        ("zones/us-central1-a/diskTypes", "pd-balanced"),
    ],
)
def test_what_there_is_is_listed_and_found(api: Api, path: str, noun: str) -> None:
    found: list[str] = []
    token = ""
    while not found or token:
        page = api.get("compute", f"{P}/{path}", **({"pageToken": token} if token else {}))
        found += [each["name"] for each in page["items"]]
        token = page.body.get("nextPageToken", "")
    assert noun in found
    assert api.get("compute", f"{P}/{path}/{noun}")["name"] == noun


def test_gpus_of_all_zones_are_listed(api: Api) -> None:
    found = api.get("compute", f"{P}/aggregated/acceleratorTypes", filter="name=nvidia-b200")["items"]
    assert "zones/us-central1-b" in found
    assert "zones/us-central1-a" not in found


def test_an_image_is_found_by_its_family(api: Api) -> None:
    family = api.get("compute", "projects/debian-cloud/global/images/family/debian-12")
    image = api.get("compute", f"projects/debian-cloud/global/images/{family['name']}")
    assert (image["family"], image["diskSizeGb"]) == ("debian-12", "10")
    assert api.get("compute", "projects/debian-cloud/global/images/debian-12").status == 404


# disks


def local_ssd() -> dict[str, Any]:
    params = {"diskType": f"{ZONE}/diskTypes/local-ssd"}
    return {"type": "SCRATCH", "interface": "NVME", "autoDelete": True, "initializeParams": params}


def test_a_local_ssd_is_nowhere_but_in_the_machine(room: Api) -> None:
    body = machine(kind="n2-standard-4")
    body["disks"].append(local_ssd())
    room.done(room.post("compute", INSTANCES, body))
    (_, scratch) = room.get("compute", ONE)["disks"]
    assert (scratch["type"], scratch["interface"], scratch["diskSizeGb"], "source" in scratch) == (
        "SCRATCH",
        "NVME",
        "375",
        False,
    )
    assert len(room.get("compute", f"{ZONE}/disks")["items"]) == 1
    room.done(room.delete("compute", ONE))


def test_a_machine_that_takes_no_local_ssd_is_refused_one(room: Api) -> None:
    body = machine()
    body["disks"].append(local_ssd())
    assert "[e2-standard-4, local-ssd]" in room.post("compute", INSTANCES, body).message


def test_a_disk_is_attached_to_one_machine_and_detached(running: Api) -> None:
    running.done(running.post("compute", f"{ZONE}/disks", {"name": "data", "sizeGb": "20"}))
    body = {"source": f"{ZONE}/disks/data", "deviceName": "data"}
    running.done(running.post("compute", f"{ONE}/attachDisk", body))
    assert running.delete("compute", f"{ZONE}/disks/data").status == 400
    running.done(running.post("compute", INSTANCES, machine("other")))
    assert running.post("compute", f"{INSTANCES}/other/attachDisk", body).status == 400
    running.done(running.ask("POST", "compute", f"{ONE}/detachDisk", deviceName="data"))
    assert running.done(running.delete("compute", f"{ZONE}/disks/data"))["status"] == "DONE"


def test_a_disk_grows_and_does_not_shrink(room: Api) -> None:
    room.done(room.post("compute", f"{ZONE}/disks", {"name": "data", "sizeGb": "20"}))
    assert room.post("compute", f"{ZONE}/disks/data/resize", {"sizeGb": "10"}).status == 400
    room.done(room.post("compute", f"{ZONE}/disks/data/resize", {"sizeGb": "30"}))
    assert room.get("compute", f"{ZONE}/disks/data")["sizeGb"] == "30"


def test_an_image_is_made_of_a_disk_and_booted(running: Api) -> None:
    body = {"name": "mine", "family": "mine", "sourceDisk": f"{ZONE}/disks/demo-host-0"}
    running.done(running.post("compute", f"{P}/global/images", body))
    another = machine("other")
    another["disks"][0]["initializeParams"]["sourceImage"] = f"{P}/global/images/family/mine"
    running.done(running.post("compute", INSTANCES, another))
    assert running.get("compute", f"{ZONE}/disks/other")["sourceImage"].endswith("/images/mine")


# what else is changed


def test_scheduling_is_changed_but_not_how_long_a_machine_runs(running: Api) -> None:
    assert running.post("compute", f"{ONE}/setScheduling", {"maxRunDuration": {"seconds": 60}}).status == 400
    running.done(running.post("compute", f"{ONE}/setScheduling", {"automaticRestart": False}))
    assert running.get("compute", ONE)["scheduling"]["automaticRestart"] is False


def test_a_machine_that_stopped_becomes_another_account(running: Api) -> None:
    running.post("iam", f"{P}/serviceAccounts", {"accountId": "another"})
    body = {"email": "another@rehearsal.iam.gserviceaccount.com", "scopes": []}
    assert running.post("compute", f"{ONE}/setServiceAccount", body).status == 400
    running.done(running.post("compute", f"{ONE}/stop"))
    running.done(running.post("compute", f"{ONE}/setServiceAccount", body))
    assert running.get("compute", ONE)["serviceAccounts"] == [body]


def test_a_disk_is_told_to_stay(running: Api) -> None:
    query = {"deviceName": "persistent-disk-0", "autoDelete": "false"}
    running.done(running.ask("POST", "compute", f"{ONE}/setDiskAutoDelete", **query))
    running.done(running.delete("compute", ONE))
    assert running.get("compute", f"{ZONE}/disks/demo-host-0").status == 200


def test_a_subnetwork_that_is_full_has_no_machine_more(room: Api) -> None:
    small = {"name": "small", "network": f"{P}/global/networks/net", "ipCidrRange": "10.1.0.0/29"}
    room.done(room.post("compute", f"{P}/regions/us-central1/subnetworks", small))
    nics = [{"subnetwork": f"{P}/regions/us-central1/subnetworks/small"}]
    made = [room.post("compute", INSTANCES, machine(f"host-{each}", networkInterfaces=nics)) for each in range(5)]
    assert [each.status for each in made] == [200, 200, 200, 200, 400]
    assert "is exhausted" in made[-1].message


def test_a_machine_of_ones_own_size_is_made(room: Api) -> None:
    room.done(room.post("compute", INSTANCES, machine(kind="n2-custom-4-8192")))
    assert room.get("compute", f"{ZONE}/machineTypes/n2-custom-4-8192")["memoryMb"] == 8192


def test_which_permissions_one_has_to_a_machine_is_told(running: Api, cloud: SimulatedCloud) -> None:
    cloud.token("anna", "anna@example.com")
    policy = {"bindings": [{"role": "roles/compute.osLogin", "members": ["user:anna@example.com"]}]}
    running.post("compute", f"{ONE}/setIamPolicy", {"policy": policy})
    wanted = ["compute.instances.osLogin", "compute.instances.delete"]
    reply = running.as_("anna").post("compute", f"{ONE}/testIamPermissions", {"permissions": wanted})
    assert reply["permissions"] == wanted[:1]
