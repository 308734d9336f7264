"""The project as a resource, its policy, and who pays for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.newer import policy_routes
from cynthus.testing.gcp.router import Call, Route

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document

_ONE = "projects/{project}"


def _get(call: Call) -> Document:
    return {
        "projectNumber": call.world.project.number,
        "projectId": call.project,
        "lifecycleState": "ACTIVE",
        "name": call.project,
        "createTime": "2026-01-01T00:00:00.000Z",
    }


def _billing(call: Call) -> Document:
    account = {"billingAccountName": "billingAccounts/000000-111111-222222"} if call.world.project.billing else {}
    name = f"projects/{call.project}/billingInfo"
    return {"name": name, "projectId": call.project, **account, "billingEnabled": call.world.project.billing}


ROUTES = (
    Route("cloudbilling", "GET", f"{_ONE}/billingInfo", "resourcemanager.projects.get", _billing),
    Route("resourcemanager", "GET", _ONE, "resourcemanager.projects.get", _get),
    *policy_routes("resourcemanager", _ONE, "resourcemanager.projects", lambda _: "", get="POST"),
)
