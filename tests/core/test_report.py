from __future__ import annotations

import pytest

from cynthus.core.misfit import Misfit
from cynthus.core.nodes import Mark
from cynthus.core.report import LONGEST_LINE, MOST, Report, end_of
from cynthus.errors import BadName, SpecError

MISFIT = Misfit("it is wrong", hint="mend it", kind=BadName)


def test_a_report_of_nothing_lets_go_on() -> None:
    Report("cynthus.yaml", "a: 1").close()


def test_a_problem_carries_its_place_its_line_and_its_code() -> None:
    report = Report("cynthus.yaml", "a: 1\nb: 2\n")
    report.add(Mark(2, 4), MISFIT)
    (problem,) = report.error().problems
    assert (problem.file, problem.line, problem.column) == ("cynthus.yaml", 2, 4)
    assert (problem.message, problem.hint, problem.code) == ("it is wrong", "mend it", BadName.code)
    assert problem.source == "b: 2"


def test_problems_come_in_the_order_of_the_text() -> None:
    report = Report("cynthus.yaml", "")
    for mark in (Mark(3, 1), Mark(1, 9), Mark(1, 2)):
        report.add(mark, MISFIT)
    with pytest.raises(SpecError, match="3 problems") as caught:
        report.close()
    assert [(found.line, found.column) for found in caught.value.problems] == [(1, 2), (1, 9), (3, 1)]


def test_the_same_problem_is_told_once() -> None:
    report = Report("cynthus.yaml", "")
    report.add(Mark(1, 1), MISFIT)
    report.add(Mark(1, 1), MISFIT)
    assert len(report.error().problems) == 1


def test_a_flood_of_problems_is_cut() -> None:
    report = Report("cynthus.yaml", "")
    for line in range(1, 2 * MOST):
        report.add(Mark(line, 1), MISFIT)
    assert len(report.error().problems) == MOST


def test_it_knows_which_places_have_a_problem() -> None:
    report = Report("cynthus.yaml", "")
    report.add(Mark(2, 3), MISFIT)
    assert report.marks() == {Mark(2, 3)}


@pytest.mark.parametrize("line", ["x" * (LONGEST_LINE + 1)])
def test_a_line_too_long_for_a_terminal_is_not_shown(line: str) -> None:
    report = Report("cynthus.yaml", line)
    report.add(Mark(1, 5), MISFIT)
    assert report.error().problems[0].source == ""


def test_what_a_terminal_would_obey_is_blanked_and_the_caret_stays_right() -> None:
    report = Report("cynthus.yaml", "a: \x1b[31m\tb")
    report.add(Mark(1, 1), MISFIT)
    assert report.error().problems[0].source == "a:  [31m b"


@pytest.mark.parametrize(
    ("text", "mark"),
    [("", Mark(1, 1)), ("ab", Mark(1, 3)), ("ab\n", Mark(2, 1)), ("a\r\nb", Mark(2, 2)), ("a\rb\u2028cd", Mark(3, 3))],
)
def test_lines_end_where_yaml_ends_them(text: str, mark: Mark) -> None:
    assert end_of(text) == mark
