"""A run as a plain process in a Python environment."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cynthus.agent import cluster, hub_cache, links, ports, processes, surroundings
from cynthus.agent.fellows import ALONE, Fellows
from cynthus.agent.supervisor import Launch
from cynthus.process import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import Home, RunFolder
    from cynthus.agent.spec import Spec
    from cynthus.agent.version import Version


def launch(
    home: Home, spec: Spec, run: RunFolder, attempt: Attempt, ready: Version,
    environment: Mapping[str, str], secrets: Mapping[str, str], fellows: Fellows = ALONE,
    devices: tuple[int, ...] = (),
) -> Launch:
    """What to start, with everything in place that it needs.

    Raises:
        Failure: the environment is not there, a link cannot be where it must, or a port is taken.
        OSError: a folder cannot be made.
    """
    ports.expect(attempt, spec.ports, inside=False)
    links.make(home, spec, run, ready)
    folder = home.environment(ready.environment).folder
    others = {**cluster.variables(spec, run.id, fellows), **hub_cache.variables(spec, home.hub)}
    variables = {
        **_visible(devices),
        **surroundings.in_environment(spec, run, folder, environment, others),
        **secrets, processes.MARK: attempt.label,
    }
    scratch = cluster.make_folder(attempt) if spec.engine else ""
    words = cluster.command(spec, run.id, fellows, sys.executable, str(home.program), scratch)
    if spec.preprocess:
        words = _prepared(home, spec, run, attempt, ready, words)
    command = Command(words, cwd=run.app, env=variables)
    return Launch(run, attempt, command, spec.max_duration, spec.stop_grace, spec.gpus, spec.idle)


def _prepared(
    home: Home, spec: Spec, run: RunFolder, attempt: Attempt, ready: Version, words: tuple[str, ...]
) -> tuple[str, ...]:
    """The command with what comes before main.py."""
    # Few apps prepare their data, and it takes reading what their script imports.
    from cynthus.agent import prepared

    room = prepared.make_room(home, spec, run, attempt, ready)
    return prepared.command(
        spec, words, python=sys.executable, program=str(home.program), making=str(room.folder), kept=str(room.kept),
        told=str(attempt.phase),
    )


def _visible(devices: tuple[int, ...]) -> dict[str, str]:
    """What keeps a program to some of the GPUs. CUDA counts them by speed unless it is told to as nvidia-smi does."""
    listed = ",".join(map(str, devices))
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": listed} if devices else {}
