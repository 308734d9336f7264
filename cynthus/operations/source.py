"""The app's source as an archive that is named after its content; the newest are kept for going back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.agent import archive, spec
from cynthus.agent.failure import Failure
from cynthus.errors import CynthusError, SourceUnreadable, error_of_code
from cynthus.operations.late import late

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.placement import Placement
    from cynthus.core.progress import Progress
    from cynthus.operations.app import App
    from cynthus.operations.site import Site

KEPT = 10
"""How many archives stay at home: the newest, and besides what the last runs were started with."""


class Source(Struct, frozen=True):
    """One packed source. `large` names files that hardly belong there; they are told once, when it is packed.

    `left_out` are those that are so large, and of such a kind, that they did not come along.
    """

    hash: str
    archive: Path
    large: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def pack_source(site: Site, app: App, placement: Placement, progress: Progress) -> Source:
    """The folder's source as it is now, packed unless the very same was packed before.

    Raises:
        SourceUnreadable: a file in it cannot be read.
        DiskFull: there is no room for the archive.
    """
    left_out: list[str] = []
    try:
        described = spec.parse(app.run_document(placement, site.id))
        with late(progress, "Read the source") as tell:
            kept = kept_source(site, archive.source_hash(app.folder, described, tell, left_out))
        if kept is not None:
            return replace(kept, left_out=tuple(left_out))
        with late(progress, "Pack the source") as tell:
            packed = archive.pack(app.folder, described, site.paths.sources, tell)
    except Failure as failure:
        raise _error(failure) from None
    _prune(site)
    return Source(packed.hash, packed.path, packed.large, tuple(left_out))


def kept_source(site: Site, name: str) -> Source | None:
    """The archive of that hash, if it is still kept and whole; a damaged one is packed anew."""
    path = site.paths.sources / f"{name}.tar.gz"
    if not name or not path.exists() or not archive.whole(path):
        return None
    # What is in use is the last to go.
    os.utime(path)
    return Source(name, path)


def _prune(site: Site) -> None:
    """Each `up` packs, also one that comes to nothing: so what the last runs were started with stays in any case."""
    folder = site.paths.sources
    # One less: the archive that was packed just now is for a run that is yet to be made.
    wanted = {f"{run.version.source}.tar.gz" for run in site.runs.all()[-KEPT + 1 :]}
    archives = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime_ns)
    cut_off = folder.glob(".*.part")
    for old in (*(path for path in archives[:-KEPT] if path.name not in wanted), *cut_off):
        old.unlink(missing_ok=True)


def _error(failure: Failure) -> CynthusError:
    kind = error_of_code(failure.code, SourceUnreadable)
    return kind(failure.message, hint=failure.hint, details=failure.details)
