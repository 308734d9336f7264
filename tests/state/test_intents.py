from __future__ import annotations

import json

import pytest

from cynthus.state.intents import Event, Record, parse, unfinished, worth_keeping


def record(step: str, event: Event, pid: int = 1) -> Record:
    return Record("2026-01-02T03:04:05Z", pid, "up", step, event)


def steps(records: list[Record]) -> list[tuple[str, str]]:
    return [(each.step, each.event) for each in records]


def test_a_record_survives_being_written() -> None:
    one = Record("2026-01-02T03:04:05Z", 7, "up", "apply", "intent", {"run": "r", "count": 2, "none": None})
    assert list(parse(one.line())) == [one]


def test_a_detail_does_not_stand_in_for_a_field() -> None:
    one = Record("2026-01-02T03:04:05Z", 7, "up", "apply", "intent", {"step": "other", "pid": "x"})
    assert [(each.step, each.pid) for each in parse(one.line())] == [("apply", 7)]


def test_a_line_feed_in_a_detail_does_not_end_the_line() -> None:
    assert record("a", "intent").line().count(b"\n") == 1


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"1", b"null", b"\xff", b"\0\0", b"[" * 200_000, b'{"at": "x"}',
     json.dumps({"at": "x", "pid": "1", "operation": "up", "step": "a", "event": "intent"}).encode(),
     json.dumps({"at": "x", "pid": 1, "operation": "up", "step": "a", "event": "begun"}).encode(),
     json.dumps({"at": "x", "pid": 1, "operation": "up", "step": ["a"], "event": "intent"}).encode()],
)  # fmt: skip
def test_a_line_that_cannot_be_read_hides_no_other(line: bytes) -> None:
    good = record("a", "intent")
    assert list(parse(line + b"\n" + good.line())) == [good]


def test_a_line_without_its_end_is_torn() -> None:
    assert list(parse(record("a", "intent").line().rstrip(b"\n"))) == []


def test_an_intent_without_an_end_is_unfinished() -> None:
    assert steps(unfinished([record("a", "intent")])) == [("a", "intent")]


@pytest.mark.parametrize("event", ["done", "failed"])
def test_either_end_finishes_an_intent(event: Event) -> None:
    assert unfinished([record("a", "intent"), record("a", event)]) == []


def test_another_process_may_write_the_end() -> None:
    assert unfinished([record("a", "intent", pid=1), record("a", "failed", pid=2)]) == []


def test_each_end_finishes_one_intent() -> None:
    cut_off, again = record("a", "intent", pid=1), record("a", "intent", pid=2)
    assert unfinished([cut_off, again, record("a", "done", pid=2)]) == [cut_off]


def test_intents_inside_one_another_are_told_apart() -> None:
    outer, inner = record("outer", "intent"), record("inner", "intent")
    assert unfinished([outer, inner, record("inner", "done")]) == [outer]


def test_an_end_without_an_intent_means_nothing() -> None:
    assert unfinished([record("a", "done"), record("b", "intent")]) == [record("b", "intent")]


def test_the_newest_lines_are_kept() -> None:
    lines = [record(str(number // 2), ("intent", "done")[number % 2]) for number in range(20)]
    assert worth_keeping(lines, 4) == lines[-4:]


def test_an_open_intent_is_kept_however_old() -> None:
    old = record("old", "intent")
    lines = [old, *(record("a", event) for _ in range(10) for event in ("intent", "done"))]
    assert worth_keeping(lines, 2) == [old, *lines[-2:]]


def test_an_open_intent_in_the_tail_is_kept_once() -> None:
    lines = [record("a", "done"), record("b", "intent")]
    assert steps(worth_keeping(lines, 1)) == [("b", "intent")]


def test_what_was_open_is_open_after_a_cut_in_the_middle_of_a_step() -> None:
    cut_off = record("apply", "intent", pid=1)
    lines = [cut_off, record("apply", "intent", pid=2), record("apply", "done", pid=2)]
    assert unfinished(worth_keeping(lines, 1)) == [cut_off]
