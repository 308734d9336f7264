"""What goes on while something is fetched, for whoever looks at it from elsewhere."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.home import Home
    from cynthus.agent.wanted import Wanted

_PAUSE = 1.0


class Telling:
    """Lines in a file of the deployment, as long as the block lasts. `part` is where the content arrives."""

    def __init__(self, home: Home, one: Wanted, part: Path) -> None:
        self._log = home.fetching_log
        self._one = one
        self._part = part
        self._looked = 0.0

    def __enter__(self) -> Telling:
        self._log.write_bytes(b"")
        return self

    def __exit__(self, *_: object) -> None:
        self._log.unlink(missing_ok=True)

    def tell(self, text: str) -> None:
        """Say that; '' stands for how much has arrived, which is looked for now and then."""
        if not text:
            if time.monotonic() < self._looked + _PAUSE:
                return
            self._looked = time.monotonic()
            text = f"{self._one.text}: {share(arrived(self._part), self._one.size)}"
        with open(self._log, "a") as stream:
            stream.write(f"{text}\n")


def share(here: int, total: int | None) -> str:
    """How much of something is here."""
    return f"{here / 1e6:.1f} MB" if not total else f"{here / 1e6:.1f} of {total / 1e6:.1f} MB"


def arrived(folder: Path) -> int:
    """The bytes of the files below a folder, which may change meanwhile."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(f"{parent}/{name}").st_size
            except OSError:
                continue
    return size
