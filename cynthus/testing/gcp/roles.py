"""What each role permits: those that Cynthus names, and those that a person who deploys has."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def _of(room: str, words: str) -> tuple[str, ...]:
    return tuple(f"{room}.{word}" for word in words.split())


_LOOK = _of("compute", "projects.get zones.get zones.list regions.get regions.list")
_OPERATIONS = _of("compute", "zoneOperations.* regionOperations.* globalOperations.*")
_PROJECT = _of("resourcemanager", "projects.get")

_VIEWER = (
    *_of("compute", "*.get *.list images.getFromFamily instances.getSerialPortOutput"),
    *_of("storage", "buckets.list"),
    *_of("iam", "serviceAccounts.get serviceAccounts.list"),
    *_of("secretmanager", "secrets.get secrets.list versions.get versions.list"),
    *_of("artifactregistry", "*.get *.list repositories.downloadArtifacts"),
    *_of("serviceusage", "services.get services.list services.use"),
    *_PROJECT,
)

ROLES: Mapping[str, tuple[str, ...]] = {
    "roles/owner": ("*",),
    # Who edits may do nearly all, and say of nothing who else may.
    "roles/editor": (
        *_VIEWER,
        *("compute.*", "secretmanager.*", "artifactregistry.*", "serviceusage.*", "!*.setIamPolicy"),
        *("!secretmanager.versions.access", "storage.buckets.create", "storage.buckets.delete"),
        *_of("iam.serviceAccounts", "actAs create delete update"),
    ),
    "roles/viewer": _VIEWER,
    "roles/compute.instanceAdmin.v1": (
        *_of("compute", "instances.* disks.* images.* machineTypes.* acceleratorTypes.* diskTypes.*"),
        *_of("compute", "networks.get networks.list networks.use networks.useExternalIp"),
        *_of("compute", "subnetworks.get subnetworks.list subnetworks.use subnetworks.useExternalIp"),
        *_LOOK,
        *_OPERATIONS,
        *_PROJECT,
    ),
    "roles/compute.networkAdmin": (
        *_of("compute", "networks.* subnetworks.* routers.* addresses.* routes.* firewalls.get firewalls.list"),
        *_LOOK,
        *_OPERATIONS,
        *_PROJECT,
    ),
    "roles/compute.securityAdmin": (
        *_of("compute", "firewalls.* networks.get networks.list networks.updatePolicy"),
        *_LOOK,
        *_OPERATIONS,
        *_PROJECT,
    ),
    "roles/compute.viewer": (
        *_of("compute", "*.get *.list *.getIamPolicy instances.getSerialPortOutput images.getFromFamily"),
        *_PROJECT,
    ),
    "roles/compute.osLogin": (*_of("compute", "instances.osLogin instances.get instances.list"), *_LOOK),
    "roles/compute.osAdminLogin": (
        *_of("compute", "instances.osLogin instances.osAdminLogin instances.get instances.list"),
        *_LOOK,
    ),
    "roles/compute.osLoginExternalUser": _of("compute.oslogin", "updateExternalUser"),
    "roles/iam.serviceAccountAdmin": (
        *_of("iam.serviceAccounts", "create delete disable enable get getIamPolicy list setIamPolicy undelete update"),
        *_PROJECT,
    ),
    "roles/iam.serviceAccountUser": _of("iam.serviceAccounts", "actAs get list"),
    "roles/iam.serviceAccountTokenCreator": _of(
        "iam.serviceAccounts", "get getAccessToken getOpenIdToken implicitDelegation list signBlob signJwt"
    ),
    "roles/resourcemanager.projectIamAdmin": _of("resourcemanager.projects", "get getIamPolicy setIamPolicy"),
    "roles/storage.admin": ("storage.*", *_PROJECT),
    "roles/storage.objectAdmin": ("storage.objects.*", *_PROJECT),
    "roles/storage.objectUser": (
        *_of("storage.objects", "create delete get list restore update"),
        *_of("storage.multipartUploads", "abort create list listParts"),
        *_PROJECT,
    ),
    "roles/storage.objectViewer": (*_of("storage.objects", "get list"), *_PROJECT),
    "roles/storage.objectCreator": (*_of("storage.objects", "create"), *_PROJECT),
    "roles/storage.legacyBucketOwner": (
        *_of("storage.buckets", "get getIamPolicy setIamPolicy update"),
        *_of("storage.objects", "create delete list"),
    ),
    "roles/storage.legacyBucketReader": ("storage.buckets.get", "storage.objects.list"),
    "roles/artifactregistry.admin": ("artifactregistry.*",),
    "roles/artifactregistry.repoAdmin": (
        *_of("artifactregistry", "repositories.get repositories.list repositories.downloadArtifacts"),
        *_of("artifactregistry", "repositories.uploadArtifacts repositories.deleteArtifacts"),
        *_of("artifactregistry", "dockerimages.* files.* packages.* tags.* versions.*"),
    ),
    "roles/artifactregistry.writer": (
        *_of("artifactregistry", "repositories.get repositories.list repositories.downloadArtifacts"),
        *_of("artifactregistry", "repositories.uploadArtifacts dockerimages.get dockerimages.list"),
    ),
    "roles/artifactregistry.reader": (
        *_of("artifactregistry", "repositories.get repositories.list repositories.downloadArtifacts"),
        *_of("artifactregistry", "dockerimages.get dockerimages.list"),
    ),
    "roles/secretmanager.admin": ("secretmanager.*", *_PROJECT),
    "roles/secretmanager.viewer": (
        *_of("secretmanager", "secrets.get secrets.getIamPolicy secrets.list versions.get versions.list"),
        *_PROJECT,
    ),
    "roles/secretmanager.secretAccessor": ("secretmanager.versions.access", *_PROJECT),
    "roles/secretmanager.secretVersionAdder": ("secretmanager.versions.add", *_PROJECT),
    "roles/secretmanager.secretVersionManager": (
        *_of("secretmanager.versions", "add destroy disable enable get list"),
        *_PROJECT,
    ),
    "roles/serviceusage.serviceUsageAdmin": (*_of("serviceusage", "services.* operations.*"), *_PROJECT),
    "roles/serviceusage.serviceUsageConsumer": (*_of("serviceusage.services", "get list use"), *_PROJECT),
    "roles/logging.logWriter": ("logging.logEntries.create",),
    "roles/monitoring.metricWriter": ("monitoring.timeSeries.create",),
    "roles/iap.tunnelResourceAccessor": ("iap.tunnelInstances.accessViaIAP",),
}  # fmt: skip


def permits(role: str, permission: str) -> bool:
    """Whether who has that role may do that. A pattern with ! takes away."""
    patterns = ROLES.get(role, ())
    if any(fnmatchcase(permission, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    return any(fnmatchcase(permission, pattern) for pattern in patterns)
