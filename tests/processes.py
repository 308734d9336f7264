"""Small processes for tests, and what to wait for."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.process import Command, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator


def wait_for(holds: Callable[[], object], what: str, *, patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)


def sh(script: str, *words: str) -> Command:
    return Command(("sh", "-c", script, "sh", *words))


def descriptors() -> int:
    """How many of our own are open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def pid_in(path: Path) -> int:
    wait_for(lambda: path.exists() and path.read_text().endswith("\n"), f"a pid in {path}")
    return int(path.read_text())


@contextmanager
def started(command: Command) -> Iterator[subprocess.Popen[bytes]]:
    with open(os.devnull, "wb") as nowhere:
        process = start(command, stdout=nowhere, stderr=nowhere)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
