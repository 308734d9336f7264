"""What a deployment's things are called in Google Cloud. All follows from its id: so what a crash left is found."""

from __future__ import annotations

import re

from cynthus.errors import PlacementRefused

_GOOGLES = re.compile(r"g[o0]{2}gle|^goog")
"""What Google lets nobody begin a name with, or have in the name of a bucket."""


def insist_on_a_name(deployment: str) -> None:
    """See that Google's names can be made of a deployment's id.

    Raises:
        PlacementRefused: it would be taken for Google's own.
    """
    found = _GOOGLES.search(deployment)
    if found:
        raise PlacementRefused(
            f"Google Cloud takes no names with {found[0]!r} in them, and they would be made of {deployment}",
            hint="write another `name:` in cynthus.yaml; without one it is the folder's",
        )


def bucket_of_outputs(deployment: str) -> str:
    """Where runs are saved. Buckets have one namespace for all of Google's customers."""
    return f"cynthus-{deployment}-out"


def bucket_of_inputs(deployment: str) -> str:
    """Where data waits for the machines."""
    return f"cynthus-{deployment}-in"


def repository(deployment: str, project: str, region: str) -> str:
    """The repository of images, as Docker names it."""
    # An organisation's domain is a folder more.
    return f"{region}-docker.pkg.dev/{project.replace(':', '/')}/{deployment}"


def account(deployment: str, project: str) -> str:
    """The address of the account that the machines run as."""
    # A project of a domain, example.com:project, is turned round.
    return f"{deployment}-vm@{'.'.join(reversed(project.split(':')))}.iam.gserviceaccount.com"
