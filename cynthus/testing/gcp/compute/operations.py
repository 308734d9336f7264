"""Operations as they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute.kinds import check_place, wanted
from cynthus.testing.gcp.operations import GOOGLE
from cynthus.testing.gcp.refusals import missing
from cynthus.testing.gcp.router import Call, Route, page, shown

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document

_SCOPES = {"global": "global", "region": "regions/{region}", "zone": "zones/{zone}"}


def _get(call: Call) -> Document:
    check_place(call)
    key = call.key.removesuffix("/wait")
    found = call.world.store.get("operations", key)
    if found is None:
        raise missing(key)
    return shown(found)


def _list(call: Call) -> Document:
    check_place(call)
    documents, token = page(call, "operations", f"{call.key}/")
    items = [shown(each) for _, each in documents if wanted(each, call.query.get("filter", ""))]
    listing = {"kind": "compute#operationList", "id": call.key, "selfLink": GOOGLE + call.key, "items": items}
    return {**listing, **({"nextPageToken": token} if token else {})}


def _routes(scope: str, place: str) -> tuple[Route, ...]:
    path, may = f"projects/{{project}}/{place}/operations", f"compute.{scope}Operations"
    return (
        Route("compute", "GET", path, f"{may}.list", _list),
        Route("compute", "GET", f"{path}/{{name}}", f"{may}.get", _get),
        # Google waits up to two minutes, and may answer before it is done.
        Route("compute", "POST", f"{path}/{{name}}/wait", f"{may}.get", _get),
    )


ROUTES = tuple(route for scope, place in _SCOPES.items() for route in _routes(scope, place))
