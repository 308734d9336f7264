from __future__ import annotations

import pytest

from tests.summary import by_marker, by_reason


def report(name: str, *markers: str, skipped: str | None = None) -> pytest.TestReport:
    longrepr = ("test_it.py", 1, f"Skipped: {skipped}") if skipped else None
    outcome = "skipped" if skipped else "passed"
    properties = [("markers", list(markers))]
    return pytest.TestReport(name, ("", 1, name), {name: 1}, outcome, longrepr, "call", user_properties=properties)  # type: ignore[arg-type]  # pytest's own types forbid what it does itself


def test_tests_are_counted_by_marker() -> None:
    ran = [report("a"), report("b", "engine"), report("c", "engine", "crash")]
    lines = [line.split() for line in by_marker(ran, [], ["engine", "crash", "slow"])]
    assert lines == [
        ["(none)", "1", "ran", "0", "skipped"],
        ["crash", "1", "ran", "0", "skipped"],
        ["engine", "2", "ran", "0", "skipped"],
    ]


def test_a_test_that_was_reported_twice_counts_once() -> None:
    assert list(by_marker([report("a"), report("a")], [], [])) == ["(none)         1 ran     0 skipped"]


def test_a_word_in_a_test_s_name_is_no_marker() -> None:
    assert "engine" not in "".join(by_marker([report("engine")], [], ["engine"]))


def test_a_marker_of_which_all_tests_were_skipped_is_told() -> None:
    skipped = [report("a", "engine", skipped="no dockerd")]
    assert list(by_marker([], skipped, ["engine"])) == ["engine         0 ran     1 skipped"]


def test_each_reason_for_a_skip_is_told_once_with_its_number() -> None:
    skipped = [report("a", skipped="no root"), report("b", skipped="no dockerd"), report("c", skipped="no root")]
    assert list(by_reason(skipped)) == ["skipped 2: no root", "skipped 1: no dockerd"]
