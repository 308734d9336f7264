"""Runs a command and tells what it cost, with everything that it started and left behind."""

from __future__ import annotations

import ctypes
import os
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Cost:
    """Seconds. `cpu` covers detached processes too, `own` only the command and what it waited for."""

    wall: float
    cpu: float
    own: float


def measure(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdout: int | None = subprocess.DEVNULL,
    watch: Callable[[subprocess.Popen[bytes]], None] | None = None,
    orphans: bool = True,
) -> Cost:
    """Run to the end; `watch` is given the process once it has started. What it prints is shown where it fails.

    Without `orphans` nobody waits for what it leaves behind, whose time does not count then.

    Raises:
        SystemExit: the command failed, so there is nothing to measure.
    """
    if orphans:
        adopt_orphans()
    before, began = _children(), time.monotonic()
    process = subprocess.Popen(argv, cwd=cwd, env=environment, stdout=stdout, stderr=subprocess.DEVNULL)
    if watch:
        watch(process)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, argv))}: exit code {process.returncode}")
    if orphans:
        wait_for_orphans()
    return Cost(wall, _children() - before, usage.ru_utime + usage.ru_stime)


def adopt_orphans() -> None:
    """Let what detaches itself from a command become our child, so that its time is counted."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for_orphans() -> None:
    """Wait until nothing is left of the command."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def median(costs: Sequence[Cost]) -> Cost:
    """The middle of several, each figure by itself."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.own for cost in costs),
    )


def tell(what: str, cost: Cost) -> None:
    """One line of figures."""
    print(f"{what:<44} {cost.wall:7.2f} s wall  {cost.cpu:6.2f} s CPU  ({cost.own:.2f} s without what it detached)")


def verdict(what: str, value: float, limit: float, unit: str) -> None:
    """A figure beside its limit."""
    word = "holds" if value <= limit else "DOES NOT HOLD"
    print(f"{what:<44} {value:7.4g} {unit:<6} limit {limit:g}: {word}")


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
