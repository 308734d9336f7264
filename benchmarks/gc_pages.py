"""What `gc` takes for 100, 1,000 and 10,000 resources of deployments that no record claims: time and memory.

The cloud is simulated, in a process of its own, and each size is gone through by a fresh process. Looked through are
all kinds of things, removed are secrets and buckets: to remove a network, the simulation looks among all things for who
uses it. Of a thousand things of all kinds no list fills a page, so a page's worth of memory more is none that grows.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import tracemalloc
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import verdict
from cynthus.process import Command, run
from cynthus.testing.gcp import SimulatedCloud
from cynthus.testing.gcp.operations import GOOGLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from cynthus.operations.tools import Tools
    from cynthus.testing.gcp.store import Store

SIZES = (100, 1_000, 10_000)
OWNER = "bench"
P = "projects/rehearsal"
REGION = f"{P}/regions/us-central1"
OLD = (datetime.now(UTC) - timedelta(days=2)).isoformat(timespec="milliseconds")


def main() -> None:
    figures = {(what, size): measured(what, size) for what in ("look", "remove") for size in SIZES}
    for (what, size), found in figures.items():
        print(
            f"{what:<7} {size:>6} resources {found['wall']:8.2f} s wall {found['cpu']:7.2f} s CPU "
            f"{found['cpu'] / size * 1000:6.2f} ms CPU each  {found['resident']:6.1f} MB resident  "
            f"{found['traced']:5.2f} MB traced"
        )
    times = SIZES[-1] / SIZES[-2]
    for what in ("look", "remove"):
        few, many = (figures[what, size] for size in SIZES[-2:])
        more = (many["cpu"] - many["base"]) / (few["cpu"] - few["base"])
        verdict(f"{what}: CPU of {times:g} times as many", more, 1.2 * times, "times")
        verdict(f"{what}: memory of {times:g} times as many", many["traced"] - few["traced"], 2, "MB")


def measured(what: str, size: int) -> dict[str, float]:
    """One size, once as it is and once with a look at its memory, which takes time."""
    found: dict[str, float] = {}
    for traced in ("", "traced"):
        with apart(what, size) as environment, tempfile.TemporaryDirectory() as home:
            usual = {"PATH": os.environ["PATH"], "HOME": home, "LOGNAME": OWNER, **environment}
            argv = (sys.executable, "-m", "benchmarks.gc_pages", what, traced)
            answer = run(Command(argv, Path(__file__).parents[1], usual))
        if answer.returncode:
            raise SystemExit(answer.stderr.decode())
        told = json.loads(answer.stdout)
        if told["count"] != size:
            raise SystemExit(f"{told['count']} of {size} were found")
        found = {**told, **found}
        found["traced"] = told["traced"]
    return found


@contextmanager
def apart(what: str, size: int) -> Iterator[dict[str, str]]:
    """A cloud with so much in it, and how it is asked."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, what, size), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join()


def _serve(line: Connection, what: str, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cloud = SimulatedCloud(Path(folder) / "cloud")
        with cloud.world.store.change():
            (everything if what == "look" else secrets_and_buckets)(cloud.world.store, size)
        with cloud.serving():
            line.send(cloud.environment())
            line.recv()


def everything(store: Store, size: int) -> None:
    """Ten things of each deployment."""
    for number in range(size // 10):
        id_ = f"bench-{number:06x}"
        link = {"network": f"{GOOGLE}{P}/global/networks/{id_}"}
        for kind, key, rest in (
            ("networks", f"{P}/global/networks/{id_}", {}),
            ("subnetworks", f"{REGION}/subnetworks/{id_}", link),
            ("routers", f"{REGION}/routers/{id_}", link),
            ("firewalls", f"{P}/global/firewalls/{id_}-ssh", link),
            ("firewalls", f"{P}/global/firewalls/{id_}-hosts", link),
        ):
            said = f"Thing of the deployment {id_}, made by Cynthus."
            put(store, kind, key, description=said, selfLink=GOOGLE + key, **rest)
        account = f"{id_}-vm@rehearsal.iam.gserviceaccount.com"
        said = f"Made by Cynthus for the deployment {id_}: its machines run as this account."
        put(store, "accounts", account, email=account, uniqueId=str(number), description=said)
        put(store, "repositories", f"{P}/locations/us-central1/repositories/{id_}", labels=labels(id_))
        secret(store, id_)
        machine = f"{P}/zones/us-central1-a/instances/{id_}-host-0"
        put(store, "instances", machine, labels=labels(id_), status="TERMINATED")
        bucket(store, f"cynthus-{id_}-out", id_)


def secrets_and_buckets(store: Store, size: int) -> None:
    """Two things of each deployment."""
    for number in range(size // 2):
        secret(store, f"bench-{number:06x}")
        bucket(store, f"cynthus-bench-{number:06x}-out", f"bench-{number:06x}")


def secret(store: Store, deployment: str) -> None:
    put(store, "secrets", f"{P}/secrets/{deployment}-TOKEN", labels=labels(deployment))


def bucket(store: Store, name: str, deployment: str) -> None:
    made = {"timeCreated": OLD, "generation": deployment}
    put(store, "buckets", name, location="US-CENTRAL1", labels=labels(deployment), **made)


def labels(deployment: str) -> dict[str, str]:
    return {"cynthus-deployment": deployment, "cynthus-owner": OWNER}


def put(store: Store, kind: str, key: str, **fields: Any) -> None:
    """Something of two days ago."""
    name = key if kind in ("accounts", "repositories", "secrets") else key.rpartition("/")[2]
    times = {"creationTimestamp": OLD, "createTime": OLD}
    store.put(kind, key, {"id": key, "name": name, **times, **fields})


def go_through(what: str, *, traced: bool) -> dict[str, float]:
    """In a process of its own."""
    from cynthus import settings
    from cynthus.bootstrap import assemble
    from cynthus.cli.console import Console

    with open(os.devnull, "w") as nowhere:
        console = Console(nowhere, nowhere, color=False)
        return timed(assemble(settings.read(os.environ), console.progress, console), what, traced=traced)


def timed(tools: Tools, what: str, *, traced: bool) -> dict[str, float]:
    from cynthus.operations.gc import Swept, Wanted, gc

    counts: list[int] = []

    def show(swept: Swept) -> None:
        counts.append(sum(1 for _ in swept.found))

    base = time.process_time()
    if traced:
        tracemalloc.start()
    began = time.monotonic()
    gc(tools, Wanted(dry_run=what == "look", yes=True), show=show)
    return {
        "count": counts[0],
        "wall": time.monotonic() - began,
        "cpu": time.process_time(),
        "base": base,
        "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        "traced": tracemalloc.get_traced_memory()[1] / 1e6 if traced else 0.0,
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(go_through(sys.argv[1], traced="traced" in sys.argv)))
    else:
        main()
