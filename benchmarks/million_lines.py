"""A main.py that prints 1,000,000 lines: all of them, in order, in time and in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from benchmarks.measure import measure, verdict
from benchmarks.memory import Peaks
from benchmarks.place import CYNTHUS, Place, place

if TYPE_CHECKING:
    from collections.abc import Iterable

LINES = 1_000_000
MAIN = f'for number in range({LINES}):\n    print("line", number)\n'
TIME_LIMIT = 1.5
"""Of `python -u main.py | cat`."""
MEMORY_LIMIT = 100.0
"""MB."""


class Checker(threading.Thread):
    """Reads what a follower sees and counts the lines that are where they belong."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self.in_order = 0

    def run(self) -> None:
        self.in_order = count_in_order(self._stream)


def count_in_order(lines: Iterable[bytes]) -> int:
    """How many lines of main.py arrived before the first that is missing or out of place."""
    count = 0
    for line in lines:
        if line == b"line %d\n" % count:
            count += 1
    return count


def main() -> None:
    with place("hello") as there:
        (there.app / "main.py").write_text(MAIN)
        peer = measure(
            ("/bin/sh", "-c", '"$0" -u main.py | cat', sys.executable), cwd=there.app, environment=there.environment
        )
        peaks = Peaks(str(there.home))
        lines = follow(there, peaks)
        took = run_time(there)
    print(f"{'python -u main.py | cat':<44} {peer.wall:7.2f} s")
    print(f"{'from started to ended':<44} {took:7.2f} s")
    print(f"{'lines that arrived, in order':<44} {lines:>9,} of {LINES:,}")
    verdict("ratio", took / peer.wall, TIME_LIMIT, "")
    verdict("memory of the command line", peaks.command, MEMORY_LIMIT, "MB")
    verdict("memory of the agent's largest process", peaks.agent, MEMORY_LIMIT, "MB")


def follow(there: Place, peaks: Peaks) -> int:
    """Bring it up and read everything that it shows."""
    checkers: list[Checker] = []

    def watch(process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        checkers.append(Checker(process.stdout))
        checkers[0].start()
        peaks.watch(process.pid)

    argv = (CYNTHUS, "up", "-y")
    measure(argv, cwd=there.app, environment=there.environment, stdout=subprocess.PIPE, watch=watch)
    peaks.stop()
    checkers[0].join()
    return checkers[0].in_order


def run_time(there: Place) -> float:
    """Seconds from the run's start to its end, as its host recorded them."""
    argv = (CYNTHUS, "status", "--json")
    answer = subprocess.run(argv, cwd=there.app, env=there.environment, capture_output=True, check=True)
    run = json.loads(answer.stdout)["deployments"][0]["run"]
    began, ended = (datetime.fromisoformat(run[key]) for key in ("started_at", "ended_at"))
    return (ended - began).total_seconds()


if __name__ == "__main__":
    assert Path("/proc/self/status").exists(), "memory is read from /proc"
    main()
