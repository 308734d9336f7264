"""Machines at public addresses: what that costs, and who may come to them by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.gcp import Gcp
from cynthus.errors import CloudFailed
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.place import rendered

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.api import Api

PERMISSIONS = ("compute.subnetworks.useExternalIp",)
"""What a machine takes more that has one."""


def besides(spec: AppSpec) -> str:
    """What comes with each machine and is not in its price, which the table does not know."""
    return ", and a public address each at a price of its own" if spec.gcp and spec.gcp.access == "public" else ""


def open_to(api: Api, deployment: str, spec: AppSpec, root: Path) -> str:
    """Let in who comes from where the spec says now; gives that range where it was another one before, else ''.

    Who comes from elsewhere than last time reaches no machine, and `up` asks those before it plans. The next plan finds
    what it would have made.

    Raises:
        CloudFailed, NotLoggedIn: it cannot be changed.
    """
    gcp, project = spec.gcp or Gcp(), rendered(root, "project")
    if gcp.access != "public" or gcp.source is None or project is None or rendered(root, "access") != "public":
        return ""
    path = f"projects/{project}/global/firewalls/{deployment}-ssh"
    try:
        found = api.ask("GET", "compute", path)
    except NotThere:
        # The plan makes it.
        return ""
    if found.get("sourceRanges") == [gcp.source] or deployment not in str(found.get("description") or ""):
        return ""
    told = api.ask("PATCH", "compute", path, body={"sourceRanges": [gcp.source]})
    while told.get("status") != "DONE":
        # Google answers when it is done, or after two minutes.
        told = api.ask("POST", "compute", f"projects/{project}/global/operations/{told['name']}/wait")
    if told.get("error"):
        raise CloudFailed(f"Google Cloud does not change {path}", hint="run it again; the console shows the rule")
    return gcp.source
