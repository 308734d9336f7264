"""A table and what Google says: the table as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.targets.gcp.refresh.places import drawn, lettered, placed
from cynthus.targets.gcp.refresh.prices import merged, priced
from cynthus.targets.gcp.refresh.skus import read
from cynthus.targets.gcp.table import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.core.supply import Source
    from cynthus.targets.gcp.refresh.answers import Answers
    from cynthus.targets.gcp.refresh.skus import PriceList
    from cynthus.targets.gcp.table import File


class Refreshed(Struct, frozen=True):
    """The new table, and what has to be said of it. `kept`: what Google did not tell, which is as it was; `unknown`:
    machines of which it tells no price; `strange`: types of machine that the table takes no notice of."""

    file: File
    thrown_out: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()


def refreshed(before: File, answers: Answers, name: str, source: Source) -> Refreshed:
    """What Google says, where it says something; what was known, where it does not. The new prices are kept as those
    of a source with that name; those of sources with a later day still count more."""
    listed, rates = drawn(answers), read(answers.skus)
    now = placed(before.families, before.gpus, listed)
    found = priced(now.families, rates)
    there = {
        name_of(family, shape): set(family.places) for family in now.families for shape in family.machines
    }
    earlier = [each for each in before.prices if each != name and _day(before.sources[each]) <= _day(source)]
    prices = merged(before.prices, name, found.prices, earlier, there)
    sources = {**before.sources, name: source} if found.prices or listed.places else dict(before.sources)
    emptied = before.prices.keys() - prices.keys() - {name}
    zones = {**before.zones, **lettered(answers.zones)}
    file = replace(
        before,
        as_of=max(before.as_of, source.date or "") if found.prices else before.as_of,
        sources={each: told for each, told in sources.items() if each not in emptied},
        zones=dict(sorted(zones.items())),
        families=now.families,
        prices=prices,
    )
    kept = (*_kept(file, answers, now.silent, listed.heard), *_older(file, found.unknown), *_doubts(rates))
    return Refreshed(file, found.thrown_out, kept, found.unknown, now.strange)


def _day(source: Source) -> str:
    """Of which day its figures are; before all others, where nobody says."""
    return source.date or ""


def _kept(file: File, answers: Answers, silent: tuple[str, ...], heard: frozenset[str]) -> Iterator[str]:
    if silent:
        yield f"where there are machines of {', '.join(silent)}: none of them is listed in any zone"
    regions = {region for family in file.families for region in family.places}
    unheard = sorted(regions - heard)
    if unheard and heard:
        yield f"which machines there are in {', '.join(unheard)}: nothing could be heard of there"
    without = sorted(regions - lettered(answers.zones).keys())
    if without and answers.zones:
        yield f"which zones there are in {', '.join(without)}"
    if not answers.skus:
        yield "all prices: the price list has no row"
    yield "what buckets, images and secrets cost: other price lists have it"


def _older(file: File, unknown: tuple[str, ...]) -> Iterator[str]:
    """What has a price only because somebody else has told one."""
    for source, prices in file.prices.items():
        names = [name for name in unknown if name in prices]
        if names:
            yield f"the prices of {len(names)} of {source} ({_day(file.sources[source]) or 'of an unknown day'})"


def _doubts(rates: PriceList) -> Iterator[str]:
    parts = sorted({rate.part for rate in rates.doubtful})
    if parts:
        yield f"prices with {', '.join(parts)}: two rows of the price list contradict each other in some regions"
