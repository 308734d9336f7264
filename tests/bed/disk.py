"""What a host writes: the upper layer of its root, and plain folders for what cannot lie on an overlay."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.hub import Hub

_PARTS = ("upper", "work", "root", "docker", "containerd")
"""Layer, overlayfs' own folder, where the root is mounted; and two that boot.sh binds below /var/lib."""


@dataclass(frozen=True)
class Disk:
    """A disk at `folder`, as the hub sees it. `size` is as mount takes it (300m); '' is as much as the machine has."""

    folder: Path
    size: str
    hub: Hub

    def lay(self) -> None:
        """Make it, empty."""
        self._seen.mkdir()
        if self.size:
            self.hub.run("mount", "-t", "tmpfs", "-o", f"mode=755,size={self.size}", "tmpfs", str(self.folder))
        for part in _PARTS:
            (self._seen / part).mkdir()

    def path(self, path: str) -> Path:
        """What the host has written at `path`, whether it runs or not. To be changed only while it does not."""
        return self._seen / "upper" / path.lstrip("/")

    def fill(self, leave: int = 0) -> None:
        """Fill it up to `leave` bytes. Only one that has a size: the others' is the machine's."""
        assert self.size, f"{self.folder} has no size of its own"
        figures = os.statvfs(self._seen)
        with open(self._filling, "wb") as filling:
            os.posix_fallocate(filling.fileno(), 0, figures.f_bavail * figures.f_frsize - leave)

    def clear(self) -> None:
        """Take away what filled it."""
        self._filling.unlink()

    def remove(self) -> None:
        if self.size:
            self.hub.run("umount", str(self.folder))
        shutil.rmtree(self._seen)

    @property
    def _seen(self) -> Path:
        return self.hub.path(self.folder)

    @property
    def _filling(self) -> Path:
        # Beside the layer, so that nothing changes below the root of a running host.
        return self._seen / "filling"
