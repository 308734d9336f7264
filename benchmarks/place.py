"""A place of its own for a measurement: a home folder that nobody else uses, and a copy of an example."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Cost, measure

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[1]
CYNTHUS = Path(sys.executable).with_name("cynthus")
BY_HAND = Path(__file__).with_name("by_hand.sh")
_OURS = ("XDG_", "CYNTHUS_", "PYTHON")
"""How the names begin of settings that change what is measured; a new user has none of them."""


@dataclass(frozen=True)
class Place:
    """`app` is the folder with main.py. `orphans`: whether what a command leaves behind counts."""

    home: Path
    app: Path
    orphans: bool = True

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        # The programs of this environment first: ansible-playbook is one of them.
        path = f"{CYNTHUS.parent}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "HOME": str(self.home), "PATH": path}

    @property
    def hand_home(self) -> Path:
        """Where a deployment that is made by hand lies."""
        return self.home / "by-hand"

    def cynthus(self, *words: str) -> Cost:
        """What one command of ours costs."""
        return measure((CYNTHUS, *words), cwd=self.app, environment=self.environment, orphans=self.orphans)

    def by_hand(self) -> Cost:
        """What the same costs by hand, in a folder that was rendered before."""
        return measure((BY_HAND, self.app, self.hand_home), cwd=self.app, environment=self.environment)


@contextmanager
def place(example: str, *, orphans: bool = True) -> Iterator[Place]:
    """A fresh one, which is gone afterwards with all that was made there."""
    # Installers compile what they install. A checkout is measured as what a user has.
    compileall.compile_dir(REPOSITORY / "cynthus", quiet=2)
    with tempfile.TemporaryDirectory(prefix="cynthus-benchmark-") as folder:
        app = Path(folder) / example
        source = REPOSITORY / "examples" / example
        shutil.copytree(source, app, ignore=shutil.ignore_patterns("infra", "outputs", ".cynthus"))
        there = Place(Path(folder) / "home", app, orphans)
        there.home.mkdir()
        try:
            yield there
        finally:
            if (app / "infra").exists():
                there.cynthus("down", "-y", "--discard")
