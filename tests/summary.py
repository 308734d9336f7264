"""Tells at the end of a test run how many tests of each marker ran, and what was skipped for which reason."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _pytest.terminal import TerminalReporter

NOT_OURS = frozenset({"hypothesis"})
"""Markers that a plugin gives to tests by itself."""
RAN = ("passed", "failed", "xfailed", "xpassed", "error")


def pytest_itemcollected(item: pytest.Item) -> None:
    """A report's keywords are any words: parts of the test's name, too. So its markers travel with it."""
    item.user_properties.append(("markers", [mark.name for mark in item.iter_markers()]))


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """The section ` tests by marker `, which .ci/run repeats at its end."""
    stats = terminalreporter.stats
    markers = {line.partition(":")[0] for line in config.getini("markers")} - NOT_OURS
    ran = [report for outcome in RAN for report in stats.get(outcome, ()) if isinstance(report, pytest.TestReport)]
    skipped = [report for report in stats.get("skipped", ()) if isinstance(report, pytest.TestReport)]
    if not ran and not skipped:
        return
    terminalreporter.section("tests by marker")
    for line in (*by_marker(ran, skipped, markers), *by_reason(skipped)):
        terminalreporter.write_line(line)


def by_marker(
    ran: Iterable[pytest.TestReport], skipped: Iterable[pytest.TestReport], markers: Iterable[str]
) -> Iterator[str]:
    """One line for each marker that any test has, and one for tests without any."""
    known = frozenset(markers)
    did, did_not = _count(ran, known), _count(skipped, known)
    for marker in sorted(did.keys() | did_not.keys(), key=lambda name: (name != UNMARKED, name)):
        yield f"{marker:<10} {did[marker]:>5} ran {did_not[marker]:>5} skipped"


def by_reason(skipped: Iterable[pytest.TestReport]) -> Iterator[str]:
    """Each reason for a skip, with how many tests it cost."""
    for reason, count in Counter(map(_reason, skipped)).most_common():
        yield f"skipped {count}: {reason}"


UNMARKED = "(none)"


def _count(reports: Iterable[pytest.TestReport], markers: frozenset[str]) -> Counter[str]:
    """A test that has two markers counts for both. One that failed twice (in itself and afterwards) counts once."""
    found = {report.nodeid: sorted(markers & _markers_of(report)) or [UNMARKED] for report in reports}
    return Counter(name for names in found.values() for name in names)


def _markers_of(report: pytest.TestReport) -> frozenset[str]:
    named = dict(report.user_properties).get("markers", [])
    return frozenset(str(name) for name in named) if isinstance(named, list) else frozenset()


def _reason(report: pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ").strip()
