"""Three zones have no machine left, the fourth has one: what a refusal costs `up`, from its line to that of the next,
against a `terraform apply` of the same root by hand that the same zone refuses. In the simulated cloud, with the real
provider, on hosts of the test bed. Needs root."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.cloud_first_line import somebody
from benchmarks.measure import verdict
from benchmarks.place import CYNTHUS
from cynthus.testing.gcp.places import REGIONS
from tests.terraforms import installed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gcp.someone import Someone

LIMIT = 1.2
"""Of one failed apply by hand."""
ZONES = REGIONS["us-central1"]


def main(rounds: int) -> None:
    with somebody(rounds) as person:
        app = person.folder(main="print('there')\n", more="runtime: venv\n")
        spec = app / "cynthus.yaml"
        spec.write_text(spec.read_text().replace("zone: us-central1-a", "region: us-central1"))
        cynthus(person, app, "prepare")
        terraform(person, app, "init")
        first, ratios = ZONES[0], []
        for number in range(rounds):
            # The zone that was the last one is where the next machine is asked for first.
            *refusing, last = (first, *(zone for zone in ZONES if zone != first))
            person.cloud.project.restock(last)
            for zone in refusing:
                person.cloud.project.sell_out(zone)
            by_hand = statistics.median(refused_by_hand(person, app, zone) for zone in refusing)
            (app / "main.py").write_text(f"print({number})\n")
            lost = per_refusal(person, app)
            print(f"{'terraform apply of compute, refused':<44} {by_hand:7.2f} s wall")
            print(f"{'cynthus up, from one refusal to the next':<44} {lost:7.2f} s wall")
            ratios.append(lost / by_hand)
            cynthus(person, app, "down")
            first = last
        verdict("ratio", statistics.median(ratios), LIMIT, "")


def per_refusal(person: Someone, app: Path) -> float:
    """Seconds between the lines that say where it goes on."""
    argv, moments = (CYNTHUS, "up", app, "-y"), list[float]()
    shell = person.user.shell()
    with subprocess.Popen(argv, cwd=app, env=shell, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if b": on to " in line:
                moments.append(time.monotonic())
    if process.returncode or len(moments) != len(ZONES) - 1:
        raise SystemExit(b"".join(lines).decode(errors="replace"))
    return (moments[-1] - moments[0]) / (len(moments) - 1)


def refused_by_hand(person: Someone, app: Path, zone: str) -> float:
    """Seconds that it takes to be told no."""
    began = time.monotonic()
    answer = terraform(person, app, "apply", "-auto-approve", f"-var=zone={zone}")
    took = time.monotonic() - began
    if not answer.returncode or b"does not have enough resources" not in answer.stderr:
        raise SystemExit(f"{zone} was to refuse:\n{answer.stderr.decode(errors='replace')}")
    return took


def terraform(person: Someone, app: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """In the root of the machines, as somebody types it."""
    argv, root = (*installed()[0].argv, *words, "-input=false", "-no-color"), app / "infra/gcp/compute"
    return subprocess.run(argv, cwd=root, env=person.user.shell(), check=False, capture_output=True)


def cynthus(person: Someone, app: Path, command: str) -> None:
    argv = (CYNTHUS, command, app, "-y")
    subprocess.run(argv, cwd=app, env=person.user.shell(), check=True, capture_output=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
