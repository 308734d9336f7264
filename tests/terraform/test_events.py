from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.plan import Change
from cynthus.terraform.events import Diagnostic, Event, change, diagnostic, output_changes, output_values, parse


def event(kind: str, **parts: object) -> Event:
    return parse(json.dumps({"type": kind, "@message": "words", **parts}).encode())


def planned(action: str, **more: object) -> Event:
    return event("planned_change", change={"resource": {"addr": "a.b"}, "action": action, **more})


def test_an_event_has_a_kind_and_a_message() -> None:
    assert (event("log").kind, event("log").message) == ("log", "words")


@pytest.mark.parametrize(
    "line", ["", "plain", "[1]", '"x"', "7", '{"type": 1}', '{"no": "type"}', '{"type": "lo', "[" * 99999]
)
def test_a_line_that_is_no_event_is_text(line: str) -> None:
    assert parse(line.encode()).kind == "text"


@given(st.binary())
def test_no_line_is_too_strange(line: bytes) -> None:
    assert parse(line).kind == "text"


def test_a_part_that_is_no_object_is_empty() -> None:
    assert event("x", change="text").part("change") == {}


@pytest.mark.parametrize(
    ("word", "action"),
    [("create", "create"), ("update", "update"), ("delete", "delete"), ("replace", "replace"), ("read", "read"),
     ("move", "move"), ("import", "import"), ("remove", "forget")],
)  # fmt: skip
def test_a_planned_change_has_our_word_for_the_action(word: str, action: str) -> None:
    assert change(planned(word)) == Change("a.b", action)  # type: ignore[arg-type] # one of ours, as the table says


def test_a_planned_change_keeps_its_reason() -> None:
    assert change(planned("replace", reason="tainted")) == Change("a.b", "replace", "tainted")


@pytest.mark.parametrize("action", ["noop", "no-op", ""])
def test_a_planned_change_that_is_none_is_left_out(action: str) -> None:
    assert change(planned(action)) is None


def test_an_action_of_a_later_terraform_is_still_a_change() -> None:
    assert change(planned("transmogrify")) == Change("a.b", "update", "transmogrify")


def test_outputs_that_stay_are_no_changes() -> None:
    told = event("outputs", outputs={"a": {"action": "noop"}, "b": {"action": "update"}, "c": {"action": "delete"}})
    assert output_changes(told) == (Change("output.b", "update"), Change("output.c", "delete"))


def test_output_values_leave_sensitive_ones_out() -> None:
    told = {"a": {"value": None}, "b": {"value": 1, "sensitive": True}, "c": {"sensitive": True}, "d": "broken"}
    assert output_values(told) == {"a": None}


def test_a_diagnostic_knows_its_place() -> None:
    told = {
        "severity": "warning", "summary": "s", "detail": "d", "address": "a.b",
        "range": {"filename": "main.tf", "start": {"line": 7, "column": 2}},
    }  # fmt: skip
    assert diagnostic(event("diagnostic", diagnostic=told)) == Diagnostic("warning", "s", "d", "a.b", "main.tf:7")


def test_a_diagnostic_without_anything_is_the_message() -> None:
    assert diagnostic(event("diagnostic")) == Diagnostic("error", "words")


def test_a_diagnostic_is_shown_with_its_detail_and_place() -> None:
    shown = Diagnostic("error", "Bad", "one\n\ntwo\n", "a.b", "main.tf:7").lines()
    assert shown == ("Error: Bad", "  one", "", "  two", "  at main.tf:7 (a.b)")


def test_a_diagnostic_without_a_place_shows_none() -> None:
    assert Diagnostic("error", "Bad").lines() == ("Error: Bad",)
