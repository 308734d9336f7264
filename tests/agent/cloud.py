"""A simulated Google Cloud with a machine that may delete itself, and another one of nearly the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cynthus.testing.gcp import SimulatedCloud
from tests.agent.host import RUN, Host
from tests.gcp.api import ACCOUNT, ZONE, Api, furnish, machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.testing.gcp import Machine

INSTANCES = f"{ZONE}/instances"
MINE, ALIKE = "demo-host-0", "demo-host-01"
ADMIN = {"bindings": [{"role": "roles/compute.instanceAdmin.v1", "members": [f"serviceAccount:{ACCOUNT}"]}]}
OPEN = {"bindings": [{"role": "roles/storage.objectUser", "members": [f"serviceAccount:{ACCOUNT}"]}]}


class Servers:
    """A driver that gives each machine its metadata server, and no host."""

    def __init__(self) -> None:
        self.metadata: dict[str, str] = {}

    def boot(self, instance: Machine) -> str:
        self.metadata[instance.name] = instance.serve_metadata(("127.0.0.1", 0))
        return instance.address

    def stop(self, name: str) -> None:
        """What answered for it does so no more by itself."""


class Cloud:
    """Two machines of nearly one name, each of which may delete itself; the host that is tried is the first."""

    def __init__(self, simulated: SimulatedCloud, servers: Servers, api: Api) -> None:
        self.simulated = simulated
        self.api = api
        furnish(api)
        for name in (MINE, ALIKE):
            api.done(api.post("compute", INSTANCES, machine(name)))
            self.let(name, ADMIN)
        assert api.post("storage", "b?project=rehearsal", {"name": "ours", "location": "US"}).status == 200
        assert api.ask("PUT", "storage", "b/ours/iam", OPEN).status == 200
        self.changes: dict[str, Any] = {
            "metadata": servers.metadata[MINE], "storage": simulated.endpoint, "bucket": "gs://ours",
            "compute": f"{simulated.endpoint}/compute/v1", "linger": 1,
        }  # fmt: skip

    def let(self, name: str, policy: dict[str, Any]) -> None:
        """Say who may do what with a machine."""
        assert self.api.post("compute", f"{INSTANCES}/{name}/setIamPolicy", {"policy": policy}).status == 200

    def there(self) -> list[str]:
        """The machines that there are."""
        return sorted(each["name"] for each in self.simulated.instances())

    def deletions(self) -> list[str]:
        """The machines that somebody asked to have deleted, in order."""
        return [each.path.rpartition("/")[2] for each in self.simulated.requests if each.method == "DELETE"]

    def kept(self, host: Host) -> dict[str, Any]:
        """The status.json that is left of a run."""
        name = f"{host.home.deployment}%2F0%2Fruns%2F{RUN}%2Fattempts%2F1%2Fstatus.json"
        return dict(self.api.get("storage", f"b/ours/o/{name}?alt=media").body)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    servers = Servers()
    simulated = SimulatedCloud(tmp_path / "cloud", driver=servers)
    with simulated.serving():
        api = Api(simulated.endpoint)
        yield Cloud(simulated, servers, api)
        api.close()
