"""What a cloud sells, as tables for a screen of 80 columns."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cynthus.core.supply import OLD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cynthus.core.supply import Sold, Supply
    from cynthus.operations.gpus import Shelf

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]

UNKNOWN, UNSOLD = "unknown", "-"


def overview(sold: Sequence[Sold], *, spot: bool, everywhere: bool = True) -> Iterator[Table]:
    """All models, and all series of machines without a GPU, a row each; `everywhere`: in how many regions they are."""
    last = ("REGIONS",) if everywhere else ()
    with_gpus = sorted((each for each in sold if each.gpu and each.part == 1), key=lambda each: str(each.gpu))
    models = [_model(list(group), spot=spot) for _, group in groupby(with_gpus, key=lambda each: each.gpu)]
    if models:
        head = ("GPU", "GB", "IN A MACHINE", *_ways(spot=spot), *last)
        yield head, [row[: len(head)] for _, row in sorted(models)]
    plain = sorted((each for each in sold if each.gpu is None), key=lambda each: each.family)
    series = [_series(list(group), spot=spot) for _, group in groupby(plain, key=lambda each: each.family)]
    if series:
        head = ("NO GPU", "CPUS", "GIB", *_ways(spot=spot), *last)
        yield head, [row[: len(head)] for row in series]


def by_region(sold: Sequence[Sold], *, spot: bool) -> Table:
    """One machine wherever it is to be had."""
    rows = [(each.region, _zones(each), *_prices([each], spot=spot)) for each in sold]
    return ("REGION", "ZONES", *_ways(spot=spot)), rows


def by_machine(sold: Sequence[Sold], *, spot: bool) -> Table:
    """All machines that one region has of something."""
    rows = [
        (each.machine, _count(each), str(each.cpus), f"{each.memory:g}", *_prices([each], spot=spot)) for each in sold
    ]
    return ("MACHINE", "GPUS", "CPUS", "GIB", *_ways(spot=spot)), rows


def smallest(sold: Sequence[Sold]) -> Sequence[Sold]:
    """Of these the rows of one machine, the one with the least in it that is no part of a GPU."""
    least = min(sold, key=lambda each: (each.part > 1, each.gpus, each.cpus, each.memory))
    return [each for each in sold if (each.machine, each.gpu, each.gpus) == (least.machine, least.gpu, least.gpus)]


def described(sold: Sold) -> str:
    """A machine in a line."""
    if sold.gpu is None:
        return f"{sold.machine}: {sold.cpus} processors, {sold.memory:g} GiB"
    memory = f" ({sold.gpu_memory} GB)" if sold.gpu_memory else ""
    return f"{sold.machine}: {_count(sold)} {sold.gpu}{memory}, {sold.cpus} processors, {sold.memory:g} GiB"


def notes(shelf: Shelf) -> Iterator[str]:
    """What the prices are worth."""
    yield f"prices are of {shelf.supply.as_of}, in US dollars an hour, without tax and disks"
    if shelf.days > OLD:
        yield f"they are {shelf.days} days old; `cynthus catalog update` asks for newer ones"
    yield from _thrown_out(shelf.supply)


def _thrown_out(supply: Supply) -> Iterator[str]:
    most = 3
    for line in supply.thrown_out[:most]:
        yield f"thrown out, for it cannot be: {line}"
    if len(supply.thrown_out) > most:
        yield f"so were {len(supply.thrown_out) - most} other prices"


def _model(sold: Sequence[Sold], *, spot: bool) -> tuple[tuple[int, str], tuple[str, ...]]:
    """A row of the overview, and what it is sorted by: prices are those of one GPU with its share of the machine."""
    first = sold[0]
    counts = ", ".join(map(str, sorted({each.gpus for each in sold})))
    prices = _prices(sold, spot=spot, each=lambda one: one.gpus)
    memory = str(first.gpu_memory) if first.gpu_memory else UNKNOWN
    row = (str(first.gpu), memory, counts, *prices, str(len({one.region for one in sold})))
    return (first.gpu_memory or 1000, str(first.gpu)), row


def _series(sold: Sequence[Sold], *, spot: bool) -> tuple[str, ...]:
    cpus, memory = [one.cpus for one in sold], [one.memory for one in sold]
    prices = _prices(sold, spot=spot)
    between = (f"{min(cpus)}-{max(cpus)}", f"{min(memory):g}-{max(memory):g}")
    return (sold[0].family, *between, *prices, str(len({one.region for one in sold})))


def _ways(*, spot: bool) -> tuple[str, ...]:
    return ("SPOT",) if spot else ("ON DEMAND", "SPOT", "FLEX-START")


def _prices(sold: Sequence[Sold], *, spot: bool, each: Callable[[Sold], int] = lambda _: 1) -> tuple[str, ...]:
    """The lowest of each way of buying."""
    kinds: list[tuple[str, Callable[[Sold], float | None]]] = [
        ("on-demand", lambda one: one.on_demand), ("spot", lambda one: one.spot),
        ("flex-start", lambda one: one.flex_start),
    ]  # fmt: skip
    cells = [_cell([one for one in sold if way in one.ways], of, each) + _only_by(sold, way) for way, of in kinds]
    if all("reservation" in one.ways for one in sold):
        cells[0] = "reservation"
    return (cells[1],) if spot else tuple(cells)


def _cell(sold: Sequence[Sold], of: Callable[[Sold], float | None], each: Callable[[Sold], int]) -> str:
    known = [price / each(one) for one in sold if (price := of(one)) is not None]
    return f"${min(known):.2f}" if known else UNKNOWN if sold else UNSOLD


def _only_by(sold: Sequence[Sold], way: str) -> str:
    """How many GPUs one has to take at least, where one can be had otherwise."""
    least = min((one.gpus for one in sold if way in one.ways), default=0)
    return f" by {least}" if least > min(one.gpus for one in sold) else ""


def _zones(sold: Sold) -> str:
    return " ".join(zone.rpartition("-")[2] for zone in sold.zones) or UNKNOWN


def _count(sold: Sold) -> str:
    return f"1/{sold.part}" if sold.part > 1 else str(sold.gpus or UNSOLD)
