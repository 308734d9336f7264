"""A run as a plain process in a Python environment."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cynthus.agent import cluster, links, ports, processes, surroundings
from cynthus.agent.fellows import ALONE, Fellows
from cynthus.agent.supervisor import Launch
from cynthus.process import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.home import Attempt, Home, RunFolder
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
    variables = {
        **_visible(devices),
        **surroundings.in_environment(spec, run, folder, environment, cluster.variables(spec, run.id, fellows)),
        **secrets, processes.MARK: attempt.label,
    }
    scratch = cluster.make_folder(attempt) if spec.engine else ""
    words = cluster.command(spec, run.id, fellows, sys.executable, str(home.program), scratch)
    command = Command(words, cwd=run.app, env=variables)
    return Launch(run, attempt, command, spec.max_duration, spec.stop_grace, spec.gpus, spec.idle)


def _visible(devices: tuple[int, ...]) -> dict[str, str]:
    """What keeps a program to some of the GPUs. CUDA counts them by speed unless it is told to as nvidia-smi does."""
    listed = ",".join(map(str, devices))
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": listed} if devices else {}
