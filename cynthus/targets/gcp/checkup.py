"""Whether a cloud project has what a deployment takes, for `cynthus doctor`: everything is asked at once, and what may
not be looked at is said and keeps nobody from the rest."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

from cynthus.core.finding import Finding
from cynthus.core.gcp import Gcp
from cynthus.errors import CloudFailed, UsageError
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.machine import gpu_type, image_of, machine_of
from cynthus.targets.gcp.place import region_of
from cynthus.targets.gcp.refusals import SERVICES, role_of, understood

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.api import Api

_ALWAYS = (
    "compute.disks.create", "compute.instances.create", "compute.instances.delete", "compute.instances.get",
    "compute.instances.setIamPolicy", "compute.instances.setLabels", "compute.instances.setMetadata",
    "compute.instances.setServiceAccount", "compute.subnetworks.use", "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.create", "storage.buckets.create", "storage.buckets.setIamPolicy", "storage.objects.create",
    "storage.objects.get", "storage.objects.list",
)
_NETWORK = (
    "compute.firewalls.create", "compute.networks.create", "compute.networks.updatePolicy", "compute.routers.create",
    "compute.subnetworks.create",
)
_IMAGES = (
    "artifactregistry.repositories.create", "artifactregistry.repositories.downloadArtifacts",
    "artifactregistry.repositories.setIamPolicy", "artifactregistry.repositories.uploadArtifacts",
)
_SECRETS = ("secretmanager.secrets.create", "secretmanager.versions.add")
_PROXY = ("iap.tunnelInstances.accessViaIAP",)
_QUOTAS = {
    "nvidia-tesla-t4": "NVIDIA_T4_GPUS", "nvidia-tesla-p4": "NVIDIA_P4_GPUS", "nvidia-tesla-v100": "NVIDIA_V100_GPUS",
    "nvidia-tesla-p100": "NVIDIA_P100_GPUS", "nvidia-l4": "NVIDIA_L4_GPUS", "nvidia-tesla-a100": "NVIDIA_A100_GPUS",
    "nvidia-a100-80gb": "NVIDIA_A100_80GB_GPUS",
}  # fmt: skip
"""What a region counts a model by. Newer ones are counted by their family, where no such list shows it."""

HOPELESS = "cloud project"
"""The check of what makes all others idle."""


class Wanted(Struct, frozen=True):
    """What a deployment takes of a cloud project. `gpu` is Google's word for the model; counts are of all machines."""

    project: str
    zone: str
    machine: str
    image: str
    cpus: int = 0
    gpu: str | None = None
    gpus: int = 0
    spot: bool = False
    network: bool = True
    """Whether it makes one of its own."""
    images: bool = True
    secrets: bool = False
    proxy: bool = True

    @property
    def region(self) -> str:
        return region_of(self.zone)

    @property
    def permissions(self) -> tuple[str, ...]:
        parts = {_NETWORK: self.network, _IMAGES: self.images, _SECRETS: self.secrets, _PROXY: self.proxy}
        return (*_ALWAYS, *(each for part, taken in parts.items() if taken for each in part))


def wanted_of(spec: AppSpec, placement: Placement) -> Wanted:
    """What a deployment takes that would be placed so."""
    machine, gcp, nodes = machine_of(spec, placement), spec.gcp or Gcp(), placement.nodes
    return Wanted(
        project=placement.where["project"], zone=placement.where["zone"], machine=machine.type,
        image=image_of(machine), cpus=machine.cpus * nodes, gpu=gpu_type(machine), gpus=machine.gpus * nodes,
        # By flex-start it counts as a spot machine does.
        spot=spec.resources.spot or spec.resources.flex_start,
        network=gcp.network is None, images=placement.runtime == "container",
        secrets=bool(spec.secrets), proxy=gcp.access == "iap",
    )  # fmt: skip


def checkup(api: Api, wanted: Wanted) -> tuple[Finding, ...]:
    """What was found, each with what mends it. Nothing is changed."""
    with ThreadPoolExecutor(len(_CHECKS)) as pool:
        try:
            found = list(pool.map(lambda name: tuple(_careful(name, api, wanted)), _CHECKS))
        except UsageError as error:
            # Nobody knows who asks, or the library that would know is not there.
            return (Finding("credentials", "error", error.message, error.hint),)
    told: dict[str, Finding] = {}
    for each in (finding for part in found for finding in part):
        # All of them hear it where nobody pays, or there is no such project.
        told.setdefault(each.message, each)
    hopeless = any(each.check == HOPELESS and each.level == "error" for each in told.values())
    return tuple(each for each in told.values() if not (hopeless and each.level == "warning"))


def _careful(name: str, api: Api, wanted: Wanted) -> Iterator[Finding]:
    try:
        yield from _CHECKS[name](api, wanted)
    except (CloudFailed, NotThere) as error:
        means = understood(str(error), wanted.project)
        if means is not None and means.final:
            yield Finding(HOPELESS, "error", means.message, means.hint)
        else:
            said, fix = (means.message, means.hint) if means else (str(error), "")
            yield Finding(name, "warning", f"nobody can tell: {said}", fix)


def _project(api: Api, wanted: Wanted) -> Iterator[Finding]:
    state = api.ask("GET", "resourcemanager", f"projects/{wanted.project}").get("lifecycleState", "ACTIVE")
    if state == "ACTIVE":
        yield Finding("cloud project", "ok", f"{wanted.project} is there")
    else:
        fix = f"`gcloud projects undelete {wanted.project}` brings it back for 30 days; or name another one"
        yield Finding("cloud project", "error", f"{wanted.project} is being deleted", fix)


def _billing(api: Api, wanted: Wanted) -> Iterator[Finding]:
    if api.ask("GET", "cloudbilling", f"projects/{wanted.project}/billingInfo").get("billingEnabled"):
        yield Finding("billing", "ok", "an account pays for the cloud project")
    else:
        means = understood("requires billing to be enabled", wanted.project)
        assert means is not None  # noqa: S101 - these are the words that it knows
        yield Finding("billing", "error", means.message, means.hint)


def _services(api: Api, wanted: Wanted) -> Iterator[Finding]:
    query = {"filter": "state:ENABLED", "pageSize": "200"}
    pages = api.pages("serviceusage", f"projects/{wanted.project}/services", query)
    enabled = {each["config"]["name"] for page in pages for each in page.get("services", ())}
    off = [name for each in SERVICES if (name := f"{each}.googleapis.com") not in enabled]
    if off:
        fix = f"`gcloud services enable {' '.join(off)} --project={wanted.project}` enables them"
        yield Finding("services", "error", f"not enabled: {', '.join(off)}", fix)
    else:
        yield Finding("services", "ok", f"the {len(SERVICES)} services that a deployment takes are enabled")


def _permissions(api: Api, wanted: Wanted) -> Iterator[Finding]:
    asked = {"permissions": list(wanted.permissions)}
    answer = api.ask("POST", "resourcemanager", f"projects/{wanted.project}:testIamPermissions", body=asked)
    missing: dict[str, list[str]] = defaultdict(list)
    for each in sorted({*wanted.permissions} - {*answer.get("permissions", ())}):
        missing[role_of(each)].append(each)
    for role, lacking in missing.items():
        grant = f"gcloud projects add-iam-policy-binding {wanted.project} --member=user:YOU --role={role}"
        fix = f"`{grant}`, typed by who owns it"
        yield Finding("permissions", "error", f"you lack {', '.join(lacking)}", fix)
    if not missing:
        yield Finding("permissions", "ok", f"you have the {len(wanted.permissions)} that were asked for")


def _quotas(api: Api, wanted: Wanted) -> Iterator[Finding]:
    everywhere = _limits(api.ask("GET", "compute", f"projects/{wanted.project}"))
    there = _limits(api.ask("GET", "compute", f"projects/{wanted.project}/regions/{wanted.region}"))
    yield from _within("GPUS_ALL_REGIONS", everywhere, wanted.gpus, wanted, "in all regions together")
    yield from _within("CPUS_ALL_REGIONS", everywhere, wanted.cpus, wanted, "in all regions together")
    if not wanted.gpu:
        return
    metric = _QUOTAS.get(wanted.gpu)
    if metric is None:
        said = f"how many {wanted.gpu} you may have is counted by family, which is seen when the machine is made"
        yield Finding("quotas", "warning", said, _quota_page(wanted))
        return
    if wanted.spot and f"PREEMPTIBLE_{metric}" in there:
        metric = f"PREEMPTIBLE_{metric}"
    yield from _within(metric, there, wanted.gpus, wanted, f"in {wanted.region}")


def _within(
    metric: str, limits: Mapping[str, tuple[float, float]], needed: int, wanted: Wanted, where: str
) -> Iterator[Finding]:
    if not needed or metric not in limits:
        return
    limit, usage = limits[metric]
    said = f"{metric}: {limit:g} {where}, {usage:g} of them in use; this takes {needed}"
    if usage + needed <= limit:
        yield Finding("quotas", "ok", said)
    elif needed <= limit:
        yield Finding("quotas", "error", said, f"`cynthus status --all` shows yours that run; or {_quota_page(wanted)}")
    else:
        yield Finding("quotas", "error", said, _quota_page(wanted))


def _limits(told: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {each["metric"]: (each.get("limit", 0.0), each.get("usage", 0.0)) for each in told.get("quotas", ())}


def _quota_page(wanted: Wanted) -> str:
    return f"ask for more at https://console.cloud.google.com/iam-admin/quotas?project={quote(wanted.project)}"


def _image(api: Api, wanted: Wanted) -> Iterator[Finding]:
    try:
        found = api.ask("GET", "compute", wanted.image)
    except NotThere:
        fix = "name another in an override file beside infra/gcp/compute/main.tf"
        yield Finding("image", "error", f"Google has no {wanted.image} any more", fix)
        return
    yield Finding("image", "ok", f"machines boot from {found.get('name', wanted.image)}")


def _zone(api: Api, wanted: Wanted) -> Iterator[Finding]:
    place = f"projects/{wanted.project}/zones/{wanted.zone}"
    api.ask("GET", "compute", place)
    try:
        api.ask("GET", "compute", f"{place}/machineTypes/{wanted.machine}")
        if wanted.gpu:
            api.ask("GET", "compute", f"{place}/acceleratorTypes/{wanted.gpu}")
    except NotThere:
        zones = sorted({*_zones_of(api, wanted)})
        near = [each for each in zones if region_of(each) == wanted.region] or zones
        named = f"write one of {', '.join(near[:6])} as `resources: {{zone: ...}}`"
        fix = named if near else "ask for another machine"
        what = wanted.machine + (f" with {wanted.gpu}" if wanted.gpu else "")
        yield Finding("zone", "error", f"{wanted.zone} has no {what}", fix)
        return
    yield Finding("zone", "ok", f"{wanted.zone} has {wanted.machine}")


def _zones_of(api: Api, wanted: Wanted) -> Iterable[str]:
    """Those that have the machine, and the GPU if there is one."""
    kinds = {"machineTypes": wanted.machine} | ({"acceleratorTypes": wanted.gpu} if wanted.gpu else {})
    found = [set(_having(api, wanted.project, kind, name)) for kind, name in kinds.items()]
    return set.intersection(*found)


def _having(api: Api, project: str, kind: str, name: str) -> Iterator[str]:
    for page in api.pages("compute", f"projects/{project}/aggregated/{kind}", {"filter": f"name={name}"}):
        for place, listed in page.get("items", {}).items():
            if any(each.get("name") == name for each in listed.get(kind, ())):
                yield place.removeprefix("zones/")


_CHECKS = {
    HOPELESS: _project, "billing": _billing, "services": _services, "permissions": _permissions,
    "quotas": _quotas, "image": _image, "zone": _zone,
}  # fmt: skip
