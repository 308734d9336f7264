"""Small processes for tests, and what to wait for."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
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


def kill_all_of(home: Path) -> None:
    """Kill every process of a user with that home, at once: whatever its session and its parent, and what it starts
    meanwhile."""
    known, calm = f"HOME={home}\0".encode(), 0
    # One that is just being started shows no environment for a moment.
    while calm < 5:
        found = False
        for folder in Path("/proc").glob("[0-9]*"):
            # One that ends meanwhile has no environment any more, and neither has one that was killed.
            with suppress(OSError):
                if known in (folder / "environ").read_bytes():
                    os.kill(int(folder.name), signal.SIGKILL)
                    found = True
        calm = 0 if found else calm + 1
        time.sleep(0.005)
