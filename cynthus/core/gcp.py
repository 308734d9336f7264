"""The part `gcp:` of cynthus.yaml: whose cloud project it is, and how machines there are reached."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from cynthus.core.cidr import Cidr
from cynthus.core.fields import like
from cynthus.core.misfit import Misfit
from cynthus.core.section import Section
from cynthus.core.ssh import KeyPath
from cynthus.errors import BadName, KeysExclude

PROJECT_PATTERN = r"^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$"
"""Google's rule for the id of a cloud project; one of an organisation's domain has that before a colon."""
RESOURCE_PATTERN = r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"
"""RFC 1035, as Google wants names of networks."""
ZONE_PATTERN = r"^[a-z]+-[a-z]+[0-9]+-[a-z]$"

CloudProject = Annotated[
    str,
    like(
        PROJECT_PATTERN, "is no id of a cloud project",
        "6 to 30 small letters, digits and dashes: `gcloud projects list` shows it in the column PROJECT_ID",
        kind=BadName,
    ),
]
ResourceName = Annotated[
    str,
    like(
        RESOURCE_PATTERN, "is no name of Google's", "write small letters, digits and dashes, a letter first",
        kind=BadName,
    ),
]
REGION_PATTERN = r"^[a-z]+-[a-z]+[0-9]+$"
Region = Annotated[str, like(REGION_PATTERN, "is no region", "write e.g. region: us-central1", kind=BadName)]
Zone = Annotated[str, like(ZONE_PATTERN, "is no zone", "write e.g. zone: us-central1-a", kind=BadName)]
RESERVATION_PATTERN = r"^(projects/[a-z0-9.:-]{1,99}/reservations/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"
ReservationName = Annotated[
    str,
    like(
        RESERVATION_PATTERN, "is no name of a reservation", "`gcloud compute reservations list` shows them",
        kind=BadName,
    ),
]
STATE_PATTERN = r"^gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?$"
StatePlace = Annotated[
    str, like(STATE_PATTERN, "is no place in a bucket of Google", "write it as gs://bucket/folder", kind=BadName)
]


class Gcp(Section, frozen=True, kw_only=True):
    """Google Cloud: what its own tools would know by themselves may be left out."""

    project: Annotated[
        CloudProject | None,
        Meta(
            description="The id of the cloud project. By default GOOGLE_CLOUD_PROJECT, or that of the application "
            "default credentials."
        ),
    ] = None
    network: Annotated[
        ResourceName | None,
        Meta(description="A network of the cloud project that is there already. By default one is made."),
    ] = None
    subnetwork: Annotated[
        ResourceName | None,
        Meta(description="The subnetwork of `network:` in the region of the machines; it must reach the internet."),
    ] = None
    access: Annotated[
        Literal["iap", "internal", "public"],
        Meta(
            description="`iap`: through Google's Identity-Aware Proxy, which takes a role there. `internal`: straight "
            "to the machines' internal addresses, from a network that reaches them. `public`: the machines have a "
            "public address each, which lets nobody in but who comes `from:` there."
        ),
    ] = "iap"
    source: Annotated[
        Cidr | None,
        Meta(
            description="With `access: public`, and required there: the addresses that SSH is let in from, e.g. "
            "203.0.113.7/32."
        ),
    ] = field(default=None, name="from")
    login: Annotated[
        Literal["metadata", "oslogin"],
        Meta(
            description="Who is let in. `metadata`: whose public key the machine was told when it was made. "
            "`oslogin`: whoever has a role for it in the cloud project, as themselves (Google's OS Login)."
        ),
    ] = "metadata"
    key: Annotated[
        KeyPath | None,
        Meta(
            description="A private SSH key on this machine, whose public half (.pub) lies beside it. By default "
            "~/.ssh/cynthus, which is made where it is missing."
        ),
    ] = None
    state: Annotated[
        StatePlace | None,
        Meta(
            description="Where Terraform's state lies, for several people or a pipeline: `gs://bucket/folder`, a "
            "bucket that is there already. By default in the folder `infra/`, for this machine alone."
        ),
    ] = None

    @classmethod
    def check(cls, key: str, value: Any, before: Any) -> None:
        """See that a subnetwork has a network."""
        if key == "subnetwork" and value and not before.get("network"):
            raise Misfit("a subnetwork is part of a network", hint="name that as `network:`", kind=KeysExclude)


def both_or_neither(gcp: Gcp) -> Gcp:
    """See that a public address says who may come to it, and that nothing else does.

    Raises:
        Misfit: one of the two stands alone.
    """
    if gcp.access == "public" and gcp.source is None:
        raise Misfit(
            "a public address is open to those alone whom `from:` names, and it names nobody",
            hint="add the address that the internet sees you by: gcp: {access: public, from: 203.0.113.7/32}",
            at=("access",),
        )
    if gcp.access == "public" and gcp.network is not None:
        raise Misfit(
            f"the network {gcp.network} has rules of its own for who may come in, which `from:` does not change",
            hint="leave `network` out, so that one is made which lets nobody else in; or use `access: iap`, `internal`",
            kind=KeysExclude, at=("access",),
        )
    if gcp.access != "public" and gcp.source is not None:
        raise Misfit(
            f"`from:` goes with `access: public`, and this is `access: {gcp.access}`",
            hint="delete `from`, or write `access: public`", kind=KeysExclude, at=("from",),
        )
    return gcp
