"""A client of a simulated cloud that says what was answered, whatever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from cynthus.testing.gcp import OWNER_TOKEN

P = "projects/rehearsal"
ZONE = f"{P}/zones/us-central1-a"
REGION = f"{P}/regions/us-central1"
ACCOUNT = "machine-vm@rehearsal.iam.gserviceaccount.com"
IMAGE = "projects/debian-cloud/global/images/family/debian-12"


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: Any

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Api:
    """Speaks with a cloud in somebody's name."""

    def __init__(self, endpoint: str, token: str = OWNER_TOKEN) -> None:
        self.endpoint = endpoint
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def as_(self, token: str) -> Api:
        return Api(self.endpoint, token)

    def ask(self, method: str, service: str, path: str, body: Any = None, **query: str) -> Reply:
        url = f"{self.endpoint}/{service}/v1/{path}"
        given = self._session.request(method, url, params=query, json=body, timeout=20)
        return Reply(given.status_code, given.json() if given.content else None, given.headers)

    def get(self, service: str, path: str, **query: str) -> Reply:
        return self.ask("GET", service, path, **query)

    def post(self, service: str, path: str, body: Any = None, **query: str) -> Reply:
        return self.ask("POST", service, path, body, **query)

    def delete(self, service: str, path: str) -> Reply:
        return self.ask("DELETE", service, path)

    def done(self, reply: Reply) -> Any:
        """The operation that a request began, when it is done."""
        assert reply.status == 200, reply.body
        scope = reply["selfLink"].partition("/compute/v1/")[2]
        return self.post("compute", f"{scope}/wait").body

    def close(self) -> None:
        self._session.close()


def furnish(api: Api) -> None:
    """Have a network, a subnetwork and a service account there, for machines."""
    api.done(api.post("compute", f"{P}/global/networks", {"name": "net", "autoCreateSubnetworks": False}))
    subnetwork = {"name": "sub", "network": f"{P}/global/networks/net", "ipCidrRange": "10.128.0.0/20"}
    api.done(api.post("compute", f"{REGION}/subnetworks", subnetwork))
    made = api.post("iam", f"{P}/serviceAccounts", {"accountId": "machine-vm"})
    assert made.status == 200


def machine(name: str = "demo-host-0", **changes: Any) -> dict[str, Any]:
    """The body of an instance."""
    zone = changes.pop("at", "us-central1-a")
    kind, disk = changes.pop("kind", "e2-standard-4"), changes.pop("disk", "pd-balanced")
    first = {"diskSizeGb": "20", "diskType": f"{P}/zones/{zone}/diskTypes/{disk}", "sourceImage": IMAGE}
    region = zone.rpartition("-")[0]
    return {
        "name": name,
        "machineType": f"{P}/zones/{zone}/machineTypes/{kind}",
        "disks": [{"boot": True, "autoDelete": True, "mode": "READ_WRITE", "initializeParams": first}],
        "networkInterfaces": [{"subnetwork": f"{P}/regions/{region}/subnetworks/sub"}],
        "serviceAccounts": [{"email": ACCOUNT, "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}],
        **changes,
    }


SPOT: dict[str, Any] = {
    "provisioningModel": "SPOT",
    "preemptible": True,
    "automaticRestart": False,
    "onHostMaintenance": "TERMINATE",
    "instanceTerminationAction": "DELETE",
}
L4: dict[str, Any] = {"kind": "g2-standard-4", "scheduling": SPOT}


def lasting(seconds: int, action: str = "DELETE") -> dict[str, Any]:
    """Scheduling by which the cloud itself ends a machine."""
    return {"maxRunDuration": {"seconds": seconds}, "instanceTerminationAction": action}
