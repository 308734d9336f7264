"""A run as a plain process in a Python environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.agent import links, ports, processes, surroundings
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
    """
    ports.expect(attempt, spec.ports, inside=False)
    links.make(home, spec, run, ready)
    folder = home.environment(ready.environment).folder
    variables = {
        **_visible(devices),
        **surroundings.in_environment(spec, run, folder, environment, fellows.variables(run.id, spec.gpus)),
        **secrets, processes.MARK: attempt.label,
    }
    command = Command(spec.command, cwd=run.app, env=variables)
    return Launch(run, attempt, command, spec.max_duration, spec.stop_grace, spec.gpus, spec.idle)


def _visible(devices: tuple[int, ...]) -> dict[str, str]:
    """What keeps a program to some of the GPUs. CUDA counts them by speed unless it is told to as nvidia-smi does."""
    listed = ",".join(map(str, devices))
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": listed} if devices else {}
