"""The example any-gpu: it takes whichever GPU of its list is to be had."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from cynthus.testing.gcp.places import REGIONS
from tests.bed.gpu import SMI, list_gpu, on_the_bus, program
from tests.gcp.someone import Someone, someone
from tests.journeys.user import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.journeys.user import Ended


def test_its_program_draws_without_a_gpu_too(tmp_path: Path) -> None:
    answer = run(Command((sys.executable, str(EXAMPLES / "any-gpu/main.py")), cwd=tmp_path), timeout=60)
    assert answer.returncode == 0, answer
    picture = (tmp_path / "outputs/mandelbrot.pgm").read_bytes()
    assert (picture[:15], len(picture)) == (b"P5 240 160 255\n", 15 + 240 * 160)


@pytest.fixture(scope="module")
def person(bed: Bed, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Someone]:
    """In their region there is no L4 left; the one machine that is to be had has a T4."""
    (machine,) = bed.hosts(1)
    program(machine, "nvidia-smi", SMI.replace("NVIDIA L4", "Tesla T4"))
    list_gpu(machine)
    on_the_bus(machine)
    with someone(tmp_path_factory.mktemp("any-gpu"), google, [machine], GOOGLE_ZONE="us-central1-a") as made:
        for zone in REGIONS["us-central1"]:
            made.cloud.project.sell_out(zone, "g2-standard-4")
        yield made
    bed.remove(machine)


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    """The example, which needs neither Docker nor PyTorch here, in one region: others are tried elsewhere."""
    folder = shutil.copytree(EXAMPLES / "any-gpu", person.user.place / "any-gpu")
    spec = folder / "cynthus.yaml"
    written = spec.read_text().replace("resources:", "resources:\n  region: us-central1")
    spec.write_text(f"{written}runtime: venv\ngcp: {{key: {person.key}}}\n")
    return folder


@pytest.fixture(scope="module")
def first(person: Someone, app: Path) -> Ended:
    return person.user.cynthus("up", app, "-y", timeout=240)


@pytest.mark.hosts
@pytest.mark.cloud
def test_where_no_l4_is_left_it_runs_on_a_t4(first: Ended, app: Path) -> None:
    assert first.code == 0, first
    assert json.loads((app / "outputs/latest/report.json").read_text())["gpus"] == ["580.95.05, Tesla T4"]
    assert "L4:1: us-central1-c has none left: on to n1-standard-4 with T4:1 in us-central1-a" in first.err


@pytest.mark.hosts
@pytest.mark.cloud
def test_while_it_stands_nobody_wants_another_one(person: Someone, first: Ended, app: Path) -> None:
    for zone in REGIONS["us-central1"]:
        person.cloud.project.restock(zone)
    answer = person.user.cynthus("plan", app, "--detailed-exitcode")
    assert (first.code, answer.code) == (0, 0), answer
