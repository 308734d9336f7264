"""500 MB of log and 10,000 output files through a connection that is cut every few seconds: all of it, to the byte."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.measure import measure, verdict
from benchmarks.memory import Peaks
from benchmarks.on_hosts import Hosts, on_hosts
from benchmarks.place import CYNTHUS

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTES = 500
FILES = 10_000
EVERY = 3.0
"""Seconds between two cuts."""
MEMORY_LIMIT = 200.0
"""MB."""
MAIN = """
import os, pathlib, random
outputs = pathlib.Path("outputs")
outputs.mkdir(exist_ok=True)
dice = random.Random(1)
for number in range({files}):
    (outputs / f"{{number:05}}.bin").write_bytes(dice.randbytes(dice.randrange(4096)))
line = "x" * 99 + "\\n"
for _ in range({megabytes} * 10):
    print(line * 1000, end="")
"""


def main(megabytes: int) -> None:
    with on_hosts() as hosts:
        hosts.write(MAIN.format(files=FILES, megabytes=megabytes))
        hosts.there.cynthus("up", "-y", "--detach")
        hosts.machines[0].line.cut_every(EVERY)
        peaks = Peaks(str(hosts.there.home))
        began = time.monotonic()
        measure(
            (CYNTHUS, "logs", "-f"), cwd=hosts.there.app, environment=hosts.there.environment, orphans=False,
            watch=lambda process: peaks.watch(process.pid),
        )
        hosts.there.cynthus("pull")
        took = time.monotonic() - began
        peaks.stop()
        hosts.machines[0].line.cut_every(0)
        wrong = differences(hosts)
    print(f"{'from the start to all of it at home':<44} {took:7.2f} s wall")
    print(f"{'log':<44} {megabytes:7,} MB")
    verdict("files, log among them, that differ", wrong, 0, "")
    verdict("memory of the command line", peaks.command, MEMORY_LIMIT, "MB")


def differences(hosts: Hosts) -> int:
    """How many files at home are not what they are on the host, or are missing."""
    argv = (CYNTHUS, "status", "--json")
    answer = subprocess.run(argv, cwd=hosts.there.app, env=hosts.there.environment, capture_output=True, check=True)
    found = json.loads(answer.stdout)["deployments"][0]
    run = found["run"]["id"]
    host = hosts.machines[0].path(f"/home/{hosts.machines[0].user}/.local/share/cynthus/{found['id']}/runs/{run}")
    log = sorted((hosts.there.app / ".cynthus").glob(f"*/runs/{run}/log*"))
    pairs = {host / "attempts/1/0/log": log[0] if log else hosts.there.app / "no log"}
    pairs |= {each: hosts.there.app / "outputs" / run / each.name for each in (host / "outputs").iterdir()}
    assert len(pairs) == FILES + 1, f"{len(pairs)} files on the host"
    return sum(digest(there) != digest(here) for there, here in pairs.items())


def digest(file: Path) -> str:
    """'' where there is none."""
    if not file.is_file():
        return ""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES)
