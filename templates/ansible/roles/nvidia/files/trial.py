"""Asks the GPUs of a host whether they work: on the host, and in a container. Prints one JSON object on one line.

What fails is printed in the host's own words, and the exit code is 1: the role knows what they mean.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from host import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACCESS = {"cdi": ("--device", "nvidia.com/gpu=all"), "gpus": ("--gpus", "all")}
_PULL = 600.0
"""Seconds for a container, with the pull of its image."""


class Failed(Exception):
    """What was said where something did not work."""


def trial(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The GPUs that answered, and how a container gets them ("" where that was not asked).

    Raises:
        Failed: one of them does not work.
    """
    gpus = listed(*ask("nvidia-smi", "-L", timeout=120))
    if len(gpus) < asked["wanted"]:
        raise Failed(f"{asked['wanted']} GPUs are asked for, and the driver has {len(gpus)}{_kernel()}")
    if asked["switches"]:
        fabric()
    return {"gpus": gpus, "access": access(asked["image"], len(gpus)) if asked["image"] else ""}


def listed(code: int, out: str, err: str) -> list[str]:
    """The lines of `nvidia-smi -L`, one a GPU."""
    lines = [line for line in out.splitlines() if "UUID" in line]
    if code or not lines:
        raise Failed(f"nvidia-smi (exit code {code}): {(out + err).strip()}{_kernel()}")
    return lines


def fabric() -> None:
    """See that the switches between the GPUs are set up."""
    out = ask("nvidia-smi", "-q", timeout=120).out
    states = [lines.split(":")[1].strip() for lines in _section(out, "Fabric") if lines.strip().startswith("State")]
    if any(state not in ("Completed", "N/A") for state in states):
        raise Failed(f"Fabric State: {', '.join(states)}")


def _section(text: str, name: str) -> list[str]:
    """The line after each heading `name`."""
    lines = text.splitlines()
    return [after for line, after in itertools.pairwise(lines) if line.strip() == name]


def access(image: str, expected: int) -> str:
    """The first way in which a container sees as many GPUs as the host."""
    said = []
    for name, options in _ACCESS.items():
        code, out, err = ask("docker", "run", "--rm", *options, image, "nvidia-smi", "-L", timeout=_PULL)
        if code == 0 and out.count("UUID") == expected:
            return name
        said.append(f"docker run {' '.join(options)} {image} nvidia-smi -L (exit code {code}): {(out + err).strip()}")
    raise Failed("\n".join(said))


def _kernel() -> str:
    """The last things that the kernel said about NVIDIA's driver."""
    lines = [line for line in ask("dmesg").out.splitlines() if "NVRM" in line or "nvidia" in line.lower()]
    return "\n" + "\n".join(lines[-10:]) if lines else ""


def main(asked: str) -> None:
    """Try what `asked`, a JSON object, names, and print what came of it."""
    wish = json.loads(asked)
    os.environ["PATH"] = os.pathsep.join(filter(None, (os.environ.get("PATH", ""), wish["path"])))
    try:
        sys.stdout.write(json.dumps(trial(wish)) + "\n")
    except Failed as failure:
        sys.stdout.write(f"{failure}\n")
        sys.exit(1)
