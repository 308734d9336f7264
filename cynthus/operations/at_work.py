"""Being the only one who changes what a folder stands for: the lock, and the journal of what is done under it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.operations.host_lock import HostLock
from cynthus.operations.mend import mend_entry, mend_journal
from cynthus.state.folder import claim
from cynthus.state.journal import Journal
from cynthus.state.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cynthus.core.deployment import Host
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


@contextmanager
def holding(tools: Tools, folder: Path, operation: str) -> Iterator[None]:
    """Hold the folder while `operation` changes what it stands for.

    Raises:
        Locked: somebody else is at work here; says who, since when and with what.
        FolderNotWritable: nothing can be recorded in the folder.
    """
    with Lock(claim(folder), operation=operation, clock=tools.clock) as lock:
        if lock.took_over is not None:
            before = lock.took_over
            tools.progress.note(f'"{before.operation}" of {before.owner}@{before.host} (pid {before.pid}) was cut off')
        yield


@contextmanager
def at_work(
    tools: Tools, site: Site, operation: str, *, hosts: Sequence[Host] = ()
) -> Iterator[tuple[Site, Journal]]:
    """Hold the folder of a deployment that is known already; gives it as it is now that nobody else changes it.

    `hosts` are those on which something is changed: nobody on another machine may do that meanwhile.

    Raises:
        Locked, FolderNotWritable: as `holding`.
        HostUnreachable: one of the hosts does not answer.
    """
    with holding(tools, site.folder, operation), HostLock(tools, operation) as lock:
        lock.take(site, hosts)
        fresh = mend_entry(tools, replace(site, entry=tools.index.known(site.id) or site.entry))
        yield fresh, journal_of(tools, fresh, operation, lock)


def journal_of(tools: Tools, site: Site, operation: str, lock: HostLock) -> Journal:
    """The deployment's journal; its records have their folders from now on. No step begins once the lock is lost."""
    site.paths.create()
    journal = Journal(site.paths.journal, operation=operation, clock=tools.clock, insist=lock.insist)
    mend_journal(tools, journal)
    return journal
