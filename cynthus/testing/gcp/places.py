"""Regions and zones, and where there are which GPUs. As of 2026-11, of public catalogs: data to test with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REGIONS = {
    "us-central1": "abcf", "us-east1": "bcd", "us-east4": "abc", "us-east5": "abc", "us-west1": "abc",
    "us-west2": "abc", "us-west3": "abc", "us-west4": "abc", "us-south1": "abc",
    "northamerica-northeast1": "abc", "northamerica-northeast2": "abc", "southamerica-east1": "abc",
    "europe-north1": "abc", "europe-west1": "bcd", "europe-west2": "abc", "europe-west3": "abc",
    "europe-west4": "abc", "europe-west6": "abc", "europe-west9": "abc", "europe-central2": "abc",
    "asia-east1": "abc", "asia-east2": "abc", "asia-northeast1": "abc", "asia-northeast3": "abc",
    "asia-south1": "abc", "asia-south2": "abc", "asia-southeast1": "abc", "asia-southeast2": "abc",
    "australia-southeast1": "abc", "me-west1": "abc", "me-central2": "abc",
}  # fmt: skip

_GPUS = {
    "nvidia-tesla-t4": (
        "us-central1-abcf us-east1-bcd us-east4-abc us-west1-ab us-west2-bc us-west3-b us-west4-ab "
        "northamerica-northeast1-c southamerica-east1-abc europe-west1-bcd europe-west2-ab europe-west3-b "
        "europe-west4-abc europe-central2-bc asia-east1-ac asia-east2-ac asia-northeast1-ac asia-northeast3-bc "
        "asia-south1-ab asia-southeast1-abc asia-southeast2-ab australia-southeast1-ac me-west1-bc"
    ),
    "nvidia-l4": (
        "us-central1-abc us-east1-bcd us-east4-ac us-west1-abc us-west4-ac northamerica-northeast1-bc "
        "northamerica-northeast2-ab europe-west1-bc europe-west2-ab europe-west3-ab europe-west4-abc europe-west6-bc "
        "asia-east1-abc asia-northeast1-abc asia-northeast3-ab asia-south1-ab asia-southeast1-abc me-central2-ac"
    ),
    "nvidia-tesla-a100": (
        "us-central1-abcf us-east1-b us-west1-b us-west3-b us-west4-b europe-west4-ab asia-northeast1-ac "
        "asia-northeast3-ab asia-southeast1-abc me-west1-ac"
    ),
    "nvidia-a100-80gb": "us-central1-ac us-east4-c us-east5-ab europe-west4-a asia-southeast1-c",
    "nvidia-h100-80gb": (
        "us-central1-abc us-east4-abc us-east5-a us-west1-ab us-west4-a northamerica-northeast2-c europe-north1-c "
        "europe-west1-bc europe-west2-b europe-west3-ac europe-west4-bc europe-west9-c asia-east1-c asia-northeast1-b "
        "asia-northeast3-ac asia-south1-c asia-south2-b asia-southeast1-bc australia-southeast1-c"
    ),
    "nvidia-b200": (
        "us-central1-b us-east1-b us-east4-b us-south1-b us-west2-c us-west3-bc europe-north1-bc europe-west4-b "
        "asia-northeast1-b asia-southeast1-b"
    ),
    "nvidia-tesla-v100": "us-central1-abcf us-east1-c us-west1-ab europe-west4-abc asia-east1-c",
    "nvidia-tesla-p100": "us-central1-cf us-east1-bc us-west1-ab europe-west1-bd europe-west4-a asia-east1-ac",
    "nvidia-tesla-p4": "us-central1-ac us-east4-abc us-west2-bc europe-west4-bc",
    # No list of these was at hand.
    "nvidia-h100-mega-80gb": "us-central1-abc us-east4-abc europe-west4-b",
    "nvidia-h200-141gb": "us-central1-b us-east5-a europe-west1-b",
    "nvidia-rtx-pro-6000": "us-central1-b us-east5-a europe-west4-a",
}


def _zones(words: str) -> Iterator[str]:
    for word in words.split():
        region, letters = word.rsplit("-", 1)
        yield from (f"{region}-{letter}" for letter in letters)


REGIONS: Mapping[str, tuple[str, ...]] = {
    region: tuple(f"{region}-{letter}" for letter in letters) for region, letters in _REGIONS.items()
}
"""The zones of each region."""

ZONES: Mapping[str, str] = {zone: region for region, zones in REGIONS.items() for zone in zones}
"""The region of each zone."""

GPU_ZONES: Mapping[str, frozenset[str]] = {gpu: frozenset(_zones(words)) for gpu, words in _GPUS.items()}
"""Where there is each GPU."""
