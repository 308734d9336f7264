"""Removes what stands of a root though no state knows of it, for a crash came between the two. Terraform imports
nothing in order to destroy it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cynthus.errors import CloudFailed
from cynthus.targets.gcp.adoption import NAT, things
from cynthus.targets.gcp.api import NotThere

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cynthus.targets.gcp.adoption import Thing
    from cynthus.targets.gcp.api import Api


def remove_unknown(
    api: Api, deployment: str, root: str, values: Mapping[str, Any], known: Collection[str]
) -> tuple[str, ...]:
    """Remove them, each before what it needs; gives their names. One that stays keeps none of the others from going.

    Raises:
        CloudFailed: something stays; it says the first.
        NotLoggedIn: nobody can tell.
    """
    removed, failed = [], []
    for thing in reversed(things(api, deployment, root, values, known)):
        try:
            _remove(api, thing)
        except CloudFailed as error:
            failed.append(error)
        else:
            removed.append(thing.id.rpartition("/")[2])
    if failed:
        raise failed[0]
    return tuple(removed)


def _remove(api: Api, thing: Thing) -> None:
    """Raises: CloudFailed, where it stays."""
    with suppress(NotThere):
        if NAT in thing.address:
            # Google deletes no subnetwork that a router names.
            told = api.ask("PATCH", thing.service, thing.path, body={"nats": _others(api, thing)})
        else:
            told = api.ask("DELETE", thing.service, thing.path)
        if thing.service == "compute":
            _wait(api, thing, told)


def _others(api: Api, nat: Thing) -> list[dict[str, Any]]:
    """What somebody has added to the router."""
    name = nat.id.rpartition("/")[2]
    return [each for each in api.ask("GET", nat.service, nat.path).get("nats") or () if each.get("name") != name]


def _wait(api: Api, thing: Thing, told: dict[str, Any]) -> None:
    """Until it is gone.

    Raises:
        CloudFailed: it stays.
    """
    while told.get("status") != "DONE":
        # Google answers when it is done, or after two minutes.
        told = api.ask("POST", "compute", f"{str(told['selfLink']).partition('/compute/v1/')[2]}/wait")
    if told.get("error"):
        raise CloudFailed(f"Google Cloud does not delete {thing.id}", hint="`cynthus gc` shows what stands")
