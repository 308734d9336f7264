"""A stand-in for a GPU of a host: its place on the bus, a driver, a toolkit, and an image in which it can be tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.host import Host

PCI = "/srv/pci"
"""Where the bus is listed; `on_the_bus` has it where the kernel lists its own."""
IMAGE = "with-nvidia-smi"
SMI = """#!/bin/sh
if [ -e /run/mismatch ]; then echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18; fi
case "$*" in
--query*) echo '580.95.05, NVIDIA L4';;
-L) echo 'GPU 0: NVIDIA L4 (UUID: GPU-0)';;
esac
"""
TOOLKIT = """#!/usr/bin/env python3
import json, pathlib, sys
settings = pathlib.Path("/etc/docker/daemon.json")
if sys.argv[1] == "--version":
    print("NVIDIA Container Toolkit CLI version 1.18.0")
elif sys.argv[1] == "runtime":
    found = json.loads(settings.read_text()) if settings.exists() else {}
    found["runtimes"] = {"nvidia": {"path": "runc"}}
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps(found))
"""
HOOK = "#!/bin/sh\nexit 0\n"
"""What an engine before 28.2 looks for when it starts, to know whether containers can have GPUs."""
HOOK_NAME = "nvidia-container-runtime-hook"


def program(host: Host, name: str, text: str) -> None:
    path = host.path(f"/usr/local/bin/{name}")
    path.write_text(text)
    path.chmod(0o755)


def list_gpu(host: Host) -> None:
    """Its place on the bus."""
    folder = host.path(PCI) / "0000:01:00.0"
    folder.mkdir(parents=True)
    for name, word in (("vendor", "0x10de"), ("device", "0x27b8"), ("class", "0x030200")):
        (folder / name).write_text(f"{word}\n")


def give_gpu(host: Host, base_tar: Path) -> None:
    """A GPU on its bus, a driver that works, and an image in which the GPU can be tried."""
    list_gpu(host)
    program(host, "nvidia-smi", SMI)
    program(host, "nvidia-ctk", TOOLKIT)
    # Stand-ins for modules would be for the machine's own kernel.
    program(host, "modprobe", "#!/bin/sh\nexit 0\n")
    host.text("docker", "import", "-", "base", stdin=base_tar.read_bytes())
    host.text("docker", "create", "--name", "maker", "base", "true")
    host.text("docker", "cp", "/usr/local/bin/nvidia-smi", "maker:/usr/bin/nvidia-smi")
    host.text("docker", "commit", "maker", IMAGE)
    host.text("docker", "rm", "maker")


def on_the_bus(host: Host) -> None:
    """Have the stand-in where roles look that nobody tells of another place; until the host reboots."""
    host.text("mount", "--bind", PCI, "/sys/bus/pci/devices")
