"""What is told of data that is prepared before main.py begins."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.cli.status_text import lines
from cynthus.core.run import RunState
from cynthus.operations.prepared import PreparedData, of_run
from cynthus.operations.status import HostStatus, Status
from cynthus.testing.clock import FakeClock
from tests.operations.host import RUN, Host, run_in, site_in

if TYPE_CHECKING:
    from pathlib import Path

NAME = "0123456789abcdef"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host whose run reads something that was prepared."""
    made = Host(tmp_path / "one")
    _prepare(made)
    return made


def _prepare(host: Host) -> Path:
    (host.attempt.parents[2] / "prepared.json").write_text(json.dumps({"id": NAME}))
    folder = host.place / "prepared" / NAME
    (folder / "kept").mkdir(parents=True)
    (folder / "record.json").write_text(json.dumps({"files": 2, "bytes": 10}))
    return folder


def test_what_is_kept_is_told_with_its_size(host: Host) -> None:
    assert of_run(RUN, [host.agent]) == PreparedData(NAME, 2, 10, kept=True)


def test_what_is_not_whole_is_not_kept(host: Host) -> None:
    (host.place / "prepared" / NAME / "kept").rmdir()
    assert not of_run(RUN, [host.agent]).kept


def test_it_is_kept_only_where_each_host_has_it(host: Host, tmp_path: Path) -> None:
    other = Host(tmp_path / "other")
    assert not of_run(RUN, [host.agent, other.agent]).kept
    _prepare(other)
    assert of_run(RUN, [host.agent, other.agent]).kept


def test_a_damaged_record_costs_the_size_alone(host: Host) -> None:
    (host.place / "prepared" / NAME / "record.json").write_text("[")
    assert of_run(RUN, [host.agent]) == PreparedData(NAME, None, None, kept=True)


def test_status_says_what_comes_before_main_py(tmp_path: Path) -> None:
    told = HostStatus("host-0", {"state": "RUNNING", "pid": 7, "phase": "preparing data", "bytes_logged": 3})
    found = Status(site_in(tmp_path / "folder"), run_in(RunState.RUNNING), (), (told,), (0, 0))
    assert "  host       host-0, pid 7, preparing data, log 3 B" in list(lines(found, FakeClock().now()))
