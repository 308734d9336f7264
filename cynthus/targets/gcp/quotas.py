"""How much of what a cloud project may have, and whether that is enough. What others use may be free again in a moment,
so that only a limit below what is needed is sure to be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec.structs import replace

from cynthus.core.finding import Finding
from cynthus.errors import CloudFailed
from cynthus.targets.gcp.api import NotThere

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.targets.gcp.api import Api
    from cynthus.targets.gcp.wanted import Wanted

_GPUS = {
    "nvidia-tesla-t4": "NVIDIA_T4_GPUS", "nvidia-tesla-p4": "NVIDIA_P4_GPUS", "nvidia-tesla-v100": "NVIDIA_V100_GPUS",
    "nvidia-tesla-p100": "NVIDIA_P100_GPUS", "nvidia-l4": "NVIDIA_L4_GPUS", "nvidia-tesla-a100": "NVIDIA_A100_GPUS",
    "nvidia-a100-80gb": "NVIDIA_A100_80GB_GPUS",
}  # fmt: skip
"""What a region counts a model by."""
_FAMILIES = {
    "nvidia-h100-80gb": "NVIDIA_H100", "nvidia-h100-mega-80gb": "NVIDIA_H100_MEGA", "nvidia-h200-141gb": "NVIDIA_H200",
    "nvidia-b200": "NVIDIA_B200", "nvidia-rtx-pro-6000": "NVIDIA_RTX_PRO_6000",
}  # fmt: skip
"""And newer ones, which no region tells of."""
_CPUS = {"e2": "CPUS", "n1": "CPUS", "n2": "N2_CPUS", "n2d": "N2D_CPUS", "a2": "A2_CPUS", "c3": "C3_CPUS"}
FAMILY = "GPUS-PER-GPU-FAMILY-per-project-region"

Limits = dict[str, tuple[float, float]]
"""By metric: how much there may be, and how much of it is in use."""


def in_all_regions(api: Api, wanted: Wanted) -> Iterator[Finding]:
    """What all regions have together: in a new cloud project no GPU at all."""
    limits = _limits(api.ask("GET", "compute", f"projects/{wanted.project}"))
    for metric, needed in (("GPUS_ALL_REGIONS", wanted.gpus), ("CPUS_ALL_REGIONS", wanted.cpus)):
        yield from _within(metric, {"all regions together": limits}, needed, replace(wanted, others=False))


def in_regions(api: Api, wanted: Wanted) -> Iterator[Finding]:
    """What each region that is tried has. Too little is an error only where no region has enough."""
    there = _of_regions(api, wanted)
    cpus = _CPUS.get(wanted.machine.partition("-")[0])
    # What counts the processors of spot machines differs by who has ever asked for how many.
    if cpus is not None and not wanted.spot:
        yield from _within(cpus, there, wanted.cpus, wanted)
    metric = _GPUS.get(wanted.gpu or "")
    if metric is not None:
        yield from _within(_spot(metric, there, wanted), there, wanted.gpus, wanted)


def of_family(api: Api, wanted: Wanted) -> Iterator[Finding]:
    """The newer GPUs: only the Cloud Quotas API tells how many there may be, and nobody how many there are.

    Raises:
        CloudFailed: nobody can tell.
    """
    if not wanted.gpu or wanted.gpu in _GPUS:
        return
    family = _FAMILIES.get(wanted.gpu, "")
    path = f"projects/{wanted.project}/locations/global/services/compute.googleapis.com/quotaInfos/{FAMILY}"
    try:
        told = api.ask("GET", "cloudquotas", path) if family and not wanted.spot else {}
    except (CloudFailed, NotThere) as error:
        enable = f"gcloud services enable cloudquotas.googleapis.com --project={wanted.project}"
        raise CloudFailed(
            f"how many {wanted.gpu} you may have ({error})", hint=f"`{enable}` lets it be asked; {_page(wanted)}"
        ) from None
    limits = {region: _of_region(told, family, region) for region in wanted.regions}
    known: dict[str, Limits] = {
        region: {f"{FAMILY} of {family}": (limit, 0.0)} for region, limit in limits.items() if limit is not None
    }
    if not known:
        raise CloudFailed(f"how many {wanted.gpu} you may have, which Google counts by family", hint=_page(wanted))
    yield from _within(f"{FAMILY} of {family}", known, wanted.gpus, wanted)


def _of_region(told: Mapping[str, Any], family: str, region: str) -> float | None:
    """The limit there: that of the entry that says the most of what it is for."""
    wish = {"region": region, "gpu_family": family}
    fitting = [
        each for each in told.get("dimensionsInfos", ())
        if each.get("dimensions", {}).items() <= wish.items()
        and region in (each.get("applicableLocations") or [region])
    ]  # fmt: skip
    best = max(fitting, key=lambda each: len(each.get("dimensions", {})), default=None)
    return None if best is None else float(best.get("details", {}).get("value", 0))


def _of_regions(api: Api, wanted: Wanted) -> dict[str, Limits]:
    if len(wanted.regions) == 1:
        (region,) = wanted.regions
        return {region: _limits(api.ask("GET", "compute", f"projects/{wanted.project}/regions/{region}"))}
    some = {"filter": f'name eq "{"|".join(wanted.regions)}"'}
    pages = api.pages("compute", f"projects/{wanted.project}/regions", some)
    found = {str(each["name"]): _limits(each) for page in pages for each in page.get("items", ())}
    return {region: found[region] for region in wanted.regions if region in found}


def _spot(metric: str, there: Mapping[str, Limits], wanted: Wanted) -> str:
    """What counts machines that Google may take back: where nobody ever set a limit for them they count as all do."""
    own = f"PREEMPTIBLE_{metric}"
    return own if wanted.spot and any(own in limits for limits in there.values()) else metric


def _within(metric: str, there: Mapping[str, Limits], needed: int, wanted: Wanted) -> Iterator[Finding]:
    """What is to be said of a metric, by place. What a place does not tell of is no matter, and where other GPUs are
    tried as well, nothing is an end of it."""
    known = {place: limits[metric] for place, limits in there.items() if metric in limits}
    if not needed or not known:
        return
    enough = [place for place, (limit, _) in known.items() if needed <= limit]
    free = [place for place in enough if known[place][1] + needed <= known[place][0]]
    said = "; ".join(f"{limit:g} in {place}, {used:g} of them in use" for place, (limit, used) in known.items())
    said = f"{metric}: {said}; this takes {needed}"
    if not enough and len(known) == len(there) and not wanted.others:
        yield Finding("quotas", "error", said, _page(wanted))
    elif next(iter(known)) in free:
        yield Finding("quotas", "ok", said)
    else:
        yield Finding("quotas", "warning", said, f"`cynthus status --all` shows yours that run; or {_page(wanted)}")


def _limits(told: Mapping[str, Any]) -> Limits:
    return {each["metric"]: (each.get("limit", 0.0), each.get("usage", 0.0)) for each in told.get("quotas", ())}


def _page(wanted: Wanted) -> str:
    return f"ask for more at https://console.cloud.google.com/iam-admin/quotas?project={quote(wanted.project)}"
