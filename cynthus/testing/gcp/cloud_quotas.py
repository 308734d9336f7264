"""Cloud Quotas, as far as it is the only one that knows: how many newer GPUs there may be, by their family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.compute.quotas import FAMILIES, FAMILY_QUOTA
from cynthus.testing.gcp.places import REGIONS
from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import Call, Route

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document

_METRIC = "compute.googleapis.com/gpus_per_gpu_family"
_PATH = "projects/{project}/locations/{location}/services/{of}/quotaInfos/{name}"


def _info(call: Call) -> Document:
    if (call.names["of"], call.names["name"]) != ("compute.googleapis.com", FAMILY_QUOTA):
        raise refusal(404, f"Quota info {call.key} was not found.")
    return {
        "name": f"projects/{call.world.project.number}/{call.key.split('/', 2)[2]}",
        "quotaId": FAMILY_QUOTA,
        "metric": _METRIC,
        "service": "compute.googleapis.com",
        "containerType": "PROJECT",
        "dimensions": ["region", "gpu_family"],
        "dimensionsInfos": [_limit(call, family, region) for family in FAMILIES.values() for region in REGIONS],
    }


def _limit(call: Call, family: str, region: str) -> Document:
    limit = call.world.project.limit(f"{FAMILY_QUOTA}/{family}", region)
    return {
        "dimensions": {"region": region, "gpu_family": family},
        # Numbers of 64 bits come as texts.
        "details": {"value": str(int(limit or 0))},
        "applicableLocations": [region],
    }


ROUTES = (Route("cloudquotas", "GET", _PATH, "cloudquotas.quotas.get", _info),)
