"""Machines that delete themselves after their run: how one is asked for, and what `status` tells of it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, cast

import pytest
from msgspec.structs import replace

from cynthus.cli import documents
from cynthus.cli.app import App as CommandLine
from cynthus.cli.console import Console
from cynthus.cli.ending import _say_departure
from cynthus.cli.status_text import lines
from cynthus.cli.wording import moment
from cynthus.core.run import RunState
from cynthus.errors import CloudFailed
from cynthus.operations.attend import Attendance
from cynthus.operations.departure import Departure, departure_of, linger_of
from cynthus.operations.gone import MACHINES_GONE, why_gone
from cynthus.operations.launch import _simulated
from cynthus.operations.render import render
from cynthus.operations.status import HostStatus, Status
from cynthus.operations.up import Request, up
from cynthus.targets.local.target import LocalTarget
from cynthus.testing.clock import FakeClock
from tests.operations.host import run_in, site_in

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec
    from cynthus.operations.site import Site
    from cynthus.targets.base import Target
    from tests.operations.workshop import Workshop

AT = "2026-01-02T03:34:05.000Z"


class Lingering(LocalTarget):
    """This machine, as if it had a metadata server that does not answer."""

    def place(self, spec: AppSpec, root: Path) -> Placement:
        return replace(super().place(spec, root), metadata="http://127.0.0.1:9", linger=1800)


class Targets:
    """None but that one."""

    def __init__(self, target: LocalTarget) -> None:
        self._target: Target = target  # type: ignore[assignment]  # its `roots` are a tuple of one

    def find(self, name: str) -> Target:
        return self._target

    def names(self) -> tuple[str, ...]:
        return ("local",)


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    """A folder whose machine deletes itself."""
    workshop.tools = replace(workshop.tools, targets=Targets(Lingering(workshop.tools.settings)))
    return workshop.folder()


def linger(folder: Path) -> object:
    """What run.json says of it; a text where it says nothing."""
    told: dict[str, object] = json.loads((folder / "infra/local/compute/run.json").read_text())
    return told.get("linger", "nothing")


def asked(workshop: Workshop, folder: Path, *, keep: bool | None) -> object:
    render(workshop.tools, Request(str(folder), yes=True, keep=keep))
    return linger(folder)


# what is asked for


def test_a_machine_with_a_metadata_server_lingers_for_half_an_hour(workshop: Workshop, folder: Path) -> None:
    assert asked(workshop, folder, keep=None) == 1800


def test_any_other_is_told_nothing(workshop: Workshop) -> None:
    made = workshop.folder()
    assert asked(workshop, made, keep=None) == "nothing"


def test_a_run_may_keep_its_machine_and_that_is_no_reason_to_run_again(workshop: Workshop, folder: Path) -> None:
    workshop.to_the_end(up(workshop.tools, Request(str(folder), yes=True, keep=True)))
    assert linger(folder) is None
    # Whoever types nothing of it changes nothing of it.
    assert asked(workshop, folder, keep=None) is None
    assert up(workshop.tools, Request(str(folder), yes=True, keep=False)).ending == "unchanged"


def test_the_host_is_told_where_a_simulated_cloud_is() -> None:
    assert _simulated({"CYNTHUS_GOOGLE_API": "http://127.0.0.1:8000/"}) == {
        "compute": "http://127.0.0.1:8000/compute/v1"
    }
    assert _simulated({}) == {}


def test_a_cloud_over_a_line_that_anybody_can_change_is_refused() -> None:
    with pytest.raises(CloudFailed, match="CYNTHUS_GOOGLE_API is http://example"):
        _simulated({"CYNTHUS_GOOGLE_API": "http://example.com"})


# what is told


def found(tmp_path: Path, departure: dict[str, object], *, gone: bool = False) -> Status:
    host = HostStatus("host-0", {"state": "EXITED", "departure": departure}, gone=gone)
    return Status(site_in(tmp_path), run_in(RunState.SUCCEEDED), (), (host,), (0, 0))


def test_status_tells_when_a_machine_deletes_itself(tmp_path: Path) -> None:
    status = found(tmp_path, {"at": AT, "reason": "", "problem": ""})
    assert f"  deletes    host-0 deletes itself at {moment(AT)} unless it is used" in list(
        lines(status, FakeClock().now())
    )


def test_status_tells_what_keeps_it_from_that(tmp_path: Path) -> None:
    status = found(tmp_path, {"at": None, "reason": "", "problem": "Google does not delete it (403): no"})
    told = list(lines(status, FakeClock().now()))
    assert "  warning    host-0 does not delete itself: Google does not delete it (403): no" in told
    assert not [line for line in told if line.startswith("  deletes")]


def test_of_one_that_is_gone_nothing_is_about_to_be(tmp_path: Path) -> None:
    status = found(tmp_path, {"at": AT, "reason": "departed: saved", "problem": ""}, gone=True)
    assert not [line for line in lines(status, FakeClock().now()) if "deletes itself" in line]


def test_programs_are_told_as_well(tmp_path: Path) -> None:
    status = found(tmp_path, {"at": AT, "reason": "", "problem": ""})
    (told,) = cast("list[dict[str, object]]", documents.status([status], [], FakeClock().now())["deployments"])
    assert told["departures"] == [{"host": "host-0", "at": AT, "problem": "", "reason": ""}]


@pytest.mark.parametrize("report", [None, {}, {"departure": None}, {"departure": "x"}])
def test_a_machine_that_stays_tells_nothing(report: dict[str, object] | None) -> None:
    assert departure_of(report) is None


class Gone:
    """A site whose machines are gone."""

    hosts_gone = False
    phase = "gone"
    gone: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([None], MACHINES_GONE),
        (
            [Departure(AT, "", "departed: saved, and idle for 30 min")],
            "its machines deleted themselves: saved, and idle for 30 min; `cynthus run` makes new ones",
        ),
    ],
)
def test_once_it_is_gone_it_is_told_why(told: list[Departure | None], why: str) -> None:
    site: Site = Gone()  # type: ignore[assignment]  # all that is looked at
    assert why_gone(site, told) == why


@pytest.mark.parametrize(("value", "seconds"), [(1800, 1800), (90.0, 90), (None, None), (True, None), ("x", None)])
def test_how_long_it_lingers_is_read_from_a_document(value: object, seconds: int | None) -> None:
    assert linger_of({"linger": value}) == seconds


def test_whoever_follows_is_told_at_the_end(workshop: Workshop, folder: Path) -> None:
    outcome = up(workshop.tools, Request(str(folder), yes=True))
    line, said = CommandLine(), io.StringIO()
    line.console = Console(io.StringIO(), said, color=False)
    _say_departure(line, Attendance(workshop.tools, outcome.site, outcome.run), None)
    assert ("itself in 30 min unless" in said.getvalue(), "`cynthus run --keep`" in said.getvalue()) == (True, True)
