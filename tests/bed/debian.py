"""A Debian tree of any suite, made by this machine's own apt from its own mirrors."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.process import Command, run
from tests.bed.hub import SEARCHED
from tests.bed.suite import sources

if TYPE_CHECKING:
    from collections.abc import Iterable


class NoTree(Exception):
    """The tree cannot be built here; the text says why."""


def bootstrap(root: Path, suite: str, installed: Iterable[str], hook: Path, **environment: str) -> None:
    """Make a tree of a suite with these packages beyond the least that apt can live with. `hook` is run on it at the
    end.

    Raises:
        NoTree: it cannot be made.
    """
    with tempfile.TemporaryDirectory() as folder:
        listed, settings = Path(folder, "sources.list"), Path(folder, "apt.conf")
        listed.write_text(_sources(suite))
        settings.write_text(_settings())
        run_or_tell(
            "mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
            f"--include={','.join(installed)}", f"--aptopt={settings}", f"--customize-hook={hook}",
            suite, str(root), str(listed),
            **environment,
        )  # fmt: skip


def run_or_tell(*argv: str, **environment: str) -> str:
    """Run a step of the making; gives what it prints.

    Raises:
        NoTree: it failed.
    """
    answer = run(Command(argv, env={**os.environ, "PATH": SEARCHED, **environment}))
    if answer.returncode:
        lines = answer.stderr.decode(errors="replace").strip().splitlines()
        # mmdebstrap's I: is what it does.
        said = [line for line in lines if not line.startswith("I: ")]
        raise NoTree(f"{argv[0]} failed: {' | '.join(said[-4:]) or answer.returncode}")
    return answer.stdout.decode()


def _sources(suite: str) -> str:
    found = sources(suite)
    if not found:
        raise NoTree("apt has no source of this machine's distribution")
    return found


def _settings() -> str:
    """How this machine reaches its sources: proxies, and what it makes of old ones."""
    kept = ("Acquire::http", "Acquire::https", "Acquire::Check", "Acquire::Retries")
    return "".join(f"{line}\n" for line in run_or_tell("apt-config", "dump").splitlines() if line.startswith(kept))
