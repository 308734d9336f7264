"""Numbers among the outputs, whatever else is in the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.plots.metrics import LONGEST, WIDEST, Table, read

if TYPE_CHECKING:
    from pathlib import Path


def unheard(_: int) -> None:
    """Nobody listens."""


def table(place: Path, name: str, content: str | bytes) -> Table:
    path = place / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path, unheard)


def lines(found: Table) -> dict[str, list[tuple[float, float]]]:
    """The points of each series."""
    return {each.name: [tuple(point) for point in each.points()] for each in found.shown}  # type: ignore[misc]  # pairs


def test_the_columns_of_a_table_are_series_over_its_steps(tmp_path: Path) -> None:
    found = table(tmp_path, "a.csv", "step,loss,phase\n10,1.5,train\n20,0.5,train\n")
    assert lines(found) == {"loss": [(10, 1.5), (20, 0.5)]}


@pytest.mark.parametrize("axis", ["step", "Epoch", "iteration", "train/global_step", "time", "Wall Time"])
def test_x_is_known_by_its_name(tmp_path: Path, axis: str) -> None:
    found = table(tmp_path, "a.csv", f"loss,{axis}\n1,5\n2,6\n")
    assert (lines(found), found.shown[0].axis) == ({"loss": [(5, 1), (6, 2)]}, axis)


def test_a_step_goes_before_an_epoch(tmp_path: Path) -> None:
    assert {each.axis for each in table(tmp_path, "a.csv", "epoch,step,loss\n1,100,3\n").shown} == {"step"}


def test_without_an_x_the_rows_are_counted(tmp_path: Path) -> None:
    assert lines(table(tmp_path, "a.csv", "loss\n5\n6\n")) == {"loss": [(1, 5), (2, 6)]}


def test_without_a_head_the_columns_are_counted(tmp_path: Path) -> None:
    assert lines(table(tmp_path, "a.csv", "5,7\n6,8\n")) == {"column 1": [(1, 5), (2, 6)], "column 2": [(1, 7), (2, 8)]}


@pytest.mark.parametrize(("name", "cut"), [("a.tsv", "\t"), ("a.csv", ";"), ("a.CSV", ",")])
def test_columns_may_be_told_apart_by_other_signs(tmp_path: Path, name: str, cut: str) -> None:
    assert lines(table(tmp_path, name, f"step{cut}loss\r\n1{cut}5\r\n")) == {"loss": [(1, 5)]}


def test_a_column_of_texts_is_none_though_a_few_look_like_numbers(tmp_path: Path) -> None:
    assert lines(table(tmp_path, "a.csv", "loss,name\n1,abc\n2,7\n3,1e5f\n4,def\n")) == {
        "loss": [(1, 1), (2, 2), (3, 3), (4, 4)]
    }


def test_gaps_are_left_out(tmp_path: Path) -> None:
    assert lines(table(tmp_path, "a.csv", "step,loss,eval\n1,5,\n2,,7\n3,6\n"))["loss"] == [(1, 5), (3, 6)]


def test_nan_and_infinity_are_counted(tmp_path: Path) -> None:
    found = table(tmp_path, "a.csv", "step,loss\n1,nan\n2,-inf\n3,1\n")
    assert (lines(found), found.series["loss"].strange) == ({"loss": [(3, 1)]}, 2)


def test_a_row_that_is_too_long_is_broken(tmp_path: Path) -> None:
    found = table(tmp_path, "a.csv", "step,loss\n1,5\n2,6,7\n3,8\n")
    assert (lines(found), found.broken) == ({"loss": [(1, 5), (3, 8)]}, 1)


def test_two_columns_of_one_name_are_two(tmp_path: Path) -> None:
    assert list(lines(table(tmp_path, "a.csv", "loss,loss,\n1,2,3\n"))) == ["loss", "loss (2)", "column 3"]


def test_more_columns_than_anybody_looks_at_are_counted(tmp_path: Path) -> None:
    head = ",".join(f"c{place}" for place in range(WIDEST + 3))
    row = ",".join("1" for _ in range(WIDEST + 3))
    found = table(tmp_path, "a.csv", f"{head}\n{row}\n")
    assert (len(found.shown), len(found.others)) == (WIDEST, 3)


def test_the_numbers_of_objects_in_lines_are_series_also_those_inside_of_others(tmp_path: Path) -> None:
    rows = ['{"step": 1, "train": {"loss": 5}, "ok": true, "name": "7"}', "", '{"step": 2, "train": {"loss": 6}}']
    found = table(tmp_path, "a.jsonl", "\n".join(rows))
    assert lines(found) == {"train.loss": [(1, 5), (2, 6)]}


def test_an_x_alone_does_not_say_yet_what_x_is(tmp_path: Path) -> None:
    assert lines(table(tmp_path, "a.jsonl", '{"epoch": 1}\n{"epoch": 1, "step": 9, "loss": 5}\n'))["loss"] == [(9, 5)]


@pytest.mark.parametrize("broken", ["{", "[1]", "7", '"text"', "nul", "[" * 100_000, "{" * 3 + "}" * 3])
def test_a_broken_line_is_counted_and_the_others_are_read(tmp_path: Path, broken: str) -> None:
    found = table(tmp_path, "a.jsonl", f'{{"loss": 5}}\n{broken}\n{{"loss": 6}}\n')
    assert ([y for _, y in lines(found)["loss"]], found.broken) == ([5, 6], 1)


def test_numbers_that_are_too_large_are_not_finite(tmp_path: Path) -> None:
    found = table(tmp_path, "a.jsonl", '{"loss": 1%s}\n{"loss": NaN}\n{"loss": 1}\n' % ("0" * 400))
    assert (found.series["loss"].count, found.series["loss"].strange) == (1, 2)


def test_a_line_without_end_is_not_held(tmp_path: Path) -> None:
    found = table(tmp_path, "a.jsonl", b'{"loss": 5}\n' + b"x" * (2 * LONGEST + 5) + b'\n{"loss": 6}\n')
    assert ([y for _, y in lines(found)["loss"]], found.broken) == ([5, 6], 1)


def test_a_document_of_lists_is_read_side_by_side(tmp_path: Path) -> None:
    assert lines(table(tmp_path, "metrics.json", '{"epoch": [1, 2], "loss": [5, 6]}')) == {"loss": [(1, 5), (2, 6)]}


def test_so_is_a_list_of_objects(tmp_path: Path) -> None:
    assert lines(table(tmp_path, "metrics.json", '[{"epoch": 1, "loss": 5}, {"epoch": 2, "loss": 6}]')) == {
        "loss": [(1, 5), (2, 6)]
    }


def test_a_document_of_numbers_has_one_value_each(tmp_path: Path) -> None:
    found = table(tmp_path, "eval_metrics.json", '{"accuracy": 0.9, "model": "x"}')
    assert {each.name: (each.count, each.last) for each in found.shown} == {"accuracy": (1, 0.9)}


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "metrics.json"])
@given(content=st.binary(max_size=200) | st.text(",;\n\"'{}[]:0123456789.eE-+naifNI ", max_size=200).map(str.encode))
def test_no_content_is_too_strange(tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes) -> None:
    table(tmp_path_factory.mktemp("strange"), name, content)


def test_how_far_it_was_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("step,loss\n" + "1,2\n" * 400_000)
    told: list[int] = []
    read(tmp_path / "a.csv", told.append)
    assert (len(told) > 1, told == sorted(told), told[-1]) == (True, True, (tmp_path / "a.csv").stat().st_size)
