"""One look of the process that deletes its own machine: what makes it wait, and what it does when it is time."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import clock, departure, standing
from cynthus.agent.departing import Departing
from cynthus.agent.departure import Order
from cynthus.agent.gcs_token import Tokens
from cynthus.agent.home import Home
from cynthus.agent.instance import Refused, delete
from cynthus.agent.standing import GIVEN_UP, SAVED, Standing
from cynthus.files import write_json
from cynthus.testing.gcp import Fault
from cynthus.testing.metadata import metadata_server
from tests.agent.cloud import ADMIN, ALIKE, MINE, Cloud, cloud
from tests.agent.host import RUN

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.attempt import Attempt

__all__ = ["cloud"]

LINGER = 60.0


class Place:
    """A home with one run that has ended long ago and is saved in a folder, on a machine that nobody uses."""

    def __init__(self, root: Path, cloud: Cloud) -> None:
        self.root = root
        self.bucket = root / "bucket"
        self.bucket.mkdir()
        (root / "who").write_text(f'#!/bin/sh\ncat "{root}/guests"\n')
        (root / "who").chmod(0o755)
        (root / "guests").touch()
        self.home = self.deployment("weather-abcdef")
        self.attempt = self.ended(self.home, RUN)
        self.order = Order(LINGER, str(cloud.changes["metadata"]), str(cloud.changes["compute"]))
        self.environment = {"PATH": f"{root}:{os.environ['PATH']}"}
        self.departing = Departing(self.home, self.environment)

    def deployment(self, name: str) -> Home:
        home = Home(self.root / "homes" / name, name)
        home.checkpoints.mkdir(parents=True)
        write_json(home.marker, {"deployment": name})
        self.used(home.used)
        return home

    def ended(self, home: Home, run: str, state: str = SAVED) -> Attempt:
        attempt = home.run(run).attempt(1)
        attempt.folder.mkdir(parents=True)
        attempt.run_folder.outputs.mkdir()
        write_json(attempt.exit, {"exit_code": 0, "signal": None, "reason": "", "ended_at": clock.stamp(0)})
        self.used(attempt.exit)
        standing.write(attempt, Standing(str(self.bucket), state))
        write_json(attempt.status, {"state": "EXITED", "departure": None})
        return attempt

    def used(self, file: Path, ago: float = 1000) -> None:
        """Say how long ago that was."""
        file.touch()
        os.utime(file, (time.time() - ago, time.time() - ago))

    def look(self) -> dict[str, Any]:
        """What the status says after one look."""
        self.departing.look(self.attempt, self.order)
        told: dict[str, Any] = json.loads(self.attempt.status.read_bytes())["departure"]
        return told

    def saved(self) -> dict[str, Any]:
        """The status that is left in the bucket."""
        file = self.bucket / f"{self.home.deployment}/0/runs/{RUN}/attempts/1/status.json"
        told: dict[str, Any] = json.loads(file.read_bytes())
        return told


@pytest.fixture
def place(tmp_path: Path, cloud: Cloud) -> Place:
    return Place(tmp_path, cloud)


def test_when_it_is_time_the_machine_goes_and_no_other(place: Place, cloud: Cloud) -> None:
    told = place.look()
    assert (cloud.there(), told["reason"], told["problem"]) == ([ALIKE], "departed: saved, and idle for 1 min", "")


def test_the_bucket_hears_of_it(place: Place) -> None:
    told = place.look()
    assert (place.saved()["departure"], place.saved()["exit_code"]) == (told, 0)


def test_before_it_is_time_it_says_when(place: Place, cloud: Cloud) -> None:
    place.used(place.attempt.exit, ago=20)
    ended = place.attempt.exit.stat().st_mtime
    assert (place.look()["at"], cloud.deletions()) == (clock.stamp(ended + LINGER), [])


def test_use_after_the_end_puts_it_off(place: Place, cloud: Cloud) -> None:
    place.used(place.home.used, ago=20)
    used = place.home.used.stat().st_mtime
    assert (place.look()["at"], cloud.deletions()) == (clock.stamp(used + LINGER), [])


@pytest.mark.parametrize("state", [GIVEN_UP, None])
def test_a_run_of_which_something_is_not_saved_keeps_it(place: Place, cloud: Cloud, state: str | None) -> None:
    older = place.ended(place.home, "20250101-000000-abcd", state or SAVED)
    if state is None:
        older.sync.unlink()
    assert (older.run in place.look()["problem"], cloud.deletions()) == (True, [])


def test_a_start_that_was_cut_off_has_nothing_to_save(place: Place, cloud: Cloud) -> None:
    never = place.ended(place.home, "20250101-000000-abcd", "sending")
    never.exit.unlink()
    place.look()
    assert cloud.deletions() == [MINE]


@pytest.mark.parametrize("of", ["weather-abcdef", "other-abcdef"])
def test_a_run_that_goes_on_keeps_it(place: Place, cloud: Cloud, of: str) -> None:
    home = place.home if of == place.home.deployment else place.deployment(of)
    other = place.ended(home, "20260301-000000-abcd")
    other.exit.unlink()
    other.record.write_text("{}")
    assert (place.look()["at"], cloud.deletions()) == (None, [])
    assert time.time() - place.home.used.stat().st_mtime < 10


def test_somebody_at_a_terminal_keeps_it(place: Place, cloud: Cloud) -> None:
    (place.root / "guests").write_text("anna     pts/0        2026-01-02 03:04 (192.0.2.1)\n")
    place.look()
    assert (cloud.deletions(), time.time() - place.home.used.stat().st_mtime < 10) == ([], True)


@pytest.mark.parametrize(("ago", "asked"), [(30, []), (200, [MINE])])
def test_a_command_that_drives_the_machine_keeps_it_as_long_as_it_lives(
    place: Place, cloud: Cloud, ago: float, asked: list[str]
) -> None:
    place.used(place.home.folder.parent / ".lock-weather-abcdef", ago)
    place.look()
    assert cloud.deletions() == asked


def test_what_was_written_into_an_older_run_is_saved_first(place: Place, cloud: Cloud) -> None:
    older = place.ended(place.home, "20250101-000000-abcd")
    time.sleep(0.02)
    (older.run_folder.outputs / "late").write_text("late")
    place.look()
    kept = place.bucket / f"weather-abcdef/0/runs/{older.run}/outputs/late"
    assert (kept.read_text(), cloud.deletions()) == ("late", [MINE])


def test_a_bucket_that_is_gone_keeps_it(place: Place, cloud: Cloud) -> None:
    place.bucket.rename(place.root / "away")
    place.look()
    known = standing.read(place.attempt)
    assert known is not None
    assert (known.state, cloud.deletions()) == (standing.SENDING, [])


def test_a_removal_that_has_begun_keeps_it(place: Place, cloud: Cloud) -> None:
    place.home.leaving.touch()
    assert (place.departing.wanted(), departure.ensure(place.home), cloud.deletions()) == (False, False, [])


def test_a_refusal_is_told_here_and_there_and_not_tried_again_at_once(place: Place, cloud: Cloud) -> None:
    cloud.let(MINE, {"bindings": []})
    first, second = place.look(), place.look()
    assert "compute.instances.delete" in first["problem"]
    assert (first, place.saved()["departure"], cloud.deletions()) == (second, second, [MINE])


def test_once_it_is_allowed_it_goes(place: Place, cloud: Cloud) -> None:
    cloud.let(MINE, {"bindings": []})
    place.look()
    cloud.let(MINE, ADMIN)
    time.sleep(1)
    assert (place.look()["problem"], cloud.there()) == ("", [ALIKE])


def test_pauses_grow_up_to_ten_minutes(place: Place, cloud: Cloud) -> None:
    cloud.let(MINE, {"bindings": []})
    seconds, asked = [0.0], list[float]()
    place.departing = Departing(place.home, place.environment, now=lambda: seconds[0])
    for second in (0, 0.5, 1, 2, 3, 6, 7, 15, 31, 63, 127, 254, 255, 511, 1022, 1023, 1622, 1623, 2222, 2223):
        seconds[0] = second
        before = len(cloud.deletions())
        place.look()
        asked += [second] if len(cloud.deletions()) > before else []
    assert asked == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1623, 2223]


@pytest.mark.parametrize("status", [404, 500, 503])
def test_other_errors_are_told_as_well(place: Place, cloud: Cloud, status: int) -> None:
    cloud.simulated.faults.plan(Fault(status=status), path="/instances/", method="DELETE")
    assert f"({status})" in place.look()["problem"]


def test_a_token_that_was_taken_back_is_replaced(place: Place, cloud: Cloud) -> None:
    cloud.simulated.faults.plan(Fault(status=401), path="/instances/", method="DELETE")
    assert (place.look()["problem"], cloud.there()) == ("", [ALIKE])


def test_a_metadata_server_that_tells_no_name_deletes_nothing(cloud: Cloud) -> None:
    with metadata_server() as strange, pytest.raises(Refused, match="does not tell project/project-id"):
        delete(strange.address, str(cloud.changes["compute"]), Tokens(strange.address))
    assert cloud.deletions() == []


def test_a_metadata_server_that_is_not_there_deletes_nothing(cloud: Cloud) -> None:
    with pytest.raises(Refused, match="does not answer"):
        delete("http://127.0.0.1:9", str(cloud.changes["compute"]), Tokens("http://127.0.0.1:9"))
    assert cloud.deletions() == []


def test_a_cloud_that_is_not_there_is_told(place: Place) -> None:
    place.order = place.order._replace(compute="http://127.0.0.1:9/compute/v1")
    assert "Google does not answer" in place.look()["problem"]
