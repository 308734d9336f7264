"""How far a refusal reaches: who hears it in one zone asks in the next one, or in another region, or stops.

A table of what Google says, by its interface and by way of Terraform, which passes on texts and no codes. What is not
in it is nobody's to judge: then nothing else is tried.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

Scope = Literal["project", "region", "zone", "rate"]
"""What a refusal holds for. `rate`: for a moment only, in the same place too."""

RULES: tuple[tuple[str, Scope, str], ...] = (
    # The whole cloud project: no other place helps.
    (r"Quota '(?P<metric>[^']+)' exceeded\. +Limit: [\d.]+ globally", "project", "all regions together allow no more"),
    (r"limit name = [\w-]+-per-project(?![\w-])", "project", "all regions together allow no more"),
    (r"requires billing to be enabled|[Bb]illing must be enabled", "project", "nobody pays"),
    (r"billing account for the owning project is", "project", "nobody pays"),
    (r"has not been used in project", "project", "a service is not enabled"),
    (r"Required '[\w.]+' permission for|Permission '[\w.]+' denied", "project", "a permission is missing"),
    (r"does not have access to service account", "project", "a permission is missing"),
    (r"does not have [\w.]+ access to", "project", "a permission is missing"),
    # A region.
    (r"Quota '(?P<metric>[^']+)' exceeded\. +Limit: [\d.]+ in region", "region", "{region} allows no more ({metric})"),
    (r"limit name = (?P<metric>[\w-]+)-per-project-region", "region", "{region} allows no more ({metric})"),
    (r"dimensions = map\[[^\]]*\bregion:", "region", "{region} allows no more"),
    # A zone.
    (r"does not have enough resources available", "zone", "{zone} has none left"),
    (r"is currently unavailable in the [\w-]+ zone", "zone", "{zone} has none left"),
    (r"ZONE_RESOURCE_POOL_EXHAUSTED|insufficientCapacity", "zone", "{zone} has none left"),
    (r"resource_availability|\bSTOCKOUT\b|\(resource type:compute\)", "zone", "{zone} has none left"),
    (r"UNSUPPORTED_OPERATION|was preempted", "zone", "{zone} took it back while it was being made"),
    (r"Machine type with name '[^']+' does not exist in zone", "zone", "{zone} has no such machine"),
    (r"acceleratorTypes/[^/']+' was not found", "zone", "{zone} has no such machine"),
    (r"limit name = [\w-]+-per-project-zone", "zone", "{zone} allows no more"),
    (r"is not found or access is unauthorized", "zone", "{zone} is closed to this cloud project"),
    # A moment.
    (r"RESOURCE_OPERATION_RATE_EXCEEDED|Operation rate exceeded", "rate", "Google wants to be asked less often"),
    (r"RESOURCE_NOT_READY|The resource '[^']+' is not ready", "rate", "what stood there before is not gone yet"),
    (r"[Ee]rror 429|[rR]ateLimitExceeded", "rate", "Google wants to be asked less often"),
    (r"Quota exceeded for quota metric '[^']+' and limit '[^']+ per ", "rate", "Google wants to be asked less often"),
    # Several machines at once: what kept them from being made is not always told.
    (r"VM_MIN_COUNT_NOT_REACHED", "zone", "{zone} has not enough of them left"),
)
"""What is said, how far that reaches, and why in a few words. Of several the first one counts: Terraform tells of all
machines at once, and what reaches farthest decides."""
_RULES = tuple((re.compile(words), scope, why) for words, scope, why in RULES)
_HINTED = re.compile(
    r"trying your request in the (?P<said>[\w, -]+?) zone|zonesAvailable\W+(?P<listed>[a-z0-9]+-[a-z0-9-]+[\w, -]*)"
)


class Judged(Struct, frozen=True):
    """How far a refusal reaches, why, and the zones that Google says have some."""

    scope: Scope
    why: str
    zones: tuple[str, ...] = ()


def judged(said: str, zone: str) -> Judged | None:
    """What a refusal means that came from this zone; None where it says nothing about places."""
    text = " ".join(said.split())
    for words, scope, why in _RULES:
        found = words.search(text)
        if found:
            metric = found.groupdict().get("metric") or ""
            told = why.format(zone=zone, region=zone.rpartition("-")[0], metric=metric)
            return Judged(scope, told, tuple(_hinted(text)))
    return None


def _hinted(text: str) -> Iterator[str]:
    found = _HINTED.search(text)
    if found:
        yield from (each.strip() for each in (found["said"] or found["listed"]).split(",") if each.strip())
