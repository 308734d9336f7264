"""Looks at a host and prints what it is and what the roles docker, nvidia and lingering would change: one JSON object,
on one line.

    python3 survey.py '{}'
    python3 survey.py '{"docker": {"source": "auto", ...}, "nvidia": {...}}'

What can be wished is in the role's meta/argument_specs.yml. Without a wish for Docker, NVIDIA or lingering it only
tells what is there. It changes nothing and needs no root. Where only root can tell, it says `needs_root`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine as engines
import engine_plan
import gpus
import gpus_plan
import lingering
from findings import Findings
from host import Host, cloud_init, this_user

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/snap/bin:/usr/lib/apt"
"""Where a session over SSH does not look for programs of itself."""


def survey(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Everything about this host, and what would be changed for `wish`."""
    cloud_init(wish.get("wait") or 0)
    host = Host(Path(wish.get("root") or "/"), wish.get("user") or this_user())
    docker = engines.look(host, wish.get("patience") or 0)
    asked = wish.get("nvidia") or {}
    nvidia = gpus.look(host, Path(asked.get("pci") or "/sys/bus/pci/devices"), asked.get("generations") or [])
    blind = engines.only_root_can_tell(docker)
    found = [Findings("docker"), Findings("nvidia"), Findings("lingering")]
    if wish.get("docker") and not blind:
        docker["plan"] = engine_plan.plan(host, wish["docker"], docker, found[0])
    if asked and not blind:
        nvidia["plan"] = gpus_plan.plan(host, asked, nvidia, docker, found[1])
    facts = host.facts()
    if wish.get("lingering") and facts["sudo"] != "not at all":
        lingering.plan(host, found[2])
    if facts["sudo"] == "not at all":
        for findings in found:
            _powerless(host.user, docker if blind and findings.role == "docker" else None, findings)
    return {
        "host": facts,
        "docker": docker,
        "nvidia": nvidia,
        "changes": [change for each in found for change in each.changes],
        "problems": [problem for each in found for problem in each.problems],
        "needs_root": blind and facts["sudo"] != "not at all",
    }


def _powerless(user: str, hidden: Mapping[str, Any] | None, findings: Findings) -> None:
    """Say what is out of reach for a user who may not become root."""
    if hidden is not None:
        findings.problem(
            f"{user} may not use the Docker Engine of this host: {hidden['said']}",
            f"have somebody who may run `sudo gpasswd --add {user} docker` there",
        )
    if findings.changes:
        findings.problem(
            f"{user} may not become root, so nothing can be installed",
            "connect as a user who may use sudo, or have it installed by somebody who may",
        )


def main(wish: str) -> None:
    """Print what `wish`, a JSON object, asks for."""
    asked = json.loads(wish)
    os.environ["PATH"] = os.pathsep.join(filter(None, (os.environ.get("PATH", ""), asked.get("path", PROGRAMS))))
    sys.stdout.write(json.dumps(survey(asked)) + "\n")


if __name__ == "__main__":
    main("".join(sys.argv[1:2]) or "{}")
