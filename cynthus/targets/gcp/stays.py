"""What a deployment keeps in Google Cloud without a machine, and what that costs by the month."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from cynthus.core.amounts import files, size
from cynthus.errors import CynthusError
from cynthus.targets.gcp import names
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.targets.gcp.api import Api

_PAGES = 20
"""Of a thousand objects each: who has more is told that there are more."""
_GB = 1 << 30
_FREE_IMAGES = _GB // 2
"""Bytes of images that cost nothing."""


def stays(api: Api, deployment: str, values: Mapping[str, Any]) -> Iterator[str]:
    """One line for each that costs by what lies in it; nothing of what nobody can look at. `values` are those of the
    root `base`."""
    region = str(values.get("region") or "")
    for bucket in (names.bucket_of_outputs(deployment), names.bucket_of_inputs(deployment)):
        with suppress(CynthusError, NotThere):
            yield f"gs://{bucket}: {_bucket(api, bucket, catalog().storage.get(region))}"
    path = f"projects/{values.get('project')}/locations/{region}/repositories/{deployment}"
    with suppress(CynthusError, NotThere):
        held = int(api.ask("GET", "artifactregistry", path).get("sizeBytes") or 0)
        yield f"images: {size(held)}, {_cost(max(0, held - _FREE_IMAGES), catalog().images)}"
    with suppress(CynthusError, NotThere):
        kept = _versions(api, deployment, values)
        if kept:
            yield f"secrets: {kept} version{'s' * (kept != 1)}, ${kept * catalog().secrets:.2f} a month"


def _versions(api: Api, deployment: str, values: Mapping[str, Any]) -> int:
    """How many values are kept: an older one costs until it is destroyed."""
    named = values.get("secrets")
    paths = [f"projects/{values.get('project')}/secrets/{deployment}-{name}/versions" for name in named or ()]
    pages = (page for path in paths for page in api.pages("secretmanager", path))
    return sum(each.get("state") != "DESTROYED" for page in pages for each in page.get("versions") or ())


def _bucket(api: Api, bucket: str, price: float | None) -> str:
    count = held = 0
    query = {"fields": "items(size),nextPageToken", "maxResults": "1000"}
    pages = api.pages("storage", f"b/{bucket}/o", query)
    for page in islice(pages, _PAGES):
        for each in page.get("items") or ():
            count, held = count + 1, held + int(each.get("size") or 0)
    more = "more than " if next(pages, None) is not None else ""
    return f"{more}{files(count)}, {size(held)}, {more}{_cost(held, price)}"


def _cost(held: int, price: float | None) -> str:
    """By the month."""
    if price is None:
        return "at a price that is not known"
    dollars = held / _GB * price
    return f"${dollars:.2f} a month" if dollars >= 0.005 or not held else "less than a cent a month"
