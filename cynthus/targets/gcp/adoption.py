"""What of a deployment is there already, though Terraform's state may not know it: a crash came between the two."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.errors import CloudFailed, ProjectUnfit
from cynthus.targets.gcp import names
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.refusals import understood

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from cynthus.targets.gcp.api import Api

NAT = "google_compute_router_nat."
"""The one kind of thing that is a part of another, and has no path of its own."""
MARK = "cynthus-deployment"
"""The label that says whose something is."""


class Thing(Struct, frozen=True):
    """Something that a root makes: where Terraform has it, by what it imports it, and how Google is asked for it."""

    address: str
    id: str
    service: str
    path: str


def existing(
    api: Api, deployment: str, root: str, values: Mapping[str, Any], known: Collection[str]
) -> dict[str, str]:
    """What is there of a root and carries our mark, by its address in Terraform, but for the `known` addresses; each
    with the id by which it is imported.

    Raises:
        ProjectUnfit: nothing can be made there.
        CloudFailed, NotLoggedIn: nobody can tell.
    """
    return {thing.address: thing.id for thing in things(api, deployment, root, values, known)}


def things(
    api: Api, deployment: str, root: str, values: Mapping[str, Any], known: Collection[str]
) -> tuple[Thing, ...]:
    """The same, each after what it needs."""
    try:
        return _things(api, deployment, root, values, known)
    except (CloudFailed, NotThere) as error:
        said = str(error)
        refusal = understood(said, str(values.get("project") or ""))
        if refusal is not None and refusal.final:
            raise ProjectUnfit(refusal.message, hint=refusal.hint, details=(said,)) from None
        if isinstance(error, NotThere):
            hint = "mend what it says and run it again"
            raise CloudFailed(f"Google Cloud says no (404): {said}", hint=hint) from None
        raise


def _things(
    api: Api, deployment: str, root: str, values: Mapping[str, Any], known: Collection[str]
) -> tuple[Thing, ...]:
    if root != "base":
        return tuple(thing for thing in _machines(api, deployment, values) if thing.address not in known)
    # What has a count by now had none in states of before.
    told = {*known, *(f"{each}[0]" for each in known)}
    asked = [thing for thing in _of_base(deployment, values) if thing.address not in told]
    if not asked:
        return ()
    with ThreadPoolExecutor(len(asked)) as pool:
        found = pool.map(lambda thing: is_ours(api, deployment, thing), asked)
        return tuple(thing for thing, ours in zip(asked, found, strict=True) if ours)


def _machines(api: Api, deployment: str, values: Mapping[str, Any]) -> Iterator[Thing]:
    place = f"projects/{values['project']}/zones/{values['zone']}/instances"
    for page in api.pages("compute", place, {"filter": f"labels.{MARK}={deployment}"}):
        for each in page.get("items") or ():
            name = str(each["name"])
            path, module = f"{place}/{name}", name.removeprefix(f"{deployment}-")
            yield Thing(f"module.{module}.google_compute_instance.vm", path, "compute", path)


def _of_base(deployment: str, values: Mapping[str, Any]) -> Iterator[Thing]:
    project, region = f"projects/{values['project']}", values["region"]
    account = f"{project}/serviceAccounts/{names.account(deployment, values['project'])}"
    yield Thing("module.identity.google_service_account.vm", account, "iam", account)
    yield from buckets(deployment)
    images = f"{project}/locations/{region}/repositories/{deployment}"
    address = "module.registry[0].google_artifact_registry_repository.images"
    yield Thing(address, images, "artifactregistry", images)
    for name in values.get("secrets") or ():
        path = f"{project}/secrets/{deployment}-{name}"
        yield Thing(f'module.secret["{name}"].google_secret_manager_secret.secret', path, "secretmanager", path)
    if not values.get("network") and not values.get("subnetwork"):
        nat = values.get("access") != "public"
        yield from _of_network(deployment, project, region, nat=nat)
        yield from _of_other_regions(deployment, project, values.get("other_regions") or (), nat=nat)


def buckets(deployment: str) -> Iterator[Thing]:
    """Whose names all of Google's customers share."""
    for module, bucket in (("input", names.bucket_of_inputs), ("output", names.bucket_of_outputs)):
        name = bucket(deployment)
        yield Thing(f"module.{module}.google_storage_bucket.bucket", name, "storage", f"b/{name}")


def _of_network(deployment: str, project: str, region: str, *, nat: bool) -> Iterator[Thing]:
    places = {
        "google_compute_network.network": f"{project}/global/networks/{deployment}",
        "google_compute_subnetwork.subnetwork": f"{project}/regions/{region}/subnetworks/{deployment}",
        "google_compute_router.router": f"{project}/regions/{region}/routers/{deployment}",
        "google_compute_firewall.ssh": f"{project}/global/firewalls/{deployment}-ssh",
        "google_compute_firewall.hosts": f"{project}/global/firewalls/{deployment}-hosts",
    }
    for resource, path in places.items():
        yield Thing(f"module.network[0].{resource}", path, "compute", path)
    router = places["google_compute_router.router"]
    if nat:
        yield Thing(f"module.network[0].{NAT}nat[0]", f"{router}/{deployment}", "compute", router)


def _of_other_regions(deployment: str, project: str, regions: Iterable[str], *, nat: bool) -> Iterator[Thing]:
    for region in regions:
        there, which = f"{project}/regions/{region}", f'other["{region}"]'
        part, router = f"{there}/subnetworks/{deployment}", f"{there}/routers/{deployment}"
        yield Thing(f"module.network[0].google_compute_subnetwork.{which}", part, "compute", part)
        yield Thing(f"module.network[0].google_compute_router.{which}", router, "compute", router)
        if nat:
            yield Thing(f"module.network[0].{NAT}{which}", f"{router}/{deployment}", "compute", router)


def is_ours(api: Api, deployment: str, thing: Thing) -> bool:
    """One that has our name and not our mark is somebody else's, and stays."""
    try:
        found = api.ask("GET", thing.service, thing.path)
    except NotThere:
        return False
    if NAT in thing.address and not any(
        each.get("name") == deployment for each in found.get("nats") or ()
    ):
        return False
    if (found.get("labels") or {}).get(MARK) == deployment:
        return True
    # What can have no labels says it in words.
    return re.search(rf"(?<![\w-]){deployment}(?![\w-])", str(found.get("description") or "")) is not None
