"""A simulated Google Cloud as the place of a rehearsal: `cynthus up --simulate`."""

from __future__ import annotations

import base64
import json
import secrets
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.gcp import Gcp
from cynthus.errors import UsageError
from cynthus.targets.gcp.api import Api
from cynthus.targets.gcp.catalog import catalog
from cynthus.targets.gcp.choice import way_of
from cynthus.targets.gcp.place import PROJECT_VARIABLES, ZONE_VARIABLES, region_of, rendered, settled
from cynthus.targets.gcp.ssh_key import make_key
from cynthus.testing.gcp.cloud import SimulatedCloud
from cynthus.testing.gcp.drivers import driver_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cynthus.core.deployment import Host
    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.catalog import Way
    from cynthus.targets.gcp.choice import Choice
    from cynthus.testing.gcp.machines import Hosts

PROVIDERS: tuple[str, ...] = ("hashicorp/google", "hashicorp/google-beta")
"""Those that ask the simulated cloud."""
_GOOGLES = ("GOOGLE_", "CLOUDSDK_", "GCLOUD_", "CYNTHUS_GOOGLE_", "STORAGE_EMULATOR_")
"""How variables begin that lead to a real cloud, or to another simulated one."""
ELSEWHERE = """\
# Without it the provider asks the real Google who the token is of, which
# nobody can redirect, and other services at their real addresses.
provider "google" {
  universe_domain = "rehearsal.invalid"
}
"""
WITHOUT_GPUS = """\
output "hosts" {
  value = [for host in local.hosts : merge(host, { gpus = 0 })]
}
"""
"""For hosts that have none, whatever the machines have: nobody is to look for them there, or to install a driver."""
NAMELESS = "rehearsal"
"""The cloud project where nobody names one: credentials, which may, are not looked at."""


class GcpStage:
    """What a rehearsal has of Google Cloud."""

    title = "a simulated Google Cloud"
    providers = PROVIDERS

    def __init__(
        self, cloud: SimulatedCloud, environment: Mapping[str, str], key: Path, hosts: Hosts | None = None
    ) -> None:
        self.cloud = cloud
        self.boots = hosts is not None
        self.gpus = bool(getattr(hosts, "gpus", False))
        self._key = str(key)
        self._there = len(cloud.ledger())
        self.environment = environment

    def rehearsed(self, spec: AppSpec) -> AppSpec:
        """The spec, with Terraform's state in the rehearsal: a bucket with states is real."""
        return replace(spec, gcp=replace(spec.gcp or Gcp(), state=None))

    def known_now(self, spec: AppSpec) -> AppSpec:
        """The spec by which the values are made that are known only now: with a key of the rehearsal's own, which goes
        into no file that the user may have edited. Hosts of a driver know nobody's roles: they are told the key."""
        return replace(spec, gcp=replace(spec.gcp or Gcp(), key=self._key, login="metadata"))

    def beside(self, root: str) -> dict[str, str]:
        """Files that have the provider of a root ask this cloud; and where there are hosts, have `ssh` use the
        rehearsal's own key, for nobody is told of the user's."""
        files = {"zz_rehearsal_override.tf": ELSEWHERE}
        if root == "compute" and self.boots:
            files["zz_rehearsal_override.tf"] += "" if self.gpus else WITHOUT_GPUS
            files["zz_rehearsal.auto.tfvars.json"] = json.dumps({"key": self._key, "login": "metadata"})
        return files

    def leads_here(self, host: Host) -> bool:
        """Whether the way to a host is the proxy of this cloud: an address may be that of a real machine."""
        return host.connection.kind == "iap" and host.connection.proxy_jump is None

    def standing(self) -> tuple[str, ...]:
        """What was made, a line each; not what was there before, as the spec says."""
        machines = [
            f"{each['name']}: {each['machineType'].rpartition('/')[2]} in {each['zone'].rpartition('/')[2]}, "
            f"{each['status'].lower()}"
            for each in self.cloud.instances()
        ]
        kinds = Counter(entry.kind for entry in self.cloud.ledger()[self._there :] if entry.ended is None)
        others = [f"{count} {_word(kind, count)}" for kind, count in kinds.items() if kind != "instances"]
        return (*machines, ", ".join(others)) if others else tuple(machines)

    def cost(self) -> float:
        """What it would have cost by now, in dollars, as far as prices are known."""
        now = self.cloud.clock.timestamp()
        return sum(entry.cost(now) for entry in self.cloud.ledger())


@contextmanager
def stage(
    spec: AppSpec, environment: Mapping[str, str], root: Path, place: Path, hosts: str = ""
) -> Iterator[GcpStage]:
    """Play Google Cloud for a deployment as long as the block lasts. `root` is the folder of what was rendered for it,
    `environment` the user's, `place` a folder that is the rehearsal's own, and `hosts` names what boots hosts.

    Raises:
        PlacementRefused: nobody says in which zone.
        UsageError: nothing of that name boots hosts, or there is no ssh-keygen.
    """
    said = next((environment[name] for name in PROJECT_VARIABLES if environment.get(name)), None)
    gcp = spec.gcp or Gcp()
    project = gcp.project or rendered(root, "project") or said or NAMELESS
    zone, choice = settled(spec, environment, root, catalog())
    own = {name: value for name, value in environment.items() if not name.startswith(_GOOGLES)}
    with ExitStack() as stack:
        # Closed last: what is still being booted when somebody interrupts is booted first.
        boots = stack.enter_context(closing(_hosts(hosts))) if hosts else None
        prices = _prices(choice, way_of(spec.resources))
        cloud = SimulatedCloud(place / "cloud", driver=boots, project=project, prices=prices)
        stack.enter_context(cloud.serving())
        own |= {**cloud.environment(), ZONE_VARIABLES[0]: zone}
        if spec.resources.reservation is not None:
            name = spec.resources.reservation.rpartition("/")[2]
            cloud.project.reserve(zone, name, choice.machine.type, spec.resources.nodes or 1)
        _have_network(Api(own), project, zone, gcp)
        key = place / "key"
        (make_key if boots else _make_half)(key)
        yield GcpStage(cloud, own, key, boots)


def _hosts(name: str) -> Hosts:
    found: Hosts = driver_named(name)
    lacking = [each for each in ("boot", "stop", "door", "close") if not callable(getattr(found, each, None))]
    if lacking:
        raise UsageError(
            f"{name} has no `{lacking[0]}`, so it gives a rehearsal no hosts",
            hint="see docs/how-to/rehearse.md: boot, stop, door and close",
        )
    return found


def _prices(choice: Choice, way: Way) -> dict[str, float]:
    """Those of the region, by type; of a type that has several, that which `up` shows."""
    found = {each.type: each.price(choice.region, way) for each in (*catalog().machines, choice.machine)}
    return {machine: price for machine, price in found.items() if price is not None}


def _have_network(api: Api, project: str, zone: str, gcp: Gcp) -> None:
    """What the spec says is there already is there."""
    if gcp.network is None:
        return
    place = f"projects/{project}"
    body = {"name": gcp.network, "autoCreateSubnetworks": gcp.subnetwork is None}
    api.ask("POST", "compute", f"{place}/global/networks", body=body)
    if gcp.subnetwork is not None:
        whole = f"{place}/global/networks/{gcp.network}"
        part = {"name": gcp.subnetwork, "network": whole, "ipCidrRange": "10.0.0.0/20"}
        api.ask("POST", "compute", f"{place}/regions/{region_of(zone)}/subnetworks", body=part)


def _make_half(key: Path) -> None:
    """The public half of a key that has no other: nobody enters these machines."""
    kind = b"ssh-ed25519"
    parts = (kind, secrets.token_bytes(32))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    line = f"{kind.decode()} {base64.b64encode(blob).decode()} rehearsal\n"
    key.with_name(f"{key.name}.pub").write_text(line, encoding="ascii")


def _word(kind: str, count: int) -> str:
    """`2 buckets`, `1 network`, `1 repository`."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind)
    if count > 1 or not words.endswith("s"):
        return words
    return f"{words[:-3]}y" if words.endswith("ies") else words[:-1]
