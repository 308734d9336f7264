"""What the GPUs of this host are doing."""

from __future__ import annotations

import os

_QUERY = "index,name,utilization.gpu,memory.used,memory.total"


def read() -> list[dict[str, object]]:
    """One entry a GPU: `util` in percent, `memory` and `memory_total` in MiB; none where the driver does not answer."""
    import shutil

    from cynthus import process

    program = shutil.which("nvidia-smi", path=os.environ.get("PATH", os.defpath))
    if program is None:
        return []
    try:
        command = process.Command((program, f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"))
        answer = process.run(command, timeout=5)
    except (OSError, process.CommandTimeout):
        return []
    return parse(answer.stdout.decode(errors="replace")) if answer.returncode == 0 else []


def parse(text: str) -> list[dict[str, object]]:
    """The rows of nvidia-smi's CSV; one that makes no sense is left out."""
    rows = [[cell.strip() for cell in line.split(",")] for line in text.splitlines()]
    return [_gpu(row) for row in rows if len(row) == 5 and row[0].isdigit()]


def _gpu(row: list[str]) -> dict[str, object]:
    index, name, util, memory, total = row
    return {
        "index": int(index), "name": name, "util": _number(util), "memory": _number(memory),
        "memory_total": _number(total),
    }


def _number(text: str) -> int | None:
    """Some GPUs answer `[N/A]` to some questions."""
    return int(text) if text.isdigit() else None
