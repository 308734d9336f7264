"""A simulated Google Cloud with a machine in it, as the target sees both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.targets.gcp.api import Api
from tests.gcp.api import Api as Client
from tests.gcp.api import furnish
from tests.gcp.api import machine as instance

if TYPE_CHECKING:
    from cynthus.testing.gcp import SimulatedCloud

NAME = "weather-0a1b2c-host-0"
ZONE = "us-central1-a"
SENTINEL = "swordfish-7c1d"


def api(cloud: SimulatedCloud, **environment: str) -> Api:
    """As Cynthus asks, without waiting long."""
    return Api({**cloud.environment(), **environment}, wait=0.01)


def machine(cloud: SimulatedCloud, name: str = NAME, **changes: Any) -> Host:
    """Make a machine, and give it as Terraform would."""
    client = Client(cloud.endpoint)
    if not client.get("compute", f"projects/{cloud.project.id}/global/networks").body.get("items"):
        furnish(client)
    place = f"projects/{cloud.project.id}/zones/{ZONE}/instances"
    made = client.done(client.post("compute", place, instance(name, **changes)))
    client.close()
    there = ConnectionInfo("iap", instance_id=str(made["targetId"]), project=cloud.project.id, zone=ZONE)
    return Host("host-0", "10.128.0.2", "10.128.0.2", "cynthus", 22, 0, there)


def end(cloud: SimulatedCloud, verb: str, name: str = NAME) -> None:
    """Delete a machine, or stop it."""
    client, path = Client(cloud.endpoint), f"projects/{cloud.project.id}/zones/{ZONE}/instances/{name}"
    asked = client.delete("compute", path) if verb == "delete" else client.post("compute", f"{path}/{verb}")
    client.done(asked)
    client.close()
