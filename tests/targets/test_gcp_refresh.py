"""The table of machines made anew: of what Google answers, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.targets.gcp.catalog import TABLE
from cynthus.targets.gcp.refresh.document import written
from cynthus.targets.gcp.refresh.refreshed import refreshed
from cynthus.targets.gcp.table import load
from tests.targets.answers.make import LISTED
from tests.targets.answers.spelled import NAME, SOURCE, answers

if TYPE_CHECKING:
    from cynthus.targets.gcp.table import Family, File


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


def test_the_answers_give_the_shipped_table_byte_for_byte() -> None:
    assert written(refreshed(bare(), answers(), NAME, SOURCE).file) == TABLE.read_bytes()
