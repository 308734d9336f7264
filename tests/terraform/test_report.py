from __future__ import annotations

from cynthus.core.plan import Change, Plan
from cynthus.terraform.events import Event
from cynthus.terraform.report import MOST_TEXT, UNLISTED, Report

CREATE = Event("planned_change", "", {"change": {"resource": {"addr": "a.b"}, "action": "create"}})
OUTPUT = Event("outputs", "", {"outputs": {"word": {"action": "update"}}})


def report(*events: Event) -> Report:
    made = Report()
    for event in events:
        made.take(event)
    return made


def diagnosed(severity: str) -> Event:
    return Event("diagnostic", "", {"diagnostic": {"severity": severity, "summary": "s"}})


def test_a_plan_lists_resources_and_not_their_outputs() -> None:
    assert report(CREATE, OUTPUT).plan(differs=True) == Plan((Change("a.b", "create"),))


def test_a_plan_lists_outputs_where_nothing_else_changes() -> None:
    assert report(OUTPUT).plan(differs=True) == Plan((Change("output.word", "update"),))


def test_a_plan_that_differs_in_something_unsaid_is_not_empty() -> None:
    assert report().plan(differs=True) == Plan((UNLISTED,))


def test_a_plan_that_does_not_differ_is_empty() -> None:
    assert report(CREATE, OUTPUT).plan(differs=False).empty


def test_the_version_is_known_for_both_kinds() -> None:
    versions = [report(Event("version", "", {kind: "1.2.3"})).version for kind in ("terraform", "tofu")]
    assert versions == ["1.2.3", "1.2.3"]


def test_without_an_outputs_event_the_outputs_are_unknown() -> None:
    assert report(CREATE).outputs is None


def test_an_outputs_event_without_any_means_none() -> None:
    assert report(Event("outputs", "", {"outputs": {}})).outputs == {}


def test_a_diagnostic_that_is_said_twice_counts_once() -> None:
    assert len(report(diagnosed("error"), diagnosed("error")).errors()) == 1


def test_a_warning_is_no_error() -> None:
    assert report(diagnosed("warning")).errors() == ()


def test_a_summary_says_that_the_report_is_whole() -> None:
    assert (report().summarised, report(Event("change_summary", "")).summarised) == (False, True)


def test_only_the_last_plain_lines_are_kept() -> None:
    lines = [str(number) for number in range(100)]
    assert report(*(Event("text", line) for line in lines)).text == lines[-MOST_TEXT:]


def test_empty_lines_are_not_kept() -> None:
    assert report(Event("text", "")).text == []
