"""Hosts that stop answering when a test says so, around any targets."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cynthus.errors import HostUnreachable
from cynthus.targets.connection import Hold

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path, PurePosixPath

    from cynthus.core.bill import Machine
    from cynthus.core.deployment import Host
    from cynthus.core.finding import Finding
    from cynthus.core.kept import Kept
    from cynthus.core.leftover import Leftover, Leftovers, Removal, Sweep
    from cynthus.core.lifespan import Lifespan, WhyGone
    from cynthus.core.placement import Instead, Placement
    from cynthus.core.plan import Offer
    from cynthus.core.refusal import Refusal
    from cynthus.core.renewal import Renewal
    from cynthus.core.spec import AppSpec
    from cynthus.core.supply import Supply
    from cynthus.operations.tools import Targets
    from cynthus.process import Command, Completed
    from cynthus.targets.base import Target
    from cynthus.targets.connection import Claim, Connection, FileEntry, Sum, Tunnel
    from cynthus.targets.preflight import Preflight

DOES_NOT_ANSWER = "the host does not answer"


@dataclass
class Outage:
    """The switch. While `silent` is set every question fails, for the deployments in `only` where some are named; with
    `hangs` it is never answered instead, until `end`, and with `closed` the way there is closed to this user."""

    silent: bool = False
    hangs: bool = False
    closed: bool = False
    only: frozenset[str] = frozenset()
    questions: int = 0
    """How many there were while it lasted."""
    named: tuple[Host, ...] = ()
    """The hosts that a spec names; where there are none the target says it."""
    _over: threading.Event = field(default_factory=threading.Event)

    def begin(self, *only: str, hangs: bool = False, closed: bool = False) -> None:
        self.silent, self.hangs, self.closed = True, hangs, closed
        self.only, self.questions = frozenset(only), 0
        self._over.clear()

    def end(self) -> None:
        self.silent = False
        self._over.set()

    held: dict[str, tuple[Claim, float]] = field(default_factory=dict)
    """The locks on the hosts, by deployment: who has it, and when (monotonic) it was renewed last."""

    def hold(self, claim: Claim) -> Hold:
        """What a host does with its lock."""
        before = self.held.get(claim.deployment)
        if before is None or before[0].token == claim.token:
            self.held[claim.deployment] = claim, time.monotonic()
            return Hold(taken=True)
        silent = time.monotonic() - before[1]
        taken = before[0].token == claim.over or silent >= claim.seconds
        if taken:
            self.held[claim.deployment] = claim, time.monotonic()
        return Hold(taken, before[0].holder, before[0].token, silent)

    def ask(self, root: Path) -> None:
        """Raises: HostUnreachable, while it lasts."""
        if not self.silent or (self.only and not any(name in root.parts for name in self.only)):
            return
        self.questions += 1
        if self.hangs:
            self._over.wait()
            return
        error = HostUnreachable(DOES_NOT_ANSWER, hint="check that it stands")
        error.closed = self.closed
        raise error


@dataclass(frozen=True)
class OutageTargets:
    """The targets, with hosts that obey the switch. `only` names folders of deployments."""

    targets: Targets
    outage: Outage

    def names(self) -> tuple[str, ...]:
        return self.targets.names()

    def find(self, name: str) -> Target:
        return _OutageTarget(self.targets.find(name), self.outage)


class _OutageTarget:
    def __init__(self, target: Target, outage: Outage) -> None:
        self._target = target
        self._outage = outage
        self.name = target.name
        self.roots = target.roots
        self.installs = target.installs
        self.makes = target.makes
        self.stage = target.stage

    def place(self, spec: AppSpec, root: Path) -> Placement:
        return self._target.place(spec, root)

    def named(self, spec: AppSpec) -> Sequence[Host]:
        return self._outage.named or self._target.named(spec)

    def equipped(self, spec: AppSpec, deployment: str, placement: Placement) -> AppSpec:
        return self._target.equipped(spec, deployment, placement)

    def inputs(self, deployment: str) -> str | None:
        return self._target.inputs(deployment)

    def keep_secrets(self, deployment: str, root: Path, values: Mapping[str, str]) -> Kept | None:
        return self._target.keep_secrets(deployment, root, values)

    def offer(self, spec: AppSpec, placement: Placement) -> Offer:
        return self._target.offer(spec, placement)

    def variables(self, deployment: str, spec: AppSpec, placement: Placement, root: str) -> Mapping[str, object]:
        return self._target.variables(deployment, spec, placement, root)

    def backend(self, deployment: str, spec: AppSpec, root: str) -> Mapping[str, object] | None:
        return self._target.backend(deployment, spec, root)

    def insist_on_state(self, root: Path) -> None:
        self._target.insist_on_state(root)

    def runtime_variables(
        self, spec: AppSpec, placement: Placement, root: str, now: datetime
    ) -> Mapping[str, object]:
        return self._target.runtime_variables(spec, placement, root, now)

    def connect(self, host: Host, root: Path) -> Connection:
        return _OutageConnection(self._target.connect(host, root), self._outage, root)

    def console(self, host: Host) -> tuple[str, ...]:
        return self._target.console(host)

    def understood(self, said: str, root: Path) -> Refusal | None:
        return self._target.understood(said, root)

    def instead(self, spec: AppSpec, tried: Sequence[Placement], said: str) -> Instead | None:
        return self._target.instead(spec, tried, said)

    def existing(
        self, deployment: str, root: str, values: Mapping[str, object], known: Collection[str]
    ) -> Mapping[str, str]:
        return self._target.existing(deployment, root, values, known)

    def remove_unknown(
        self, deployment: str, root: str, values: Mapping[str, object], known: Collection[str]
    ) -> tuple[str, ...]:
        return self._target.remove_unknown(deployment, root, values, known)

    def stays(self, deployment: str, root: Path) -> tuple[str, ...]:
        return self._target.stays(deployment, root)

    def gone(self, hosts: Sequence[Host], *, entirely: bool = False) -> frozenset[str]:
        return self._target.gone(hosts, entirely=entirely)

    def why_gone(self, host: Host) -> WhyGone:
        return self._target.why_gone(host)

    def lifespan(self, machine: Machine) -> Lifespan:
        return self._target.lifespan(machine)

    def empty(self, deployment: str, root: Path, activity: Callable[[str], None]) -> None:
        self._target.empty(deployment, root, activity)

    def leftovers(self, sweep: Sweep, spec: AppSpec | None, root: Path) -> Leftovers:
        return self._target.leftovers(sweep, spec, root)

    def remove_leftovers(self, going: Iterable[Leftover], sweep: Sweep) -> Iterator[Removal]:
        return self._target.remove_leftovers(going, sweep)

    def supply(self) -> Supply | None:
        return self._target.supply()

    def renew(self, day: date, project: str, *, keep: bool) -> Renewal | None:
        return self._target.renew(day, project, keep=keep)
    def open_to(self, deployment: str, spec: AppSpec, root: Path) -> str:
        return self._target.open_to(deployment, spec, root)

    def entered(self, hosts: Sequence[Host], root: Path, *, as_root: bool) -> Sequence[Host]:
        return self._target.entered(hosts, root, as_root=as_root)

    def asking(self, hosts: Sequence[Host], root: Path) -> tuple[str, ...]:
        self._outage.ask(root)
        return self._target.asking(hosts, root)

    def check(self, spec: AppSpec | None, root: Path) -> Sequence[Finding]:
        return self._target.check(spec, root)

    def preflight(self, spec: AppSpec, placement: Placement, roots: Collection[str]) -> Preflight | None:
        return self._target.preflight(spec, placement, roots)


class _OutageConnection:
    def __init__(self, connection: Connection, outage: Outage, root: Path) -> None:
        self._connection = connection
        self._outage = outage
        self._root = root
        self.python = connection.python

    def home(self, deployment: str) -> PurePosixPath:
        self._outage.ask(self._root)
        return self._connection.home(deployment)

    def renew(self) -> None:
        self._connection.renew()

    def hurry(self) -> None:
        self._connection.hurry()

    def hold(self, claim: Claim, *, within: float | None = None) -> Hold:  # noqa: ARG002 - nobody is waited for
        self._outage.ask(self._root)
        return self._outage.hold(claim)

    def let_go(self, deployment: str, token: str) -> None:
        self._outage.ask(self._root)
        if deployment in self._outage.held and self._outage.held[deployment][0].token == token:
            del self._outage.held[deployment]

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> Completed:
        self._outage.ask(self._root)
        return self._connection.run(argv, stdin=stdin, timeout=timeout)

    def command(self, argv: Sequence[str], *, tty: bool) -> Command:
        return self._connection.command(argv, tty=tty)

    def forward(self, port: int, local_port: int) -> Tunnel | None:
        self._outage.ask(self._root)
        return self._connection.forward(port, local_port)

    def size(self, path: PurePosixPath) -> int | None:
        self._outage.ask(self._root)
        return self._connection.size(path)

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        self._outage.ask(self._root)
        return self._connection.read(path, offset=offset, limit=limit)

    def read_several(self, wanted: Sequence[tuple[PurePosixPath, int]]) -> tuple[bytes | OSError | None, ...]:
        self._outage.ask(self._root)
        return self._connection.read_several(wanted)

    def sums(self, wanted: Sequence[tuple[PurePosixPath, int, int]]) -> tuple[Sum | None, ...]:
        self._outage.ask(self._root)
        return self._connection.sums(wanted)

    def folders(self, folder: PurePosixPath) -> tuple[str, ...]:
        self._outage.ask(self._root)
        return self._connection.folders(folder)

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        self._outage.ask(self._root)
        return self._connection.files(folder)
