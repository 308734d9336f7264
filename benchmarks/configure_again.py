"""The play that makes hosts ready, again on one that is: it changes nothing, and costs little more than without us."""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

from benchmarks.measure import tell, verdict
from benchmarks.on_hosts import Hosts, on_hosts
from cynthus import settings
from cynthus.ansible.adapter import AnsibleRunner

LIMIT = 1.3
"""Of the wall time of a plain `ansible-playbook` with the same roles."""


def main(rounds: int) -> None:
    with on_hosts(docker=True) as hosts:
        hosts.write("print('at the beginning')\n")
        hosts.there.cynthus("up", "-y")
        hosts.playbook("configure", {})
        ratios, changed = [], 0
        for _ in range(rounds):
            peer = hosts.playbook("configure", {})
            took, changes = ours(hosts)
            tell("ansible-playbook, the play configure", peer)
            print(f"{'the same by Cynthus':<44} {took:7.2f} s wall")
            ratios.append(took / peer.wall)
            changed += changes
    verdict("ratio", statistics.median(ratios), LIMIT, "")
    verdict("tasks that changed something", changed, 0, "")


def ours(hosts: Hosts) -> tuple[float, int]:
    """Seconds that the play takes as Cynthus runs it, and how many of its tasks changed something."""
    os.environ.update(hosts.there.environment)
    root = hosts.there.app / "infra/ssh/compute"
    began = time.monotonic()
    result = AnsibleRunner(settings.read(os.environ)).play(
        root / "ansible/playbooks/configure.yml", inventory=root / "inventory.py", extravars={}, activity=_nobody
    )
    return time.monotonic() - began, sum(task.changed for task in result.tasks)


def _nobody(_: str) -> None:
    """Who looks at what is being done."""


if __name__ == "__main__":
    assert Path("/run").is_dir(), "the test bed needs Linux"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
