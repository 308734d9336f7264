"""A second `up`, with nothing changed, against the work by hand."""

from __future__ import annotations

import sys

from benchmarks.measure import median, tell, verdict
from benchmarks.place import place

WALL_LIMIT = 0.5
"""Of the wall time by hand."""
CPU_LIMIT = 1.5
"""Seconds."""


def main(rounds: int) -> None:
    """The work by hand is measured the first time and again, with nothing to do but to run main.py."""
    with place("hello") as there:
        there.cynthus("render", "-y")
        first = there.by_hand()
        again = median([there.by_hand() for _ in range(rounds)])
    with place("hello") as there:
        there.cynthus("up", "-y")
        ours = median([there.cynthus("up", "-y") for _ in range(rounds)])
    tell("by hand, the first time", first)
    tell("by hand, again", again)
    tell("cynthus up, unchanged", ours)
    print(f"{'ratio to by hand, the first time':<44} {ours.wall / first.wall:7.2f}")
    verdict("ratio to by hand, again", ours.wall / again.wall, WALL_LIMIT, "")
    verdict("CPU", ours.cpu, CPU_LIMIT, "s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
