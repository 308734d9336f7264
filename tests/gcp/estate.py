"""What deployments leave in a simulated cloud: all that the templates make, as the templates make it."""

from __future__ import annotations

import getpass
import re
from typing import TYPE_CHECKING, Any

from cynthus.core.clock import as_label
from tests.gcp.api import IMAGE, REGION, ZONE, Api, P

if TYPE_CHECKING:
    from datetime import datetime

ME = re.sub(r"[^a-z0-9_-]", "-", getpass.getuser().lower())
REPOSITORIES = f"{P}/locations/us-central1/repositories"
RUN_AS = "Made by Cynthus for the deployment {}: its machines run as this account."
KINDS = (
    "instances", "routers", "firewalls", "subnetworks", "networks", "repositories", "secrets", "accounts", "buckets"
)  # fmt: skip
"""As the cloud calls its collections, in the order in which they must go."""


class Estate:
    """Makes things in the name of a project's owner."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def deployment(self, id: str, owner: str | None = ME) -> None:  # noqa: A002 - what the design calls it
        """The root `base`."""
        self.network(id)
        self.account(id)
        labels = labels_of(id, owner)
        for end in ("in", "out"):
            self.bucket(f"cynthus-{id}-{end}", labels)
        docker = {"format": "DOCKER", "labels": labels}
        self.did(self.api.post("artifactregistry", REPOSITORIES, docker, repositoryId=id))
        automatic = {"replication": {"automatic": {}}, "labels": labels}
        self.did(self.api.post("secretmanager", f"{P}/secrets", automatic, secretId=f"{id}-HF_TOKEN"))

    def network(self, name: str, words: str = "the deployment {}, made by Cynthus.") -> None:
        """With all that is in it; `words` end their descriptions."""
        said, network = words.format(name), {"network": f"{P}/global/networks/{name}"}
        own = {"name": name, "description": f"Network of {said}", "autoCreateSubnetworks": False}
        self.begun(f"{P}/global/networks", own)
        ranged = {"name": name, "description": f"Subnetwork of {said}", "ipCidrRange": "10.128.0.0/20", **network}
        self.begun(f"{REGION}/subnetworks", ranged)
        self.begun(f"{REGION}/routers", {"name": name, "description": f"Router of {said}", **network})
        allowed = [{"IPProtocol": "tcp", "ports": ["22"]}]
        rule = {"direction": "INGRESS", "allowed": allowed, "sourceRanges": ["10.0.0.0/8"]}
        described = {"name": f"{name}-ssh", "description": f"SSH to the machines of {said}"}
        self.begun(f"{P}/global/firewalls", {**described, **rule, **network})

    def account(self, id: str, words: str = RUN_AS) -> None:  # noqa: A002
        """That of the machines."""
        body = {"accountId": f"{id}-vm", "serviceAccount": {"description": words.format(id)}}
        self.did(self.api.post("iam", f"{P}/serviceAccounts", body))

    def bucket(self, name: str, labels: dict[str, str]) -> None:
        """An empty one."""
        body = {"name": name, "location": "US-CENTRAL1", "labels": labels}
        self.did(self.api.post("storage", "b", body, project="rehearsal"))

    def machine(
        self, id: str, owner: str | None = ME, expires: datetime | None = None, name: str = "", **changes: Any  # noqa: A002
    ) -> None:
        """One host of a deployment whose base is there."""
        disk = {"diskSizeGb": "20", "diskType": f"{ZONE}/diskTypes/pd-balanced", "sourceImage": IMAGE}
        labels = labels_of(id, owner)
        if expires is not None:
            labels["cynthus-expires"] = as_label(expires)
        body = {
            "name": name or f"{id}-host-0",
            "machineType": f"{ZONE}/machineTypes/e2-standard-4",
            "disks": [{"boot": True, "autoDelete": True, "initializeParams": disk}],
            "networkInterfaces": [{"subnetwork": f"{REGION}/subnetworks/{id}"}],
            "serviceAccounts": [{"email": f"{id}-vm@rehearsal.iam.gserviceaccount.com", "scopes": []}],
            "labels": labels,
            **changes,
        }
        self.begun(f"{ZONE}/instances", body)

    def begun(self, path: str, body: dict[str, Any]) -> None:
        ended = self.api.done(self.api.post("compute", path, body))
        assert "error" not in ended, ended

    @staticmethod
    def did(reply: Any) -> None:
        assert reply.status == 200, reply.body


def labels_of(id: str, owner: str | None) -> dict[str, str]:  # noqa: A002
    """Those of everything that can have some."""
    return {"cynthus-deployment": id, **({"cynthus-owner": owner} if owner else {})}
