"""`cynthus doctor` of a cloud project against the slowest single question in the same run, and what the same questions
add to `cynthus plan`. In the simulated cloud, each of whose answers takes as long as one of Google's, with the real
provider."""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import verdict
from benchmarks.place import CYNTHUS
from cynthus import settings
from cynthus.bootstrap import assemble, check_programs
from cynthus.cli.console import Console
from cynthus.operations.app import load_app
from cynthus.operations.doctor import doctor
from tests.gcp.someone import someone
from tests.terraform.google import provided

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.operations.tools import Tools
    from cynthus.testing.gcs_faults import Request
    from tests.gcp.someone import Someone

FASTEST, SLOWEST = 0.15, 0.30
"""Seconds that an answer takes."""
LIMIT = 2.0
"""Of the slowest question alone."""
MORE = 0.5
"""Seconds that a plan may take longer: one question that is not answered while Terraform plans is not to be seen."""


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="cynthus-benchmark-") as folder:
        place, tools = Path(folder) / "place", Path(folder) / "tools"
        place.mkdir()
        tools.mkdir()
        with someone(place, provided(tools)) as person:
            person.cloud.after(slowly)
            app = person.folder(main="print('never')\n", more="runtime: venv\n")
            compare(assembled(person), app, rounds)
            add(person, app, rounds)


def slowly(request: Request) -> None:
    """Take a while, the same for the same question every time."""
    time.sleep(FASTEST + (SLOWEST - FASTEST) * (zlib.crc32(request.path.encode()) % 1000) / 1000)


def assembled(person: Someone) -> Tools:
    """All that a command works with, for somebody who is not there."""
    own = settings.read(person.user.shell())
    silent = Console(io.StringIO(), io.StringIO(), color=False)
    return assemble(own, silent.progress, silent)


def compare(tools: Tools, app: Path, rounds: int) -> None:
    """All the checks together against each question of theirs alone."""
    target, spec = tools.targets.find("gcp"), load_app(tools, str(app)).spec
    ratios = []
    for _ in range(rounds):
        preflight = target.preflight(spec, target.place(spec, app / "infra"), target.roots)
        assert preflight is not None
        alone = {name: timed(question) for name, question in preflight.questions.items()}
        began = time.monotonic()
        found = doctor(tools, str(app), programs=lambda: check_programs(tools.settings))
        took = time.monotonic() - began
        assert not [each for each in found if each.level == "error"], found
        name = max(alone, key=lambda each: alone[each])
        print(f"{f'{len(alone)} questions, one after the other':<44} {sum(alone.values()):7.2f} s wall")
        print(f"{f'the slowest: {name}':<44} {alone[name]:7.2f} s wall")
        print(f"{'doctor':<44} {took:7.2f} s wall")
        ratios.append(took / alone[name])
    verdict("times the slowest question", statistics.median(ratios), LIMIT, "")


def timed(question: Callable[[], object]) -> float:
    began = time.monotonic()
    question()
    return time.monotonic() - began


def add(person: Someone, app: Path, rounds: int) -> None:
    """`plan` with the questions and without, in turn."""
    plan(person, app)
    costs: dict[str, list[float]] = {"off": [], "on": []}
    for _ in range(rounds):
        for each, taken in costs.items():
            taken.append(plan(person, app, CYNTHUS_PREFLIGHT=each))
    # The fastest of each: what else the machine does is in all of them.
    without, with_them = (min(costs[each]) for each in ("off", "on"))
    print(f"{'cynthus plan, without questions':<44} {without:7.2f} s wall")
    print(f"{'cynthus plan':<44} {with_them:7.2f} s wall")
    verdict("more for the questions", with_them - without, MORE, "s")


def plan(person: Someone, app: Path, **variables: str) -> float:
    began = time.monotonic()
    environment = person.user.shell(**variables)
    subprocess.run((CYNTHUS, "plan", app), cwd=app, env=environment, check=True, capture_output=True)
    return time.monotonic() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
