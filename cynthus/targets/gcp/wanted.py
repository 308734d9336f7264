"""What a deployment takes of a cloud project: services, permissions, quotas, a machine somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.gcp import Gcp
from cynthus.targets.gcp.catalog import catalog
from cynthus.targets.gcp.itinerary import itinerary
from cynthus.targets.gcp.machine import gpu_type, image_of, machine_of
from cynthus.targets.gcp.place import region_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec

_Names = tuple[str, ...]

_OF_BASE = ("iam.serviceAccounts.create", "storage.buckets.create", "storage.buckets.setIamPolicy")
_OF_NETWORK = (
    "compute.firewalls.create", "compute.networks.create", "compute.networks.updatePolicy", "compute.routers.create",
    "compute.subnetworks.create",
)
_OF_IMAGES = ("artifactregistry.repositories.create", "artifactregistry.repositories.setIamPolicy")
_OF_SECRETS: _Names = ("secretmanager.secrets.create",)
_OF_MACHINES = (
    "compute.disks.create", "compute.instances.create", "compute.instances.delete", "compute.instances.get",
    "compute.instances.setIamPolicy", "compute.instances.setLabels", "compute.instances.setMetadata",
    "compute.instances.setServiceAccount",
)
_WITH_BASE = ("storage.objects.create", "storage.objects.get", "storage.objects.list")
_WITH_IMAGES = ("artifactregistry.repositories.downloadArtifacts", "artifactregistry.repositories.uploadArtifacts")
_WITH_SECRETS: _Names = ("secretmanager.versions.add",)
_ACT: _Names = ("iam.serviceAccounts.actAs",)
_USE: _Names = ("compute.subnetworks.use",)
_ADDRESS: _Names = ("compute.subnetworks.useExternalIp",)
_PROXY: _Names = ("iap.tunnelInstances.accessViaIAP",)
_OS_LOGIN: _Names = ("compute.instances.osAdminLogin",)


class Wanted(Struct, frozen=True):
    """`zones` are those that are tried, in their order. `gpu` is Google's word for the model, `attached` whether it is
    asked for beside the machine type; counts are of all machines."""

    project: str
    zones: tuple[str, ...]
    machine: str
    image: str
    cpus: int = 0
    gpu: str | None = None
    gpus: int = 0
    attached: bool = False
    spot: bool = False
    network: bool = True
    """Whether it makes one of its own."""
    images: bool = True
    secrets: bool = False
    proxy: bool = True
    os_login: bool = False
    public: bool = False
    """Whether machines have an address of their own."""
    base: bool = True
    """Whether what lasts is made; else it stands."""
    machines: bool = True
    """Whether machines are."""
    others: bool = False
    """Whether other GPUs are tried where these are refused."""

    @property
    def zone(self) -> str:
        return self.zones[0]

    @property
    def regions(self) -> tuple[str, ...]:
        """Those that are tried, in their order."""
        return tuple(dict.fromkeys(map(region_of, self.zones)))

    @property
    def services(self) -> tuple[str, ...]:
        """Google's names of those that have to be enabled."""
        parts = {
            "compute": True, "storage": True, "iam": True, "artifactregistry": self.images or self.base,
            "secretmanager": self.secrets, "iap": self.proxy and self.machines,
        }  # fmt: skip
        return tuple(f"{name}.googleapis.com" for name, taken in parts.items() if taken)

    @property
    def permissions(self) -> tuple[str, ...]:
        """Without which it cannot be made: they are needed in the whole cloud project, for what is not there yet."""
        machines = _OF_MACHINES if self.machines else ()
        if not self.base:
            return machines
        own = {_OF_BASE: True, _OF_NETWORK: self.network, _OF_IMAGES: self.images, _OF_SECRETS: self.secrets}
        return (*self._some(own), *machines, *self._with())

    @property
    def granted_elsewhere(self) -> tuple[str, ...]:
        """Those that it takes and that may have been given for one thing alone, which nobody sees by asking for the
        whole cloud project: a machine, an account, a bucket; a network of another project."""
        on_machines = {_PROXY: self.proxy, _OS_LOGIN: self.os_login} if self.machines else {}
        if not self.base:
            return (*self._some(on_machines), *self._with())
        # Whoever needs no images may have said that there is to be no place for them.
        return self._some(
            {**on_machines, _OF_IMAGES: not self.images, _USE: self.machines and not self.network}
        )  # fmt: skip

    def _with(self) -> tuple[str, ...]:
        """What is done with things of the base once they are there."""
        return self._some({
            _WITH_BASE: True, _WITH_IMAGES: self.images, _WITH_SECRETS: self.secrets, _ACT: self.machines,
            _USE: self.machines and (self.network or not self.base),
            _ADDRESS: self.machines and self.public,
        })  # fmt: skip

    @staticmethod
    def _some(parts: dict[tuple[str, ...], bool]) -> tuple[str, ...]:
        return tuple(each for part, taken in parts.items() if taken for each in part)


def wanted_of(spec: AppSpec, placement: Placement, roots: Collection[str]) -> Wanted:
    """What a deployment takes that would be placed so, of which these roots are to be made."""
    machine, gcp, nodes = machine_of(spec, placement), spec.gcp or Gcp(), placement.nodes
    stops = itinerary(spec.resources, catalog(), placement.where)
    alike = tuple(each.zone for each in stops if each.gpu == stops[0].gpu)
    return Wanted(
        project=placement.where["project"], zones=alike, others=len(alike) < len(stops),
        machine=machine.type, image=image_of(machine), cpus=machine.cpus * nodes, gpu=gpu_type(machine),
        gpus=machine.gpus * nodes, attached=machine.attached,
        # By flex-start it counts as a spot machine does.
        spot=spec.resources.spot or spec.resources.flex_start, network=gcp.network is None,
        images=placement.runtime == "container", secrets=bool(spec.secrets), proxy=gcp.access == "iap",
        os_login=gcp.login == "oslogin", public=gcp.access == "public", base="base" in roots, machines="compute" in roots,
    )  # fmt: skip
