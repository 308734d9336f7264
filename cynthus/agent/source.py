"""The verb `source`: a run gets its own fresh copy of the app."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import archive, checkpoints, clock, data, environment, image_name, strays, version
from cynthus.agent.failure import SOURCE, Failure
from cynthus.agent.version import Version
from cynthus.files import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.home import Home, RunFolder
    from cynthus.agent.restore import Restored
    from cynthus.agent.spec import Spec


class Brought(NamedTuple):
    """The run that has its source now, and which one. `large` are its files over 100 MB, where we packed it; `restored`
    is what came back of what the machine before had saved."""

    changed: bool
    run: str
    hash: str
    large: tuple[str, ...]
    restored: Restored | None = None


def bring(
    home: Home, spec: Spec, document: Mapping[str, object], folder: Path, packed: Path | None,
    run_id: str | None = None, rank: int = 0,
) -> Brought:
    """Unpack a source (None: what lies in `folder` now) as a run's app, on the host of that rank.

    The run is `run_id`, else the one that the spec names, else a new one.

    Raises:
        Failure: the source cannot be read, or the run has begun with another one; or what is to be restored cannot.
    """
    run = home.run(run_id or spec.run_id or clock.mint_run(time.time(), os.urandom(2)))
    run.folder.mkdir(parents=True, exist_ok=True)
    fresh = run.folder / f".app.{os.urandom(4).hex()}.part"
    large: tuple[str, ...] = ()
    try:
        if packed is None:
            made = archive.pack(folder, spec, run.folder / ".packed")
            packed, large = made.path, made.large
        found = archive.unpack(packed, fresh)
        ready = Version(
            environment.identify(spec, folder), found, image_name.of(spec, folder), data.mounts(home, spec, folder),
            data.models(home, spec),
        )
        changed = _take_over(run, fresh, ready)
        restored = None
        if spec.restore and spec.bucket:
            # With all that belongs to a bucket, which few need here.
            from cynthus.agent import restore

            known = run.restored.exists()
            restored = restore.restore(home, spec, run, rank, os.environ)
            changed = changed or (restored is not None and not known)
        checkpoints.begin(home, folder / spec.checkpoints)
        write_json(run.spec, {**document, "run_id": run.id}, mode=0o600)
        # Last: it says that all the rest is there.
        version.write(run, ready)
    finally:
        _remove(fresh)
        _remove(run.folder / ".packed")
    return Brought(changed, run.id, found, large, restored)


def _take_over(run: RunFolder, fresh: Path, ready: Version) -> bool:
    known = version.read(run)
    if known == ready and run.app.is_dir():
        return False
    if run.attempts():
        raise Failure(
            f"run {run.id} has begun with another source", hint="`cynthus run` starts a new one", code=SOURCE
        )
    run.version.unlink(missing_ok=True)
    _remove(run.app)
    strays.note(fresh, run.listing)
    os.replace(fresh, run.app)
    return True


def _remove(folder: Path) -> None:
    if folder.exists():
        import shutil

        shutil.rmtree(folder)
