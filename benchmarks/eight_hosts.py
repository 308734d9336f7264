"""A changed main.py on eight hosts: `up` against a plain deploy play with as many forks, and what memory it takes."""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING

from benchmarks.measure import measure, tell, verdict
from benchmarks.memory import Peaks
from benchmarks.on_hosts import Hosts, on_hosts
from benchmarks.place import CYNTHUS

if TYPE_CHECKING:
    import subprocess

    from benchmarks.measure import Cost

HOSTS = 8
LIMIT = 1.2
"""Of the wall time of a plain deploy play."""
MEMORY_LIMIT = 200.0
"""MB."""


def main(rounds: int) -> None:
    with on_hosts(HOSTS) as hosts:
        hosts.write("print('at the beginning')\n")
        hosts.there.cynthus("up", "-y")
        ratios, peaks = [], []
        for number in range(rounds):
            hosts.write(f"print('by hand {number}')\n")
            peer = hosts.deploy_by_hand()
            hosts.write(f"print({number})\n")
            ours, peak = deployed(hosts)
            tell("ansible-playbook, the deploy play", peer)
            tell("cynthus up --detach", ours)
            ratios.append(ours.wall / peer.wall)
            peaks.append(peak)
    verdict("ratio", statistics.median(ratios), LIMIT, "")
    verdict("memory of the command line", max(peaks), MEMORY_LIMIT, "MB")


def deployed(hosts: Hosts) -> tuple[Cost, float]:
    """What an `up` costs until all have started, and the most memory that it took."""
    peaks = Peaks(str(hosts.there.home))

    def watch(process: subprocess.Popen[bytes]) -> None:
        peaks.watch(process.pid)

    argv = (CYNTHUS, "up", "-y", "--detach")
    cost = measure(argv, cwd=hosts.there.app, environment=hosts.there.environment, watch=watch, orphans=False)
    peaks.stop()
    return cost, peaks.command


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
