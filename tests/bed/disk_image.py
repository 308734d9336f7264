"""The disk of virtual machines: a Debian with a kernel of its own and cloud-init, built once and kept in the cache."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bed import debian
from tests.bed.suite import usual
from tests.bed.tree import INSTALLED, alone, cache, place, tree

ADDED = ("linux-image-cloud-amd64", "udev", "apparmor", "cloud-init")
"""What a machine has beyond a host: what a cloud's image of Debian has, too."""

SIZE = "6G"
"""How large the disk is to the machine. On ours it takes 900 MB, and what the machine writes."""

_HOOK = Path(__file__).parent / "equip.sh"


@dataclass(frozen=True)
class DiskImage:
    """Where the parts of a machine lie. Machines write to a layer of their own above `disk`."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "disk.raw"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"

    @property
    def release(self) -> str:
        """What `uname -r` says in a machine."""
        return (self.folder / "release").read_text()


def image_place() -> Path:
    """Where the image for this machine's distribution is, or will be once it is built."""
    key = hashlib.sha256(json.dumps([ADDED, SIZE, _HOOK.read_text(), place(usual()).name]).encode()).hexdigest()[:12]
    return cache() / f"machine-{usual()}-{key}"


def disk_image() -> DiskImage:
    """The image for this machine's distribution, built now if it is not there (two minutes, 900 MB).

    Raises:
        NoTree: it cannot be built.
    """
    below = tree(usual())
    with alone(cache()):
        if not image_place().exists():
            half = image_place().with_suffix(".building")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            _build(DiskImage(half), below.base / "srv" / "packages", below.registry)
            half.rename(image_place())
    return DiskImage(image_place())


def _build(made: DiskImage, offered: Path, registry: Path) -> None:
    root = made.folder / "root"
    environment = {"BED_PACKAGES": str(offered), "BED_REGISTRY": str(registry)}
    debian.bootstrap(root, usual(), (*INSTALLED, *ADDED), _HOOK, **environment)
    (kernel,) = (root / "boot").glob("vmlinuz-*")
    release = kernel.name.removeprefix("vmlinuz-")
    shutil.copy(kernel, made.kernel)
    shutil.copy(root / f"boot/initrd.img-{release}", made.initrd)
    (made.folder / "release").write_text(release)
    debian.run_or_tell("truncate", "--size", SIZE, str(made.disk))
    debian.run_or_tell("mkfs.ext4", "-q", "-F", "-d", str(root), str(made.disk))
    shutil.rmtree(root)
