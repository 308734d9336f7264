"""Somebody at a keyboard with a simulated Google Cloud, whose machines are hosts of the test bed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cynthus.testing.gcp import SimulatedCloud
from cynthus.testing.gcp.outside import USUAL
from tests.bed.keys import new_key
from tests.gcp.bed_hosts import BedHosts
from tests.gcp.doors import Doors
from tests.journeys.user import User
from tests.mirror import configured
from tests.terraform.google import mirror_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.bed.host import Host

SPEC = """\
name: cloudy
target: gcp
resources: {{zone: us-central1-a}}
limits: {{max_duration: 1h}}
gcp: {{key: {key}{gcp}}}
"""


class Someone:
    """`user` types; `cloud` is what they pay for; `hosts` gives out the machines."""

    def __init__(self, user: User, cloud: SimulatedCloud, hosts: BedHosts) -> None:
        self.user = user
        self.cloud = cloud
        self.hosts = hosts

    @property
    def key(self) -> Path:
        return self.user.place / "key"

    def folder(self, name: str = "app", *, main: str, more: str = "", gcp: str = "") -> Path:
        """An app for the cloud; `more` is added to its cynthus.yaml, and `gcp` to that part of it."""
        text = SPEC.format(key=self.key, gcp=f", {gcp}" if gcp else "") + more
        return self.user.folder(name, main=main, cynthus_yaml=text)

    def standing(self) -> dict[str, int]:
        """How many of each kind there are in the cloud."""
        return {kind: len(found) for kind, found in self.cloud.resources().items() if found}

    def deployment(self, folder: Path) -> Mapping[str, Any]:
        return self.user.status(folder)


@contextmanager
def someone(
    place: Path, google: Mapping[str, str], machines: Sequence[Host] | BedHosts = (), addresses: str = USUAL,
    **environment: str,
) -> Iterator[Someone]:
    """With these machines to be had, at public `addresses` where they have some; without any, what is made runs and
    lets nobody in. `google` is the environment of a Terraform that finds the provider, `environment` is what else a
    shell of theirs exports. Who was there before, with the same cloud and the hosts of that time, goes on."""
    user, hosts = User(place), machines if isinstance(machines, BedHosts) else BedHosts(machines)
    if not user.home.exists():
        user.home.mkdir()
        new_key(place / "key", "somebody")
    doors = Doors(hosts, place / "gcloud")
    cloud = SimulatedCloud(place / "cloud", driver=doors if machines else None, latency=0, addresses=addresses)
    with cloud.serving():
        own = {"GOGC": google["GOGC"], **configured(place, mirror_of(google))}
        user.environment = {**own, **cloud.environment(), **doors.environment(user.shell()), **environment}
        yield Someone(user, cloud, hosts)
