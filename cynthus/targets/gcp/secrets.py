"""The values of secrets in Secret Manager, by Google's interface: Terraform would keep them in its state."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cynthus.errors import CloudFailed
from cynthus.targets.gcp.api import NotThere

if TYPE_CHECKING:
    from cynthus.targets.gcp.api import Api

_SERVICE = "secretmanager"


def keep(api: Api, project: str, name: str, value: str) -> str:
    """Have the secret called `name` hold a value; gives the name of the version that does. Older ones are destroyed:
    each is billed.

    Raises:
        CloudFailed, NotLoggedIn: it cannot be written.
    """
    path, data = f"projects/{project}/secrets/{name}", base64.b64encode(value.encode()).decode()
    known = _newest(api, path)
    if known.get("payload", {}).get("data") == data:
        return str(known["name"])
    try:
        added = api.ask("POST", _SERVICE, f"{path}:addVersion", body={"payload": {"data": data}})
    except NotThere:
        raise CloudFailed(
            f"Secret Manager has no place called {name}, where the root `base` makes one",
            hint=f"apply the root `base`, or make it: `gcloud secrets create {name} --project {project}`",
        ) from None
    version = str(added["name"])
    # Who may add need not be let to do more; then they stay, and cost a few cents a month.
    with suppress(CloudFailed, NotThere):
        _destroy_others(api, path, version)
    return version


def _newest(api: Api, path: str) -> dict[str, Any]:
    """What it holds; nothing where that is nothing, or not for us to see."""
    try:
        return api.ask("GET", _SERVICE, f"{path}/versions/latest:access")
    except (NotThere, CloudFailed):
        return {}


def _destroy_others(api: Api, path: str, version: str) -> None:
    others = [
        str(each["name"])
        for page in api.pages(_SERVICE, f"{path}/versions")
        for each in page.get("versions", ())
        if each["name"] != version and each.get("state") != "DESTROYED"
    ]
    for each in others:
        api.ask("POST", _SERVICE, f"{each}:destroy", body={})
