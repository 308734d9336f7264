"""The price list of Compute Engine: what a test puts into it, for there is none that could be shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import Call, Route, page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cynthus.testing.gcp.store import Document, Store

COMPUTE_ENGINE = "6F81-5844-456A"
_KIND = "skus"


def put(store: Store, rows: Iterable[Document]) -> None:
    """Have these rows in it, and no others."""
    with store.change():
        for key in store.keys(_KIND):
            store.remove(_KIND, key)
        for number, row in enumerate(rows):
            store.put(_KIND, f"{number:06}", row)


def _list(call: Call) -> Document:
    if call.names["name"] != COMPUTE_ENGINE:
        raise refusal(404, f"Service services/{call.names['name']} not found.")
    if call.query.get("currencyCode", "USD") != "USD":
        raise refusal(400, "Request contains an invalid argument.", "badRequest")
    found, token = page(call, _KIND, "", size=5000, asked="pageSize")
    return {"skus": [row for _, row in found], "nextPageToken": token}


ROUTES = (Route("cloudbilling", "GET", "services/{name}/skus", "", _list),)
