"""How far a refusal of Google's reaches: every class of the facts, as its interface says it and as Terraform does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cynthus.targets.gcp.scopes import RULES, judged
from cynthus.testing.gcp import refusals

if TYPE_CHECKING:
    from cynthus.targets.gcp.scopes import Scope

ZONE = "us-central1-a"
HERE = f"projects/lab-1/zones/{ZONE}"
NO_L4 = "Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 1.0 in region us-central1."
NO_GPUS = "Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally."
ENOUGH = f"The zone '{HERE}' does not have enough resources available to fulfill the request."
UNAVAILABLE = f"A g2-standard-4 VM instance with 1 nvidia-l4 accelerator is currently unavailable in the {ZONE} zone."
FAMILY = """
	metric name = compute.googleapis.com/gpus_per_gpu_family
	limit name = GPUS-PER-GPU-FAMILY-per-project-region
	limit = 0
	dimensions = map[gpu_family:NVIDIA_H100 region:us-central1]
"""
ALL_REGIONS = """
	metric name = compute.googleapis.com/gpus_all_regions
	limit name = GPUS-ALL-REGIONS-per-project
	limit = 0
	dimensions = map[global:global]
"""
"""What Google's provider adds to a quota, of what Google tells beside its text."""

SAID: list[tuple[str, Scope | None, str]] = [
    # what is said, how far it reaches, why
    (ENOUGH, "zone", "has none left"),
    (f"{ENOUGH} Try a different zone, or try again later.\n(resource type:compute)", "zone", "has none left"),
    (f"{UNAVAILABLE} Alternatively, you can try your request again at a later time.", "zone", "has none left"),
    ("ZONE_RESOURCE_POOL_EXHAUSTED", "zone", "has none left"),
    ("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", "zone", "has none left"),
    ('{"reason": "resource_availability", "metadatas": {"vmType": "g2-standard-4"}}', "zone", "has none left"),
    ("state:STOCKOUT", "zone", "has none left"),
    ("googleapi: Error 503: insufficientCapacity", "zone", "has none left"),
    ("UNSUPPORTED_OPERATION", "zone", "took it back while it was being made"),
    ("Instance 'weather-1a2b3c-host-0' was preempted during creation.", "zone", "took it back"),
    (f"Machine type with name 'g2-standard-4' does not exist in zone '{ZONE}'.", "zone", "has no such machine"),
    (str(refusals.missing(f"{HERE}/acceleratorTypes/nvidia-l4")), "zone", "has no such machine"),
    (f"Zone '{ZONE}' is not found or access is unauthorized.", "zone", "is closed"),
    ("VM_MIN_COUNT_NOT_REACHED: Requested minimum count of 2 VMs could not be created.", "zone", "not enough"),
    (NO_L4, "region", "us-central1 allows no more (NVIDIA_L4_GPUS)"),
    ("Quota 'PREEMPTIBLE_NVIDIA_L4_GPUS' exceeded.  Limit: 0.0 in region us-central1.", "region", "allows no more"),
    ("Quota 'CPUS' exceeded.  Limit: 24.0 in region us-central1.", "region", "allows no more (CPUS)"),
    ("Quota 'SSD_TOTAL_GB' exceeded.  Limit: 500.0 in region us-central1.", "region", "allows no more (SSD_TOTAL_GB)"),
    ("Quota 'IN_USE_ADDRESSES' exceeded.  Limit: 8.0 in region us-central1.", "region", "allows no more"),
    (FAMILY, "region", "GPUS-PER-GPU-FAMILY"),
    (NO_GPUS, "project", "allow no more"),
    ("Quota 'CPUS_ALL_REGIONS' exceeded.  Limit: 32.0 globally.", "project", "allow no more"),
    (ALL_REGIONS, "project", "allow no more"),
    (str(refusals.denied("compute", "compute.instances.create", HERE, "ann")), "project", "permission"),
    (str(refusals.denied("iam", "iam.serviceAccounts.actAs", HERE, "ann")), "project", "permission"),
    ("The user does not have access to service account 'vm@lab'.", "project", "permission"),
    (str(refusals.disabled("compute", "7")), "project", "not enabled"),
    (str(refusals.without_billing("compute", "7")), "project", "nobody pays"),
    (str(refusals.without_billing("storage", "7")), "project", "nobody pays"),
    ("Billing must be enabled for activation of service.", "project", "nobody pays"),
    ("Error 429: Rate Limit Exceeded, rateLimitExceeded", "rate", "less often"),
    ("RESOURCE_OPERATION_RATE_EXCEEDED", "rate", "less often"),
    (f"Operation rate exceeded for resource '{HERE}/instances/a'. Too frequent operations.", "rate", "less often"),
    (f"The resource '{HERE}/instances/a' is not ready", "rate", "not gone yet"),
    ("RESOURCE_NOT_READY", "rate", "not gone yet"),
    ("Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'compute'", "rate", "less"),
    ("", None, ""),
    ("it broke", None, ""),
    (f"Invalid value for field 'zone': '{ZONE}'.", None, ""),
]  # fmt: skip


def passed_on(said: str) -> list[str]:
    """As Google's interface says it, and in the wrappings of Terraform's provider, with lines broken by Terraform."""
    return [
        said,
        f"Error creating instance: googleapi: Error 403: {said}, quotaExceeded",
        f"Error waiting for instance to create: {said}\n",
        f"Instance 'x' creation failed: {said}",
        f"│ Error: Error waiting for instance to create: {said}".replace(" ", "\n", 7),
    ]


@pytest.mark.parametrize(("said", "scope", "why"), SAID)
def test_a_refusal_reaches_as_far_as_google_means_it(said: str, scope: Scope | None, why: str) -> None:
    for text in passed_on(said):
        found = judged(text, ZONE)
        assert (found.scope if found else None, why in found.why if found else True) == (scope, True), text


@pytest.mark.parametrize("words", [words for words, _, _ in RULES])
def test_every_row_of_the_table_is_met_by_one_of_these(words: str) -> None:
    assert any(re.search(words, " ".join(said.split())) for said, _, _ in [*SAID, *ALSO])


ALSO: list[tuple[str, Scope, str]] = [
    ("\tdimensions = map[region:us-central1]\n", "region", "allows no more"),
    ("\tlimit name = LOCAL-SSD-per-project-zone\n", "zone", "allows no more"),
    (str(refusals.denied("storage", "storage.buckets.create", "b/a", "ann")), "project", "permission"),
]
"""Of which nobody has told a whole text."""


@pytest.mark.parametrize(("said", "scope", "why"), ALSO)
def test_so_does_what_is_only_known_in_part(said: str, scope: Scope, why: str) -> None:
    found = judged(said, ZONE)
    assert found is not None
    assert (found.scope, why in found.why) == (scope, True)


def test_of_several_machines_what_reaches_farthest_decides() -> None:
    found = [judged(f"{one}\n{other}", ZONE) for one, other in ((NO_L4, SAID[0][0]), (SAID[0][0], NO_GPUS))]
    assert [each.scope for each in found if each] == ["region", "project"]


@pytest.mark.parametrize(
    "said",
    [
        f"{UNAVAILABLE} Consider trying your request in the us-central1-c, us-central1-b zone(s), which currently has",
        'resource_availability "zonesAvailable": "us-central1-c,us-central1-b"',
    ],
)
def test_zones_that_google_names_are_read(said: str) -> None:
    found = judged(said, ZONE)
    assert found is not None
    assert found.zones == ("us-central1-c", "us-central1-b")
