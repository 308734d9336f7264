from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.cli.status_text import lines
from cynthus.core.run import RunState
from cynthus.operations.saving import saving_of
from cynthus.operations.status import HostStatus, Status
from cynthus.testing.clock import FakeClock
from tests.operations.host import run_in, site_in

if TYPE_CHECKING:
    from pathlib import Path

SYNC = {"bucket": "file:///srv/results", "state": "sending", "files_behind": 0, "problem": ""}


@pytest.mark.parametrize(
    ("sync", "behind", "told"),
    [
        ({}, 0, "all is there"),
        ({"files_behind": 3}, 1_200_000_000, "3 files, 1.2 GB behind"),
        ({}, 10, "the log, 10 B behind"),
        ({"files_behind": 1, "problem": "/srv: no space"}, 5, "1 file, 5 B behind (/srv: no space)"),
        ({"files_behind": 1, "state": "given up"}, 5, "1 file, 5 B behind; it is not tried again before the next run"),
    ],
)
def test_status_tells_how_far_a_run_is_saved(tmp_path: Path, sync: dict[str, object], behind: int, told: str) -> None:
    report = {"state": "RUNNING", "bytes_behind": behind, "sync": {**SYNC, **sync}}
    found = Status(site_in(tmp_path), run_in(RunState.RUNNING), (), (HostStatus("host-0", report),), (0, 0))
    assert f"  bucket     file:///srv/results, {told}" in list(lines(found, FakeClock().now()))


@pytest.mark.parametrize("report", [None, {}, {"sync": None}, {"sync": "x", "bytes_behind": 3}])
def test_a_run_without_a_bucket_tells_nothing(report: dict[str, object] | None) -> None:
    assert saving_of(report) is None
