"""The verb `watch`, what a host's systemd runs: whoever should watch a run that goes on does, from the start of the
machine on. It ends when nothing runs any more."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.agent import beat
from cynthus.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.home import Attempt, Home, RunFolder

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
    idle = 0.0
    while idle < _LAST:
        going = [*_going(home)]
        for run, attempt in going:
            with suppress(OSError, ValueError):  # a full disk, a damaged record: the next look may find it mended
                if beat.over(attempt) or not attempt.folder.is_dir():
                    _marker(home, attempt).unlink(missing_ok=True)
                else:
                    beat.keep(run, attempt)
        idle = 0.0 if going else idle + _PAUSE
        time.sleep(_PAUSE)


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
