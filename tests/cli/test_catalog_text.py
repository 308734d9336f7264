"""What `cynthus catalog update` shows to people."""

from __future__ import annotations

from msgspec.structs import replace

from cynthus.cli.catalog_text import lines, notes
from cynthus.core.renewal import PriceMoves, Renewal

NOTHING = Renewal("Somewhere", "/own/table.json", "2026-07-30", "2026-11-29", PriceMoves(), written=True)


def test_prices_are_counted() -> None:
    told = replace(NOTHING, prices=PriceMoves(3, 2, 100, 7, 1))
    assert list(lines(told))[1] == "prices: 3 up, 2 down, 100 the same, 7 known for the first time, 1 gone"


def test_where_nothing_came_or_went_nothing_is_named() -> None:
    assert len(list(lines(NOTHING))) == 2


def test_what_is_long_is_cut_and_counted() -> None:
    told = replace(NOTHING, new=tuple(f"m-{number}" for number in range(20)))
    assert list(lines(told))[2] == "new machines: m-0, m-1, m-2, m-3, m-4, m-5, m-6, m-7 and 12 more"


def test_what_was_thrown_out_is_told() -> None:
    told = replace(NOTHING, thrown_out=("m in r: spot $2 above on demand $1",))
    assert list(lines(told))[2] == "thrown out: m in r: spot $2 above on demand $1"


def test_what_was_not_told_is_left_as_it_was() -> None:
    assert next(notes(replace(NOTHING, kept=("all prices",)))) == "left as it was: all prices"


def test_types_that_are_not_taken_in_are_told_by_their_series() -> None:
    told = replace(NOTHING, strange=("h4d-1", "h4d-2", "z3-1"))
    assert next(notes(told)) == "not taken in, for Cynthus chooses none such: 3 types of h4d, z3"


def test_at_the_end_stands_where_the_table_is() -> None:
    assert list(notes(NOTHING))[-1] == "written to /own/table.json; `cynthus gpus` shows it"


def test_where_nothing_was_written_that_is_said() -> None:
    assert list(notes(replace(NOTHING, written=False)))[-1] == "nothing was written"
