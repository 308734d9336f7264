"""Where the app finds its data, outputs and checkpoints when it runs as a plain process: links in its folder."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.agent import hub_cache
from cynthus.agent.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.home import Home, RunFolder
    from cynthus.agent.spec import Spec
    from cynthus.agent.version import Version


def make(home: Home, spec: Spec, run: RunFolder, ready: Version) -> None:
    """Make all of them; those that are there already stay.

    Raises:
        Failure: the source has something of its own where a link must be.
        OSError: a folder or link cannot be made.
    """
    for folder in (run.outputs, home.checkpoints):
        folder.mkdir(parents=True, exist_ok=True)
    for place, path in ready.places.items():
        _link(run.app, place, path)
    hub_cache.make(home, spec)
    _link(run.app, spec.outputs, str(run.outputs))
    _link(run.app, spec.checkpoints, str(home.checkpoints))


def gather(run: RunFolder, places: Mapping[str, Path]) -> None:
    """Bring what main.py wrote into folders of its own, in the place of our links, to where those led.

    `rm -rf outputs; mkdir outputs` does that. What cannot be moved stays where it is.
    """
    for place, target in places.items():
        folder = run.app / place
        if folder.is_dir() and not folder.is_symlink():
            _move(folder, target)
            with suppress(OSError):
                folder.rmdir()
                folder.symlink_to(target)


def _move(folder: Path, target: Path) -> None:
    for parent, names, files in os.walk(folder, topdown=False):
        inner = os.path.relpath(parent, folder)
        links = [name for name in names if os.path.islink(f"{parent}/{name}")]  # noqa: PTH114 - there may be millions
        with suppress(OSError):
            (target / inner).mkdir(parents=True, exist_ok=True)
        for name in (*files, *links):
            with suppress(OSError):
                os.replace(f"{parent}/{name}", target / inner / name)
        for name in names:
            with suppress(OSError):
                os.rmdir(f"{parent}/{name}")  # noqa: PTH106 - as above


def _link(app: Path, place: str, target: str) -> None:
    link = app / place
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(target)
    except FileExistsError:
        if not link.is_symlink() or str(link.readlink()) != target:
            raise Failure(
                f"the source has a {place!r} of its own, where Cynthus puts {target}",
                hint="rename it in the source, or name it in .gitignore so that it is left out",
            ) from None
