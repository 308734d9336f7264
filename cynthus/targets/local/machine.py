"""What this machine has: processors, memory, disk, GPUs, Pythons, a container engine."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from cynthus import process
from cynthus.process import Command, CommandTimeout

GIB = 1024**3


@dataclass(frozen=True)
class Machine:
    """Sizes in bytes. `gpus` are the names that the NVIDIA driver gives, one an entry."""

    cpus: int
    memory: int
    disk_free: int
    gpus: tuple[str, ...]


def inspect(home: Path) -> Machine:
    """Look at this machine; `home` is where deployments will lie, which decides about the disk."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(_usable_cpus(), memory, shutil.disk_usage(_nearest(home)).free, gpu_names())


def gpu_names() -> tuple[str, ...]:
    """The GPUs that `nvidia-smi` lists; none where there is no driver, which is no error."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        answer = process.run(Command((program, "--query-gpu=name", "--format=csv,noheader")), timeout=20)
    except (OSError, CommandTimeout):
        return ()
    if answer.returncode:
        return ()
    return tuple(line.strip() for line in answer.stdout.decode(errors="replace").splitlines() if line.strip())


def has_python(version: str) -> bool:
    """Whether an interpreter of `version` (such as "3.12") can be had without a container."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    return version == own or shutil.which(f"python{version}") is not None or shutil.which("uv") is not None


def _usable_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _nearest(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
