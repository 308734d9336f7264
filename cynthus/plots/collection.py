"""What there is to show among the outputs of a run."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct

from cynthus.plots.metrics import holds_metrics

IMAGES = (".png", ".jpg", ".jpeg", ".svg", ".gif", ".webp")
EVENTS = "events.out.tfevents."
"""How the files of TensorBoard begin."""


class Collection(Struct, frozen=True):
    """Paths below `folder`, in order. `events` are the folders that hold files of TensorBoard."""

    folder: Path
    metrics: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


def collect(folder: Path) -> Collection:
    """Look through a folder. No link is followed; what cannot be read is passed over."""
    metrics, images, events = list[str](), list[str](), set[str]()
    for parent, names, files in os.walk(folder):
        names.sort()
        for name in files:
            path = Path(parent, name)
            if path.is_symlink() or not path.is_file():
                continue
            below = str(path.relative_to(folder))
            if name.lower().endswith(IMAGES):
                images.append(below)
            elif name.startswith(EVENTS):
                events.add(str(path.parent.relative_to(folder)))
            elif holds_metrics(name):
                metrics.append(below)
    return Collection(folder, _sorted(metrics), _sorted(images), _sorted(events))


def _sorted(paths: list[str] | set[str]) -> tuple[str, ...]:
    """As people count: epoch-2 before epoch-10."""
    def counted(path: str) -> list[str]:
        return [part.zfill(20) if part.isdigit() else part for part in _CUT.split(path)]

    return tuple(sorted(paths, key=counted))


_CUT = re.compile(r"([0-9]+)")
