"""The part of Compute Engine that a simulated cloud has, one noun a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute import (
    addresses,
    disks,
    firewalls,
    images,
    instance_changes,
    instances,
    lookups,
    networks,
    operations,
    routers,
    subnetworks,
)

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Route

ROUTES: tuple[Route, ...] = (
    *networks.ROUTES,
    *subnetworks.ROUTES,
    *firewalls.ROUTES,
    *routers.ROUTES,
    *addresses.ROUTES,
    *disks.ROUTES,
    *images.ROUTES,
    *instances.ROUTES,
    *instance_changes.ROUTES,
    *lookups.ROUTES,
    *operations.ROUTES,
)
