"""A simulated cloud in which places have nothing left, and what somebody asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.places import REGIONS
from tests.gcp.laptop import SPEC

if TYPE_CHECKING:
    from tests.gcp.laptop import Laptop

A, B, C, F = (f"us-central1-{letter}" for letter in "abcf")


def wish(person: Laptop, more: str) -> None:
    """Ask for this too."""
    (person.app / "cynthus.yaml").write_text(SPEC.format(key=person.place / "key") + more)


def sell_out_region(person: Laptop, region: str) -> None:
    """Have nothing left in any of its zones."""
    for zone in REGIONS[region]:
        person.cloud.project.sell_out(zone)


def zones(person: Laptop) -> list[str]:
    """Where machines stand."""
    return [each["zone"].rpartition("/")[2] for each in person.cloud.instances()]
