"""The verb `watch`, what a host's systemd runs: whoever should watch a run that goes on does, from the start of the
machine on. It ends when nothing runs any more and the machine stays."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.agent import beat, departure, lock
from cynthus.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import Home, RunFolder

_PAUSE = 1.0
_LAST = 10.0
"""Seconds without a run after which it ends: another one may be about to begin."""


def begin(home: Home, attempt: Attempt) -> None:
    """Note an attempt that is about to start, where the deployment has a unit to look after it.

    Raises:
        OSError: that cannot be written.
    """
    if not home.unit.exists():
        return
    home.open.mkdir(exist_ok=True)
    write_atomic(_marker(home, attempt), b"")


def watch(home: Home) -> None:
    """Look after all attempts that go on, until there is none."""
    idle, program = 0.0, _mark(home.program)
    while idle < _LAST:
        going = [*_going(home)]
        for run, attempt in going:
            with suppress(OSError, ValueError):  # a full disk, a damaged record: the next look may find it mended
                if beat.over(attempt) or not attempt.folder.is_dir() or _never_began(attempt):
                    _marker(home, attempt).unlink(missing_ok=True)
                else:
                    beat.keep(run, attempt)
        if _mark(home.program) not in (program, None):
            # What has replaced it may have other modules, which this process could not read any more.
            os.execv(sys.executable, [sys.executable, "-I", "-S", *sys.argv])  # noqa: S606 - itself, without a shell
        # Whoever beats sees to that, too, as long as something goes on.
        idle = 0.0 if going or departure.ensure(home) else idle + _PAUSE
        time.sleep(_PAUSE)
    if [*_going(home)]:
        # It began while we were about to leave, and found the unit running: systemd starts it again.
        sys.exit(1)


def _never_began(attempt: Attempt) -> bool:
    """Whether its start was cut off before there was anything to look after; the next one notes it again."""
    return not attempt.record.exists() and beat.told(attempt) and not lock.held(attempt.lock)


def _mark(program: Path) -> tuple[int, int] | None:
    try:
        found = program.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _going(home: Home) -> Iterator[tuple[RunFolder, Attempt]]:
    try:
        names = sorted(each.name for each in home.open.iterdir())
    except OSError:
        return
    for name in names:
        run_id, _, place = name.partition("@")
        number, _, rank = place.partition("-")
        if number.isdigit() and rank.isdigit():
            run = home.run(run_id)
            yield run, run.attempt(int(number), int(rank))


def _marker(home: Home, attempt: Attempt) -> Path:
    return home.open / f"{attempt.run}@{attempt.number}-{attempt.rank}"
