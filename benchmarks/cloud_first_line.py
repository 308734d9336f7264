"""`up` on Google Cloud with base there and no machine: from Enter to the first line of the log, beyond the
`terraform apply` of compute by hand, against a plain deploy play up to the start. In the simulated cloud, with the real
provider, on hosts of the test bed: those stand already when a machine is asked for, so the boot takes no time here.
Needs root."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.first_line import until_line
from benchmarks.measure import Cost, measure, tell, verdict
from benchmarks.place import CYNTHUS
from tests.bed.beds import Bed
from tests.bed.suite import usual
from tests.bed.tree import tree
from tests.gcp.someone import Someone, someone
from tests.terraform.google import provided
from tests.terraforms import installed

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 3.0
"""Of one plain run of the deploy play."""


def main(rounds: int) -> None:
    with somebody(1 + 2 * rounds) as person:
        app = person.folder(main="print('at the beginning')\n", more="runtime: venv\n")
        cynthus(person, app, "up")
        peer = deploy_by_hand(person, app)
        tell("ansible-playbook, the deploy play", peer)
        cynthus(person, app, "down")
        ratios = []
        for number in range(rounds):
            by_hand = terraform(person, app, "apply")
            terraform(person, app, "destroy")
            line = f"line {number}"
            (app / "main.py").write_text(f"print({line!r})\n")
            took = until_line((CYNTHUS, "up", app, "-y"), app, person.user.shell(), line)
            cynthus(person, app, "down")
            tell("terraform apply of compute", by_hand)
            print(f"{'cynthus up, until the first line':<44} {took:7.2f} s wall")
            ratios.append((took - by_hand.wall) / peer.wall)
        verdict("ratio", statistics.median(ratios), LIMIT, "")


@contextmanager
def somebody(machines: int) -> Iterator[Someone]:
    """With so many machines to be had, one after the other."""
    with Bed(tree(usual())) as bed, tempfile.TemporaryDirectory(prefix="cynthus-benchmark-") as folder:
        place, tools = Path(folder) / "place", Path(folder) / "tools"
        place.mkdir()
        tools.mkdir()
        with someone(place, provided(tools), bed.hosts(machines)) as person:
            yield person


def cynthus(person: Someone, app: Path, command: str) -> None:
    argv = (CYNTHUS, command, app, "-y")
    subprocess.run(argv, cwd=app, env=person.user.shell(), check=True, capture_output=True)


def deploy_by_hand(person: Someone, app: Path) -> Cost:
    """The play that brings an app, as a new run, on the machine that stands. It stops before the start: by hand nobody
    tells the agent that its storage is simulated, and it would look for Google's for seconds."""
    playbook = CYNTHUS.with_name("ansible-playbook")
    extra = json.dumps({"cynthus_run": "by-hand", "cynthus_start": False})
    argv = (playbook, "-i", "inventory.py", "ansible/playbooks/up.yml", "-e", extra)
    return measure(argv, cwd=app / "infra/gcp/compute", environment=person.user.shell(), orphans=False)


def terraform(person: Someone, app: Path, command: str) -> Cost:
    """Apply or destroy compute as somebody does who has rendered it once."""
    key = person.key.with_suffix(".pub").read_text().strip()
    keys = json.dumps([f"cynthus:{key}"])
    argv = (*installed()[0].argv, command, "-auto-approve", "-input=false", f"-var=ssh_keys={keys}")
    return measure(argv, cwd=app / "infra/gcp/compute", environment=person.user.shell(), orphans=False)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
