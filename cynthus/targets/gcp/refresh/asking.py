"""What is asked of Google Cloud for a new table: four lists, all at once."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from itertools import takewhile
from threading import Event
from typing import TYPE_CHECKING

import msgspec

from cynthus.errors import CloudFailed, ProjectUnfit
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.refresh.answers import understood

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.targets.gcp.api import Api
    from cynthus.targets.gcp.refresh.answers import Answers, Page

COMPUTE_ENGINE = "services/6F81-5844-456A"
"""What its price list is called."""
_ZONES = {"fields": "nextPageToken,items(name)"}
_TYPES = {
    "maxResults": "500",
    "fields": "nextPageToken,items/*/machineTypes(name,guestCpus,memoryMb,accelerators),items/*/warning/code",
}
_GPUS = {"maxResults": "500", "fields": "nextPageToken,items/*/acceleratorTypes(name),items/*/warning/code"}
_PRICES = {
    "pageSize": "5000",
    "currencyCode": "USD",
    "fields": "nextPageToken,skus(description,category/usageType,serviceRegions,"
    "pricingInfo/pricingExpression(usageUnit,tieredRates/unitPrice))",
}
"""The price list is some 30,000 rows; `fields` has Google send a quarter of each."""


def ask(api: Api, project: str) -> Answers:
    """Everything, or nothing.

    Raises:
        NotLoggedIn, ExtraMissing: nobody knows who asks.
        CloudFailed: a part of it is not told, or is something else.
    """
    compute = f"projects/{project}"
    lists: tuple[tuple[str, str, Mapping[str, str]], ...] = (
        ("compute", f"{compute}/zones", _ZONES),
        ("compute", f"{compute}/aggregated/machineTypes", _TYPES),
        ("compute", f"{compute}/aggregated/acceleratorTypes", _GPUS),
        ("cloudbilling", f"{COMPUTE_ENGINE}/skus", _PRICES),
    )

    ended = Event()

    def pages(asked: tuple[str, str, Mapping[str, str]]) -> list[Page]:
        # Who is refused one list needs no more of the others.
        return list(takewhile(lambda _: not ended.is_set(), api.pages(*asked, paid_by=project)))

    try:
        with ThreadPoolExecutor(len(lists)) as several:
            try:
                asking = [several.submit(pages, each) for each in lists]
                wait(asking, return_when=FIRST_EXCEPTION)
            finally:
                ended.set()
        found = understood(*(each.result() for each in asking))
    except NotThere as error:
        raise ProjectUnfit(
            f"there is no cloud project {project}, or you may not use it",
            hint="`gcloud projects list` shows yours: name one with `--project`, or set GOOGLE_CLOUD_PROJECT",
            details=(str(error),),
        ) from None
    except msgspec.ValidationError as error:
        raise CloudFailed(
            f"what Google Cloud lists is not what it documents: {error}",
            hint="run it again; if that does not help, Google has changed something: `pip install -U cynthus`",
        ) from None
    for what, list_of in (("zones", found.zones), ("machines", found.types), ("prices", found.skus)):
        if not list_of:
            raise CloudFailed(f"Google Cloud's list of {what} is empty", hint="run it again in a while")
    return found
