"""Tries all pairs of two hyper-parameters, each in a task of its own, on whatever machines the Ray cluster has."""

import csv
import itertools
import json
import math
import random
from pathlib import Path

import ray

RATES = (0.01, 0.1, 1.0, 10.0)
DECAYS = (0.0, 0.001, 0.01, 0.1)
EPOCHS = 30


def points(seed: int, count: int = 200) -> list[tuple[float, float, int]]:
    """Points of two kinds, on either side of a slanted line, a tenth of them on the wrong one."""
    draw = random.Random(seed)
    drawn = [(draw.uniform(-1, 1), draw.uniform(-1, 1)) for _ in range(count)]
    return [(x, y, int((2 * x - y > 0.3) != (draw.random() < 0.1))) for x, y in drawn]


def chance(weights: list[float], x: float, y: float) -> float:
    score = weights[0] * x + weights[1] * y + weights[2]
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


@ray.remote(num_cpus=1, scheduling_strategy="SPREAD")
def train(rate: float, decay: float) -> dict[str, object]:
    """Logistic regression by gradient descent; how good it is, on points that it has not seen."""
    weights = [0.0, 0.0, 0.0]
    for _ in range(EPOCHS):
        for x, y, kind in points(seed=1):
            wrong = chance(weights, x, y) - kind
            weights = [w - rate * (wrong * part + decay * w) for w, part in zip(weights, (x, y, 1.0))]
    unseen = points(seed=2, count=1000)
    right = sum((chance(weights, x, y) > 0.5) == bool(kind) for x, y, kind in unseen)
    return {"rate": rate, "decay": decay, "accuracy": right / len(unseen), "node": ray.util.get_node_ip_address()}


def main() -> None:
    ray.init()
    there = [node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]]
    print(f"{len(RATES) * len(DECAYS)} trainings on {len(there)} machine(s)", flush=True)

    waiting = [train.remote(rate, decay) for rate, decay in itertools.product(RATES, DECAYS)]
    results = []
    while waiting:
        done, waiting = ray.wait(waiting)
        result = ray.get(done[0])
        print("rate {rate:<5} decay {decay:<5} accuracy {accuracy:.3f} on {node}".format(**result), flush=True)
        results.append(result)

    results.sort(key=lambda each: (-each["accuracy"], each["rate"], each["decay"]))
    outputs = Path("outputs")
    with (outputs / "results.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, fieldnames=list(results[0]))
        table.writeheader()
        table.writerows(results)
    (outputs / "best.json").write_text(json.dumps({**results[0], "machines": len(there)}, indent=2) + "\n")


if __name__ == "__main__":
    main()
