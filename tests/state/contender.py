"""A process of its own that takes locks, for tests to look at, to race against and to kill.

`python -m tests.state.contender hold LOCK` holds until its stdin is closed; it prints a line once it holds.
`python -m tests.state.contender race LOCK COUNTER ROUNDS` adds to the number in COUNTER as often, each time under the
lock, in two steps that another holder would spoil.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.core.clock import SystemClock
from cynthus.errors import Locked
from cynthus.state.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]


@contextlib.contextmanager
def contender(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", "tests.state.contender", *map(str, arguments)]
    with subprocess.Popen(argv, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def holding(lock: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the lock now."""
    with contender("hold", lock) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def hold(path: Path) -> None:
    with Lock(path, operation="up", clock=SystemClock(), beat_every=0.01):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()


def race(path: Path, counter: Path, rounds: int) -> None:
    won = 0
    while won < rounds:
        try:
            with Lock(path, operation="race", clock=SystemClock()):
                number = int(counter.read_text())
                time.sleep(0.002)
                counter.write_text(str(number + 1))
                won += 1
        except Locked:
            time.sleep(0.001)


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        hold(Path(sys.argv[2]))
    else:
        race(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
