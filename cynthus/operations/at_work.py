"""Being the only one who changes a deployment: the lock, and the journal of what is done under it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cynthus.state.journal import Journal
from cynthus.state.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


@contextmanager
def at_work(tools: Tools, site: Site, operation: str) -> Iterator[Journal]:
    """Hold the deployment while `operation` changes it.

    Raises:
        Locked: somebody else is at work here; says who, since when and with what.
        FolderNotWritable: nothing can be recorded in the folder.
    """
    site.paths.create()
    with Lock(site.paths.lock, operation=operation, clock=tools.clock) as lock:
        if lock.took_over is not None:
            before = lock.took_over
            tools.progress.note(f'"{before.operation}" of {before.owner}@{before.host} (pid {before.pid}) was cut off')
        yield Journal(site.paths.journal, operation=operation, clock=tools.clock)
