"""A Debian tree of this machine's own release, made by its own apt."""

from __future__ import annotations

import os
import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.process import Command, run
from tests.bed.hub import SEARCHED

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPONENTS = ("main", "universe")


class NoTree(Exception):
    """The tree cannot be built here; the text says why."""


def suite() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def bootstrap(root: Path, installed: Iterable[str], hook: Path, **environment: str) -> None:
    """Make a tree with these packages beyond the least that apt can live with; `hook` is run on it at the end.

    Raises:
        NoTree: it cannot be made.
    """
    with tempfile.TemporaryDirectory() as folder:
        sources, settings = Path(folder, "sources.list"), Path(folder, "apt.conf")
        sources.write_text(_sources())
        settings.write_text(_settings())
        run_or_tell(
            "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=directory",
            f"--include={','.join(installed)}", f"--aptopt={settings}", f"--customize-hook={hook}",
            suite(), str(root), str(sources),
            **environment,
        )  # fmt: skip


def run_or_tell(*argv: str, **environment: str) -> str:
    """Run a step of the making; gives what it prints.

    Raises:
        NoTree: it failed.
    """
    answer = run(Command(argv, env={**os.environ, "PATH": SEARCHED, **environment}))
    if answer.returncode:
        said = answer.stderr.decode(errors="replace").strip().splitlines()
        raise NoTree(f"{argv[0]} failed: {' | '.join(said[-4:]) or answer.returncode}")
    return answer.stdout.decode()


def _sources() -> str:
    """The sources of the distribution itself, as this machine has them: mirrors and all, but nobody else's packages."""
    asked = ("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
    lines = {line for line in run_or_tell(*asked).splitlines() if _is_of_distribution(*line.split())}
    if not lines:
        raise NoTree(f"apt has no source for {suite()}")
    return "".join(f"deb {line}\n" for line in sorted(lines))


def _is_of_distribution(_uri: str, release: str, component: str) -> bool:
    return release.split("-")[0] == suite() and component in _COMPONENTS


def _settings() -> str:
    """How this machine reaches its sources: proxies, and what it makes of old ones."""
    kept = ("Acquire::http", "Acquire::https", "Acquire::Check", "Acquire::Retries")
    return "".join(f"{line}\n" for line in run_or_tell("apt-config", "dump").splitlines() if line.startswith(kept))
