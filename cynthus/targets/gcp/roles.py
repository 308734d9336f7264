"""Which role to ask for where a permission is missing."""

from __future__ import annotations

ROLES = {
    "compute.instances": "compute.instanceAdmin.v1",
    "compute.instances.osLogin": "compute.osAdminLogin",
    "compute.instances.osAdminLogin": "compute.osAdminLogin",
    "compute.disks": "compute.instanceAdmin.v1",
    "compute.machineTypes": "compute.instanceAdmin.v1",
    "compute.acceleratorTypes": "compute.instanceAdmin.v1",
    "compute.subnetworks.use": "compute.instanceAdmin.v1",
    "compute.subnetworks.useExternalIp": "compute.instanceAdmin.v1",
    "compute.firewalls": "compute.securityAdmin",
    "compute.networks.updatePolicy": "compute.securityAdmin",
    "compute": "compute.networkAdmin",
    "iam.serviceAccounts.actAs": "iam.serviceAccountUser",
    "iam.serviceAccounts": "iam.serviceAccountAdmin",
    "storage": "storage.admin",
    "artifactregistry": "artifactregistry.admin",
    "secretmanager": "secretmanager.admin",
    "iap.tunnelInstances": "iap.tunnelResourceAccessor",
    "serviceusage.services.enable": "serviceusage.serviceUsageAdmin",
}
"""The role that has a permission, by how the permission begins: of several, the longest."""


def role_of(permission: str) -> str:
    """The role for who deploys that has this permission; '' where none of them has."""
    fitting = [begin for begin in ROLES if permission == begin or permission.startswith(f"{begin}.")]
    return f"roles/{ROLES[max(fitting, key=len)]}" if fitting else ""
