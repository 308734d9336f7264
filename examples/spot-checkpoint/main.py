"""Estimates pi by throwing darts at a square, in a thousand rounds. Started again, it goes on from its checkpoint."""

import csv
import json
import os
import random
from pathlib import Path

ROUNDS, DARTS, EVERY = 1000, 150_000, 10
CHECKPOINT = Path("checkpoints/rounds.json")
RESULTS = Path("outputs/estimates.csv")


def main() -> None:
    """Throw what is left to be thrown."""
    rounds, inside, dice = load()
    for number in range(rounds + 1, ROUNDS + 1):
        inside += throw(dice)
        estimate = 4 * inside / (number * DARTS)
        print(f"round {number}: pi is about {estimate:.6f}", flush=True)
        if number % EVERY == 0:
            note(number, estimate)
            save(number, inside, dice)


def throw(dice: random.Random) -> int:
    """How many of a round's darts hit the circle."""
    return sum(dice.random() ** 2 + dice.random() ** 2 < 1 for _ in range(DARTS))


def load() -> tuple[int, int, random.Random]:
    """How many rounds were thrown, how many darts hit, and the dice as they lay then."""
    dice = random.Random(0)
    if not CHECKPOINT.exists():
        return 0, 0, dice
    saved = json.loads(CHECKPOINT.read_text())
    version, state, gauss = saved["dice"]
    dice.setstate((version, tuple(state), gauss))
    return saved["rounds"], saved["inside"], dice


def save(rounds: int, inside: int, dice: random.Random) -> None:
    """Write a checkpoint beside the last one and put it in its place: there is always a whole one."""
    part = CHECKPOINT.with_suffix(".part")
    part.write_text(json.dumps({"rounds": rounds, "inside": inside, "dice": dice.getstate()}))
    os.replace(part, CHECKPOINT)


def note(number: int, estimate: float) -> None:
    """Write down an estimate, in the place of what is there of rounds that are thrown again."""
    known = list(csv.reader(RESULTS.open())) if RESULTS.exists() else [["round", "pi"]]
    rows = [row for row in known if not row[0].isdigit() or int(row[0]) < number]
    with RESULTS.open("w", newline="") as file:
        csv.writer(file).writerows([*rows, [number, f"{estimate:.6f}"]])


if __name__ == "__main__":
    main()
