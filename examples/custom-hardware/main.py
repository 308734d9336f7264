"""Says on what machine it runs: processor, GPUs, disks."""

import json
import os
import subprocess
from pathlib import Path


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def gpus() -> list[str]:
    try:
        answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return answer.stdout.splitlines()


def disks() -> dict[str, float]:
    """Size in GB by name. A local SSD is one of those that begin with nvme."""
    found = sorted(Path("/sys/block").glob("[nsv]*"))
    return {disk.name: round(int((disk / "size").read_text()) * 512 / 1e9, 1) for disk in found}


machine = {"processor": processor(), "cpus": os.cpu_count(), "gpus": gpus(), "disks": disks()}
for name, value in machine.items():
    print(f"{name:<10} {value}")
Path("outputs").mkdir(exist_ok=True)
Path("outputs/machine.json").write_text(json.dumps(machine, indent=2) + "\n")
