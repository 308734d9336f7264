"""The verb `prune`: of runs that are at home the bulk goes, and so does what was made or fetched that no run needs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import clock, engine, environment, image_name, lock, registry, strays, version
from cynthus.agent.failure import Failure
from cynthus.agent.home import ENVIRONMENT_MARKER
from cynthus.agent.remove import delete
from cynthus.files import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cynthus.agent.home import Home, RunFolder

SPARE = 3
"""How many environments stay although no run needs them: those that were wanted last."""


class Pruned(NamedTuple):
    """The runs of which nothing is left now but their records and what is at home nowhere, the environments, and what
    was fetched or prepared."""

    runs: list[str]
    environments: list[str]
    contents: list[str]


def prune(home: Home, at_home: Sequence[str], variables: Mapping[str, str]) -> Pruned:
    """Delete the outputs and the app of the named runs. The caller knows that they are at home; no other is touched.

    One that has not ended, or could still begin, is not touched either. An app stays where main.py has written in it:
    that came home nowhere. Log, status and end of a run stay in any case.

    Raises:
        Failure: a name cannot be that of a run.
        OSError: something cannot be deleted.
    """
    found = [run for run in map(home.run, at_home) if run.folder.is_dir() and _over(run)]
    for run in found:
        _prune_run(run)
    return Pruned([run.id for run in found], _prune_environments(home, variables), _prune_contents(home))


def _over(run: RunFolder) -> bool:
    attempts = run.attempts()
    if any(lock.held(file) for each in attempts for file in (each.lock, each.agent_lock, each.sync_lock)):
        return False
    return all(each.exit.exists() for each in attempts) if attempts else run.stop.exists()


def _prune_run(run: RunFolder) -> None:
    # First, so that a run of which half is gone is known as such.
    write_json(run.pruned, {"pruned_at": clock.stamp(time.time())})
    found = strays.look(run)
    for folder in (run.outputs, *([run.app] if found and found.complete and not found.files else [])):
        if os.path.lexists(folder):
            delete(folder)


def _prune_contents(home: Home) -> list[str]:
    if not any(folder.is_dir() for folder in (home.data, home.models, home.prepared)):
        return []
    from cynthus.agent import outdated

    return outdated.clear_away(home, _over)


def _prune_environments(home: Home, variables: Mapping[str, str]) -> list[str]:
    try:
        ready = [version.read(run) for run in home.runs() if not run.pruned.exists()]
    except Failure:
        return []  # Nobody knows which one that run needs.
    needed = {each.environment for each in ready if each is not None}
    latest_first = sorted(_environments(home).items(), key=lambda each: -each[1])
    idle = [name for name, _ in latest_first[SPARE:] if name not in needed]
    return [name for name in idle if _forget(home, name, variables)]


def _environments(home: Home) -> dict[str, int]:
    """All of them, by name, and when each was wanted last."""
    records = [*home.environments.glob(f"*/{ENVIRONMENT_MARKER}"), *home.environments.glob("*.image")]
    return {_name(record): record.stat().st_mtime_ns for record in records}


def _name(record: Path) -> str:
    return record.stem if record.suffix == ".image" else record.parent.name


def _forget(home: Home, name: str, variables: Mapping[str, str]) -> bool:
    """Whether it is gone; one that somebody makes just now is not."""
    folder, descriptor = home.environments / name, lock.acquire(home.environments / f"{name}.lock", wait=False)
    if descriptor is None:
        return False
    try:
        image = folder.with_name(f"{name}.image")
        if image.exists() and not _forget_image(home, name, image, variables):
            return False
        environment.clear(folder)
        for file in (image, registry.record(home.environments, name), folder.with_name(f"{name}.log")):
            file.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
    return True


def _forget_image(home: Home, name: str, file: Path, variables: Mapping[str, str]) -> bool:
    """A base that is used as it is has another name, and stays: others may use it."""
    # A pull or a push that was cut off has left its name here, and only the record knows that one.
    there = registry.name_in(registry.record(home.environments, name))
    names = [*([there] if there else []), image_name.own(home.deployment, name)]
    known = engine.recall(file, variables)
    try:
        answers = [known.ask("image", "rm", each) for each in names]
    except Failure:
        return False
    return all(not each.returncode or b"no such image" in each.stderr.lower() for each in answers)
