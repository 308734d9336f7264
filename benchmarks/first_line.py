"""`up` on a ready host, with a changed main.py: until the first line of the log, against a plain deploy play."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.measure import tell, verdict
from benchmarks.on_hosts import Hosts, on_hosts
from benchmarks.place import CYNTHUS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import IO

LIMIT = 3.0
"""Of one plain run of the deploy play."""


def main(rounds: int) -> None:
    with on_hosts() as hosts:
        hosts.write("print('at the beginning')\n")
        hosts.there.cynthus("up", "-y")
        ratios = []
        for number in range(rounds):
            hosts.write(f"print('by hand {number}')\n")
            peer = hosts.deploy_by_hand()
            took = first_line(hosts, f"line {number}")
            tell("ansible-playbook, the deploy play", peer)
            print(f"{'cynthus up, until the first line':<44} {took:7.2f} s wall")
            ratios.append(took / peer.wall)
    verdict("ratio", statistics.median(ratios), LIMIT, "")


def first_line(hosts: Hosts, line: str) -> float:
    """Seconds from the command to the line of main.py on the screen."""
    hosts.write(f"print({line!r})\n")
    return until_line((CYNTHUS, "up", "-y"), hosts.there.app, hosts.there.environment, line)


def until_line(argv: Sequence[str | Path], cwd: Path, environment: Mapping[str, str], line: str) -> float:
    """Seconds from a command to a line on its screen; it is left to end."""
    began = time.monotonic()
    with subprocess.Popen(
        argv, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as command:
        assert command.stdout is not None
        wait_for(command.stdout, line.encode())
        took = time.monotonic() - began
        command.stdout.read()
    assert command.returncode == 0, f"exit code {command.returncode}"
    return took


def wait_for(stream: IO[bytes], line: bytes) -> None:
    """Read until a line."""
    for each in stream:
        if each.strip() == line:
            return
    raise AssertionError(f"{line!r} never came")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
