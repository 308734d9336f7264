"""Tables to hold what is made of the answers against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.supply import Source
from cynthus.targets.gcp.catalog import TABLE
from cynthus.targets.gcp.table import catalog_of, load
from tests.targets.answers.make import LISTED
from tests.targets.answers.spelled import NAME

if TYPE_CHECKING:
    from cynthus.targets.gcp.catalog import Machine
    from cynthus.targets.gcp.table import Family, File

LATER = Source("2026-11-29", "Google, asked in a test")


def bare() -> File:
    """The table without what the answers tell: no price of theirs, no zone, and of a listed family one machine."""
    whole = load(TABLE)
    prices = {source: told for source, told in whole.prices.items() if source != NAME}
    families = tuple(_bare(each) for each in whole.families)
    return replace(whole, prices=prices, zones=dict.fromkeys(whole.zones, ""), families=families)


def _bare(family: Family) -> Family:
    if family.name not in LISTED:
        return family
    machines = family.machines if family.attached else family.machines[:1]
    return replace(family, places={}, machines=machines)


def found(file: File, name: str) -> Machine:
    (machine,) = (each for each in catalog_of(file).machines if each.name == name)
    return machine
