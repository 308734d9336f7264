"""Tells irises apart by the mean of their kind. Reads ./data/Iris.csv, writes how well that went to ./outputs."""

import csv
import json
from collections import defaultdict
from math import dist
from pathlib import Path
from statistics import fmean

Flower = tuple[str, tuple[float, ...]]


def read(file: Path) -> list[Flower]:
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    sizes = [name for name in rows[0] if name.endswith("Cm")]
    return [(row["Species"], tuple(float(row[name]) for name in sizes)) for row in rows]


def means(flowers: list[Flower]) -> dict[str, tuple[float, ...]]:
    by_kind = defaultdict(list)
    for kind, sizes in flowers:
        by_kind[kind].append(sizes)
    return {kind: tuple(fmean(column) for column in zip(*several)) for kind, several in by_kind.items()}


def main() -> None:
    flowers = read(Path("data/Iris.csv"))
    # Every third one is kept back, to see whether what was learnt from the others is true of it.
    learnt = means([each for number, each in enumerate(flowers) if number % 3])
    kept = flowers[::3]
    right = sum(min(learnt, key=lambda name: dist(learnt[name], sizes)) == kind for kind, sizes in kept)
    metrics = {"flowers": len(flowers), "kinds": sorted(learnt), "accuracy": round(right / len(kept), 3)}
    print(json.dumps(metrics))
    outputs = Path("outputs")
    outputs.mkdir(exist_ok=True)
    (outputs / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")


if __name__ == "__main__":
    main()
