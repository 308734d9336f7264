"""Says what machine it runs on, and writes that down."""

import json
import os
import platform
import shutil
from pathlib import Path

machine = {
    "host": platform.node(),
    "python": platform.python_version(),
    "cpus": len(os.sched_getaffinity(0)),
    "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1),
    "disk_free_gib": round(shutil.disk_usage(".").free / 1024**3, 1),
    "gpus": len(list(Path("/dev").glob("nvidia[0-9]*"))),
}
for name, value in machine.items():
    print(f"{name:<14} {value}")
Path("outputs").mkdir(exist_ok=True)
Path("outputs/machine.json").write_text(json.dumps(machine, indent=2) + "\n")
