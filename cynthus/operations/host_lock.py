"""The lock of a deployment on its hosts, for those who drive it from several machines: each has a folder of its own."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from msgspec.structs import asdict

from cynthus.errors import CynthusError, HostUnreachable, Locked
from cynthus.operations.silence import distant, with_way_out
from cynthus.process import alive
from cynthus.state.holder import Holder, Place, here
from cynthus.state.locks import BEAT, describe
from cynthus.state.record import restore
from cynthus.targets.connection import Claim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.core.deployment import Host
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.targets.connection import Connection, Hold

LOST = 120.0
"""Seconds of silence after which a holder is gone: more than a command waits for a connection to come back."""


class HostLock:
    """Held on every host that `take` names, renewed by a heartbeat, and given back at the end.

    Whoever was not heard of for two minutes may find that somebody else has it: `insist` says so.
    """

    def __init__(self, tools: Tools, operation: str, *, beat_every: float = BEAT, place: Place | None = None) -> None:
        self._tools = tools
        self._place = place or here()
        self._holder = describe(self._place, operation, tools.clock.now())
        self._token = uuid.uuid4().hex
        self._beat_every = beat_every
        self._held: dict[tuple[str, tuple[str | None, str, int]], tuple[Host, Connection]] = {}
        self._lost: Locked | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for key, held in self._held.items():
            # It is lost by itself where it cannot be given back.
            with suppress(CynthusError, OSError):
                held[1].let_go(key[0], self._token)

    def take(self, site: Site, hosts: Sequence[Host] | None = None) -> None:
        """Take it on the deployment's hosts, those that were taken before excepted.

        Raises:
            Locked: somebody else holds one; the message says who, where and since when.
            HostUnreachable: none answers. One of several that does not is for the operation to judge.
        """
        target, silent = self._tools.targets.find(site.target), []
        for host in site.hosts if hosts is None else hosts:
            key = (site.id, host.way)
            if not distant(host) or key in self._held or host.name in site.gone:
                continue
            connection = target.connect(host, site.root())
            try:
                if self._take(site.id, host, connection):
                    self._held[key] = host, connection
            except HostUnreachable as error:
                silent.append(error)
        if silent and not self._held:
            raise with_way_out(silent[0])
        if self._held and self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="cynthus-host-lock", daemon=True)
            self._thread.start()

    def insist(self) -> None:
        """See that it was not lost meanwhile.

        Raises:
            Locked: somebody else has it, since this command was not heard of for too long.
        """
        if self._lost is not None:
            raise self._lost

    def _take(self, deployment: str, host: Host, connection: Connection) -> bool:
        """Whether it is held now; it is not where the host has no place for it, which keeps nobody from `down`."""
        try:
            found = self._ask(deployment, connection)
            before = _parsed(found)
            if not found.taken and before is not None and self._gone(before):
                found = self._ask(deployment, connection, over=found.token)
        except OSError as error:
            said = (error.strerror or str(error)).lower()
            self._tools.progress.warn(f"{host.name}: nobody else is kept from changing this deployment: {said}")
            return False
        if not found.taken:
            raise _locked(host, found)
        if (before := _parsed(found)) is not None:
            who = f"{before.owner}@{before.host} (pid {before.pid})"
            self._tools.progress.note(f'"{before.operation}" of {who} was cut off on {host.name}')
        return True

    def _ask(self, deployment: str, connection: Connection, *, over: str = "", within: float | None = None) -> Hold:
        return connection.hold(Claim(deployment, self._token, asdict(self._holder), LOST, over), within=within)

    def _gone(self, holder: Holder) -> bool:
        """Whether it was a process of this machine that has ended: nobody has to wait for that one."""
        ours = self._place.host == holder.host and self._place.reaches(holder)
        return ours and not alive(holder.pid, holder.born)

    def _beat(self) -> None:
        while not self._stop.wait(self._beat_every):
            for key, (host, connection) in tuple(self._held.items()):
                # A beat that is lost is no harm: there is time for many.
                with suppress(CynthusError, OSError):
                    found = self._ask(key[0], connection, within=0.0)
                    if not found.taken:
                        self._lost = _taken_over(host, found)
                        return


def _locked(host: Host, found: Hold) -> Locked:
    heard = f", last heard of {found.silent:.0f} s ago" if found.silent >= 2 * BEAT else ""
    return Locked(
        f"{host.name} ({host.address}): {_who(found)}{heard}",
        hint=f"wait until that has ended; if it is gone, its lock goes {LOST:.0f} s after it was last heard of",
    )


def _taken_over(host: Host, found: Hold) -> Locked:
    return Locked(
        f"{host.name} ({host.address}): this command was not heard of for {LOST:.0f} s, and meanwhile {_who(found)}",
        hint="wait until that has ended and run the command again; it goes on from where things stand then",
    )


def _who(found: Hold) -> str:
    holder = _parsed(found)
    return str(holder) if holder else "somebody is at work there who has not said who it is"


def _parsed(found: Hold) -> Holder | None:
    try:
        return restore(Holder, found.holder) if found.holder is not None else None
    except ValueError:
        return None
