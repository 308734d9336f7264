"""A host of the test bed is a machine of a simulated cloud."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.testing.gcp import SimulatedCloud
from tests.bed.fixtures import bare_host, bed, make_hosts
from tests.gcp.api import ACCOUNT, L4, ZONE, Api, furnish, machine
from tests.gcp.bed_hosts import BedHosts
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.host import Host

__all__ = ["bare_host", "bed", "make_hosts"]  # fixtures

pytestmark = pytest.mark.hosts

INSTANCES = f"{ZONE}/instances"
ASK = (
    "import sys, urllib.request as r; "
    "q = r.Request(sys.argv[1], headers=dict(a.split('=', 1) for a in sys.argv[2:])); "
    "print(r.urlopen(q, timeout=20).read().decode())"
)


@pytest.fixture
def cloud(tmp_path: Path, bare_host: Host) -> Iterator[SimulatedCloud]:
    """With one host to give."""
    simulated = SimulatedCloud(tmp_path / "cloud", driver=BedHosts([bare_host]))
    with simulated.serving():
        yield simulated


def asked(host: Host, url: str, **headers: str) -> str:
    """What the host itself is answered."""
    words = [f"{name.replace('_', '-')}={value}" for name, value in headers.items()]
    return host.text("python3", "-c", ASK, url, *words).rstrip("\n")


def test_a_host_is_a_machine_from_its_keys_to_its_end(cloud: SimulatedCloud, bare_host: Host) -> None:
    api = Api(cloud.endpoint)
    furnish(api)
    key = f"anna:{bare_host.key.with_suffix('.pub').read_text().strip()}"
    body = machine(metadata={"items": [{"key": "ssh-keys", "value": key}]}, **L4)
    assert "error" not in api.done(api.post("compute", INSTANCES, body))

    told = api.get("compute", f"{INSTANCES}/demo-host-0")
    assert told["networkInterfaces"][0]["networkIP"] == bare_host.internal_address
    assert bare_host.ssh("sudo", "id", "-u", user="anna").stdout == b"0\n"

    metadata = "http://metadata.google.internal/computeMetadata/v1/instance"
    assert asked(bare_host, f"{metadata}/id", Metadata_Flavor="Google") == told["id"]
    assert asked(bare_host, f"{metadata}/preempted", Metadata_Flavor="Google") == "FALSE"
    token = json.loads(asked(bare_host, f"{metadata}/service-accounts/default/token", Metadata_Flavor="Google"))
    account = asked(bare_host, f"{cloud.endpoint}/oauth2/v1/tokeninfo?access_token={token['access_token']}")
    assert json.loads(account)["email"] == ACCOUNT

    cloud.preempt("demo-host-0")
    assert asked(bare_host, f"{metadata}/preempted", Metadata_Flavor="Google") == "TRUE"
    pid = bare_host.pid
    cloud.advance(31)
    wait_for(lambda: bare_host.ssh("true", user="anna").returncode != 0, f"the end of {pid}")
    assert cloud.instances() == []
    api.close()
