"""What lies in a deployment's buckets when they are to go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from cynthus.credentials.google import login
from cynthus.errors import BucketFailed, CloudFailed, CynthusError, NotPermitted
from cynthus.storage.opening import gcs_bucket
from cynthus.targets.gcp.adoption import buckets, is_ours
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.refusals import no_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.storage.gcs import GcsBucket
    from cynthus.targets.gcp.api import Api

_AT_ONCE = 16
_LISTED = 1000
"""Objects of which the names are held at a time: there may be millions."""


def own_buckets(api: Api, deployment: str) -> Iterator[str]:
    """Those of a deployment that are its own: somebody else may have one of that name, and then it was never made."""
    for thing in buckets(deployment):
        with suppress(CynthusError):
            if is_ours(api, deployment, thing):
                yield thing.id


def insist_on_state(api: Api, bucket: str) -> None:
    """See that there is an answer where Terraform's state lies; '' stands for no bucket.

    Raises:
        CloudFailed, NotLoggedIn: there is none, or a refusal.
    """
    if not bucket:
        return
    try:
        api.ask("GET", "storage", f"b/{bucket}/o", query={"maxResults": "1", "fields": "items(name)"})
    except NotThere:
        refusal = no_state(bucket)
        raise CloudFailed(refusal.message, hint=refusal.hint) from None
    except NotPermitted as error:
        raise NotPermitted(f"Terraform's state in gs://{bucket}: {error.message}", hint=error.hint) from None


def empty_bucket(name: str, environment: Mapping[str, str], api: Api) -> None:
    """Delete every object of a bucket; one that is gone already is empty.

    Raises:
        ExtraMissing, NotLoggedIn, BucketFailed: they cannot be deleted.
    """
    bucket = gcs_bucket(name, lambda: login(environment), threads=_AT_ONCE)
    try:
        _delete_all(bucket)
    except BucketFailed:
        # Cut off before it was made, or after it was removed: that must not keep the rest from being removed.
        if _is_there(api, name):
            raise
    finally:
        bucket.close()


def _delete_all(bucket: GcsBucket) -> None:
    keys = (each.key for each in bucket.list())
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while some := list(islice(keys, _LISTED)):
            for _ in pool.map(bucket.delete, some):
                pass


def _is_there(api: Api, name: str) -> bool:
    """False only where Google knows nothing of it."""
    with suppress(CynthusError):
        try:
            api.ask("GET", "storage", f"b/{name}")
        except NotThere:
            return False
    return True
