"""What tells that something in a cloud project was made by Cynthus, and for which deployment.

A label does, together with a name as the templates give it: whoever copies one of our machines copies its labels too.
What can have no label has a description that says so. A name alone tells nothing: anybody may take it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.core.clock import parse_label, parse_stamp
from cynthus.core.names import is_deployment_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

DEPLOYMENT, OWNER, EXPIRES = "cynthus-deployment", "cynthus-owner", "cynthus-expires"
"""The labels."""
SAID = ("deployment {id}, made by Cynthus.", "Made by Cynthus for the deployment {id}:")
"""What one of the descriptions in templates/terraform/modules says."""

Document = dict[str, Any]


class Marked(Struct, frozen=True):
    """Something with our mark. `odd`: it has our label, and a name that we do not give."""

    name: str
    place: str
    deployment: str
    address: str
    identity: str
    owner: str | None = None
    expires: datetime | None = None
    created: datetime | None = None
    status: str = ""
    odd: bool = False


def labelled(
    document: Document, name: str, address: str, around: tuple[str, str], place: str = "global"
) -> Marked | None:
    """What has our label, or None. `around` is what comes before the deployment's id in the name of such a thing, and
    a pattern of what comes after it."""
    labels = document.get("labels")
    found = labels.get(DEPLOYMENT) if isinstance(labels, dict) else None
    if not isinstance(labels, dict) or not isinstance(found, str) or not is_deployment_id(found):
        return None
    return Marked(
        name=name,
        place=place,
        deployment=found,
        address=address,
        identity=_identity(document),
        owner=_text(labels, OWNER),
        expires=_expiry(document, labels),
        created=_created(document),
        status=str(document.get("status") or ""),
        odd=not _named(name, found, *around),
    )


def described(document: Document, name: str, address: str, endings: tuple[str, ...], place: str = "global") -> (
    Marked | None
):  # fmt: skip
    """What is named like ours, as a deployment with one of these endings, and whose description says the same."""
    text = str(document.get("description") or "")
    for ending in endings:
        found = name.removesuffix(ending)
        if not name.endswith(ending) or not is_deployment_id(found):
            continue
        if any(said.format(id=found) in text for said in SAID):
            return Marked(
                name=name,
                place=place,
                deployment=found,
                address=address,
                identity=_identity(document),
                created=_created(document),
            )
    return None


def _named(name: str, deployment: str, before: str, after: str) -> bool:
    begin = before + deployment
    # The id is no part of the pattern: each would be compiled, and kept.
    return name.startswith(begin) and re.fullmatch(after, name[len(begin) :]) is not None


def _identity(document: Document) -> str:
    """What a later one of the same name has otherwise."""
    return next((str(document[key]) for key in ("uniqueId", "generation", "id", "createTime") if key in document), "")


def _created(document: Document) -> datetime | None:
    said = next((document[key] for key in ("creationTimestamp", "timeCreated", "createTime") if key in document), None)
    return _moment(said, parse_stamp)


def _expiry(document: Document, labels: Mapping[str, Any]) -> datetime | None:
    """By the label or by the cloud itself, whichever is later: who lets a machine run longer may leave the label."""
    by_label = _moment(labels.get(EXPIRES), parse_label)
    told = document.get("resourceStatus", {}).get("scheduling", {}).get("terminationTimestamp")
    by_cloud = _moment(told, parse_stamp)
    return max(by_label, by_cloud) if by_label and by_cloud else by_label or by_cloud


def _moment(said: object, parse: Callable[[str], datetime]) -> datetime | None:
    """The time that a text says; None where it says none."""
    try:
        return parse(str(said))
    except ValueError:
        return None


def _text(labels: Mapping[str, Any], key: str) -> str | None:
    found = labels.get(key)
    return found if isinstance(found, str) and found else None
