"""A spot machine is taken back five times while main.py counts: the real provider, a simulated cloud, real hosts."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from tests.gcp.someone import Someone, someone
from tests.journeys.user import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.journeys.user import Ended

pytestmark = [pytest.mark.hosts, pytest.mark.cloud, pytest.mark.timeout(900)]

TIMES = 5
LAST = 1000
PI = "3.141628"
"""What the example ends with where nothing comes between."""
ABRUPT = 2
"""Which of them comes without the time to save anything."""


@pytest.fixture(scope="module")
def person(bed: Bed, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Someone]:
    machines = bed.hosts(TIMES + 1)
    with someone(tmp_path_factory.mktemp("preempted"), google, machines) as made:
        yield made
    for machine in machines:
        bed.remove(machine)


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    folder = shutil.copytree(EXAMPLES / "spot-checkpoint", person.user.place / "app")
    with (folder / "cynthus.yaml").open("a") as spec:
        spec.write(f"gcp: {{key: {person.key}}}\n")
    return folder


@pytest.fixture(scope="module")
def ended(person: Someone, app: Path) -> Ended:
    with person.user.typing("up", app, "-y") as typed:
        for number in range(TIMES):
            typed.until(f"round {(number + 1) * 150}:", timeout=240)
            (machine,) = person.cloud.instances()
            person.cloud.preempt(machine["name"])
            if number != ABRUPT:
                typed.until(f"attempt {number + 1} is over", timeout=60)
                time.sleep(3)
            person.cloud.advance(30)
        return typed.ended(timeout=300)


def rounds(log: str) -> list[int]:
    """The rounds of the lines without a mark."""
    unmarked = (line for line in log.splitlines() if not line.endswith("[cut off]") and "[again]" not in line)
    return [int(line.split()[1].rstrip(":")) for line in unmarked]


def test_it_ends_with_the_last_round(ended: Ended, app: Path) -> None:
    assert ended.code == 0, ended
    rows = (app / "outputs/latest/estimates.csv").read_text().split()
    assert [row.partition(",")[0] for row in rows] == ["round", *(str(each) for each in range(10, LAST + 1, 10))]


def test_what_it_computed_is_what_one_machine_would_have(ended: Ended, app: Path) -> None:
    last = next(line for line in reversed(ended.out.splitlines()) if "round 1000:" in line)
    assert last.endswith(PI)


def test_each_line_of_the_log_is_shown_once_or_marked(ended: Ended) -> None:
    assert rounds(ended.out) == list(range(1, LAST + 1))


def test_the_log_is_the_same_when_it_is_read_later(person: Someone, app: Path, ended: Ended) -> None:
    said = person.user.cynthus("logs", app)
    assert rounds(said.out) == list(range(1, LAST + 1)), ended


def test_no_attempt_began_at_the_beginning(ended: Ended) -> None:
    again = [line for line in ended.out.splitlines() if "[again]" in line]
    assert len(again) < LAST / 5, ended


def test_all_attempts_are_on_record(person: Someone, app: Path, ended: Ended) -> None:
    run = person.deployment(app)["run"]
    assert (run["state"], run["attempt"], len(run["earlier"])) == ("SUCCEEDED", TIMES + 1, TIMES), ended


def test_all_machines_together_stand_no_longer_than_was_offered(person: Someone, ended: Ended) -> None:
    (machine,) = person.cloud.instances()
    assert int(machine["scheduling"]["maxRunDuration"]["seconds"]) < 5400, ended
    stood = sum(each.hours(0.0) for each in person.cloud.ledger() if each.kind == "instances" and each.ended)
    assert stood * 3600 + int(machine["scheduling"]["maxRunDuration"]["seconds"]) <= 5400


def test_what_it_has_cost_is_what_the_cloud_counts(person: Someone, app: Path, ended: Ended) -> None:
    answer = person.user.cynthus("down", app, "-y")
    assert answer.code == 0, (answer, ended)
    told = person.deployment(app)["cost"]
    hours = [each.hours(0.0) for each in person.cloud.ledger() if each.kind == "instances"]
    (rate,) = {each["dollars_per_hour"] for each in told["machines"]}
    assert (len(told["machines"]), told["estimated"]) == (TIMES + 1, False)
    assert told["dollars"] == pytest.approx(sum(hours) * rate, abs=1e-6)


def test_five_of_them_were_taken_back_and_are_said_to_be(person: Someone, app: Path, ended: Ended) -> None:
    machines = person.deployment(app)["cost"]["machines"]
    assert [each["why_gone"] for each in machines] == ["preempted"] * TIMES + ["deleted"], ended
