"""The roll call of a Ray cluster: which of its nodes have joined, each known by its rank."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_PROGRAM = """
import json, os, sys, time
import ray
ray.init(address=os.environ["RAY_ADDRESS"], logging_level="ERROR", log_to_driver=False)
wanted = set(sys.argv[2].split(","))
while True:
    there = {node["NodeName"] for node in ray.nodes() if node["Alive"]}
    with open(sys.argv[1] + ".new", "w") as file:
        json.dump(sorted(wanted - there), file)
    os.replace(sys.argv[1] + ".new", sys.argv[1])
    if wanted <= there:
        break
    time.sleep(0.3)
"""
"""Asks the cluster itself who is there; Ray has no command for that which needs no dashboard."""


def name(rank: int) -> str:
    """What the node of a host is called."""
    return f"rank-{rank}"


def call(missing: Path, count: int) -> tuple[str, ...]:
    """The command that ends once the nodes of so many hosts are there; until then the file says who is missing."""
    return "python", "-c", _PROGRAM, str(missing), ",".join(name(rank) for rank in range(count))


def absent(missing: Path, addresses: Sequence[str]) -> str:
    """Who has not come, in words."""
    ranks = [int(each.rpartition("-")[2]) for each in _listed(missing)]
    told = [f"rank {rank} ({addresses[rank]})" for rank in ranks]
    return f"missing: {', '.join(told)}" if told else "it does not say who is there"


def _listed(file: Path) -> list[str]:
    try:
        return [str(each) for each in json.loads(file.read_bytes())]
    except (OSError, ValueError):
        return []
