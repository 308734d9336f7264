"""What `plan` for Google Cloud costs before Terraform has anything to do: the machine is chosen, the cloud project is
looked at, both roots are rendered. In a simulated cloud; in place of Terraform is a program that reads what its parent
has used so far."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.measure import verdict
from benchmarks.place import CYNTHUS, place
from cynthus.testing.gcp import SimulatedCloud

if TYPE_CHECKING:
    from benchmarks.place import Place

LIMIT = 0.4
"""Seconds of CPU."""
WORDS = ("plan", "--target", "gcp", "--json")

STUB = """#!/bin/sh
if [ "$1" = version ]; then
    echo '{"terraform_version": "1.14.0", "platform": "linux_amd64", "provider_selections": {}}'
    exit 0
fi
[ -e "$0.used" ] || awk -v ticks="$(getconf CLK_TCK)" '{ print ($14 + $15) / ticks }' "/proc/$PPID/stat" > "$0.used"
exit 1
"""
"""It answers what version it is, and at the first real question writes down the CPU of who asks."""


def once(there: Place, cloud: SimulatedCloud) -> float:
    """Seconds of CPU of one `plan` up to there."""
    stub = there.home / "terraform"
    used = stub.with_name("terraform.used")
    stub.write_text(STUB)
    stub.chmod(0o755)
    used.unlink(missing_ok=True)
    more = {"CYNTHUS_TERRAFORM": str(stub), "GOOGLE_ZONE": "us-central1-a", "NO_GCE_CHECK": "true"}
    environment = {**there.environment, **cloud.environment(), **more}
    ended = subprocess.run((CYNTHUS, *WORDS), cwd=there.app, env=environment, capture_output=True, check=False)
    if not used.exists():
        raise SystemExit(f"cynthus plan came to no question for Terraform:\n{ended.stderr.decode()}")
    return float(used.read_text())


def main(rounds: int) -> None:
    with place("hello") as there:
        cloud = SimulatedCloud(there.home / "cloud")
        with cloud.serving():
            # The first one makes a key for SSH and renders everything anew.
            costs = [once(there, cloud) for _ in range(rounds + 1)]
    verdict("cynthus plan, before Terraform, the first", costs[0], LIMIT, "s CPU")
    verdict("cynthus plan, before Terraform, another", min(costs[1:]), LIMIT, "s CPU")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
