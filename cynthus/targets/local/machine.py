"""What this machine has: processors, memory, disk, GPUs, Pythons, a container engine."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus import process
from cynthus.process import Command, CommandTimeout
from cynthus.targets.fit import Machine, driver_branch

if TYPE_CHECKING:
    from collections.abc import Mapping


def inspect(home: Path, environment: Mapping[str, str]) -> Machine:
    """Look at this machine; `home` is where deployments will lie, which decides about the disk."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(_usable_cpus(), memory, shutil.disk_usage(_nearest(home)).free, gpu_names(environment))


def find_program(name: str, environment: Mapping[str, str]) -> str | None:
    """The program of that name on the PATH of `environment`, which is the user's; None where there is none."""
    return shutil.which(name, path=environment.get("PATH", os.defpath))


def gpu_names(environment: Mapping[str, str], *, patience: float = 20) -> tuple[str, ...]:
    """The GPUs that `nvidia-smi` lists within `patience` seconds; none where there is no driver, which is no error."""
    return _asked("name", environment, patience)


def _asked(wanted: str, environment: Mapping[str, str], patience: float) -> tuple[str, ...]:
    program = find_program("nvidia-smi", environment)
    if program is None:
        return ()
    command = Command((program, f"--query-gpu={wanted}", "--format=csv,noheader"), env=environment)
    try:
        answer = process.run(command, timeout=patience)
    except (OSError, CommandTimeout):
        return ()
    if answer.returncode:
        return ()
    return tuple(line.strip() for line in answer.stdout.decode(errors="replace").splitlines() if line.strip())


def driver(environment: Mapping[str, str], told: Path = Path("/proc/driver/nvidia/version")) -> int | None:
    """The branch of NVIDIA's driver; None where there is none that tells it."""
    try:
        return driver_branch(told.read_text(errors="replace").splitlines())
    except OSError:
        # In WSL2 the driver is another system's, and the kernel knows nothing of it.
        return driver_branch(_asked("driver_version", environment, 20))


def has_python(version: str, environment: Mapping[str, str]) -> bool:
    """Whether an interpreter of `version` (such as "3.12") can be had without a container."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    return version == own or any(find_program(name, environment) for name in (f"python{version}", "uv"))


def _usable_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _nearest(folder: Path) -> Path:
    # A folder that we may not look into counts as not there; Path.exists() would raise.
    while not os.access(folder, os.F_OK):
        folder = folder.parent
    return folder
