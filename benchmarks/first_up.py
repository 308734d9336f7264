"""The first `up` of examples/hello against the same by hand."""

from __future__ import annotations

import statistics
import sys

from benchmarks.measure import Cost, median, tell, verdict
from benchmarks.place import place

LIMIT = 1.0
"""Seconds of CPU above the work by hand."""


def once() -> tuple[Cost, Cost]:
    """By hand and by `cynthus up`, each in a fresh place."""
    with place("hello") as there:
        there.cynthus("render", "-y")
        by_hand = there.by_hand()
    with place("hello") as there:
        return by_hand, there.cynthus("up", "-y")


def main(rounds: int) -> None:
    """Alternate, so that a change of the machine's pace meets both."""
    once()  # Nobody measures how fast a disk reads our files for the first time.
    pairs = [once() for _ in range(rounds)]
    by_hand, ours = median([pair[0] for pair in pairs]), median([pair[1] for pair in pairs])
    tell("by hand", by_hand)
    tell("cynthus up", ours)
    print(f"{'ratio of the wall times':<44} {ours.wall / by_hand.wall:7.2f}")
    # Of each pair, for the machine's pace may change between two pairs by more than what is measured.
    beyond = statistics.median(ours.cpu - by_hand.cpu for by_hand, ours in pairs)
    verdict("CPU above the work by hand", beyond, LIMIT, "s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
