"""What it costs to be asked something small."""

from __future__ import annotations

import sys

from benchmarks.measure import Cost, measure, verdict
from benchmarks.place import Place, place

LIMITS = {"--help": 0.15, "--version": 0.15, "status": 0.3, "gpus": 0.4}
"""Seconds of CPU."""


def fastest(costs: list[Cost]) -> Cost:
    """What disturbs a process only ever makes it slower."""
    return min(costs, key=lambda cost: cost.cpu)


def peer(there: Place, *words: str) -> Cost:
    return measure(words, cwd=there.app, environment=there.environment)


def main(rounds: int) -> None:
    with place("hello") as there:
        python = fastest([peer(there, sys.executable, "-c", "") for _ in range(rounds)])
        click = fastest([peer(there, sys.executable, "-c", "import click") for _ in range(rounds)])
        ansible = fastest([peer(there, "ansible-playbook", "--version") for _ in range(3)])
        there.cynthus("up", "-y")
        found = {word: fastest([there.cynthus(word) for _ in range(rounds)]) for word in LIMITS}
    for name, cost in (("python -c ''", python), ("import click", click), ("ansible-playbook --version", ansible)):
        print(f"{name:<44} {cost.cpu:7.3f} s CPU")
    for word, limit in LIMITS.items():
        cost = found[word]
        verdict(f"cynthus {word}", cost.cpu, limit, "s CPU")
        print(f"{'  ratio to ansible-playbook --version':<44} {cost.cpu / ansible.cpu:7.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
