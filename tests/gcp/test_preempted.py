"""A spot machine is taken back five times while main.py counts: the real provider, a simulated cloud, real hosts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.gcp.someone import Someone, someone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.journeys.user import Ended

pytestmark = [pytest.mark.hosts, pytest.mark.cloud, pytest.mark.timeout(900)]

TIMES = 5
ABRUPT = 2
"""Which of them comes without the time to save anything."""
MAIN = """\
import os, pathlib, time
here = pathlib.Path("checkpoints/count.txt")
done = int(here.read_text()) if here.exists() else 0
for number in range(done + 1, 1001):
    print(number, flush=True)
    pathlib.Path(f"outputs/{number // 100}.txt").write_text(str(number))
    pathlib.Path("checkpoints/.part").write_text(str(number))
    os.replace("checkpoints/.part", here)
    time.sleep(0.04)
"""
MORE = "runtime: venv\n"


@pytest.fixture(scope="module")
def person(bed: Bed, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Someone]:
    machines = bed.hosts(TIMES + 1)
    with someone(tmp_path_factory.mktemp("preempted"), google, machines) as made:
        yield made
    for machine in machines:
        bed.remove(machine)


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    folder = person.folder(main=MAIN, more=MORE)
    spec = folder / "cynthus.yaml"
    spec.write_text(spec.read_text().replace("zone: us-central1-a", "zone: us-central1-a, spot: true"))
    return folder


@pytest.fixture(scope="module")
def ended(person: Someone, app: Path) -> Ended:
    with person.user.typing("up", app, "-y") as typed:
        for number in range(TIMES):
            typed.until(f"\n{(number + 1) * 150}\n", timeout=240)
            (machine,) = person.cloud.instances()
            person.cloud.preempt(machine["name"])
            if number != ABRUPT:
                typed.until(f"attempt {number + 1} is over", timeout=60)
                time.sleep(3)
            person.cloud.advance(30)
        return typed.ended(timeout=300)


def test_it_ends_with_the_last_number(ended: Ended, app: Path) -> None:
    assert ended.code == 0, ended
    assert (app / "outputs/latest/10.txt").read_text() == str(LAST)


def test_each_line_of_the_log_is_shown_once_or_marked(ended: Ended) -> None:
    unmarked = [line for line in ended.out.splitlines() if not line.endswith("[cut off]") and "[again]" not in line]
    assert unmarked == [str(number) for number in range(1, LAST + 1)]


def test_the_log_can_be_read_later_in_the_same_way(person: Someone, app: Path, ended: Ended) -> None:
    said = person.user.cynthus("logs", app)
    unmarked = [line for line in said.out.splitlines() if not line.endswith("[cut off]") and "[again]" not in line]
    assert unmarked == [str(number) for number in range(1, LAST + 1)], ended


def test_no_output_is_missing(ended: Ended, app: Path) -> None:
    found = {path.name: path.read_text() for path in (app / "outputs/latest").glob("*.txt")}
    assert found == {f"{number}.txt": str(min(number * 100 + 99, LAST)) for number in range(11)}, ended


def test_no_attempt_began_at_the_beginning(ended: Ended) -> None:
    again = [line for line in ended.out.splitlines() if "[again]" in line]
    assert len(again) < 200, ended
