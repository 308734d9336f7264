"""`forward`: a port of a run at this machine, for as long as somebody wants it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.run import RunState
from cynthus.core.suggest import did_you_mean
from cynthus.errors import HostError, HostUnreachable, NothingRunning, UnknownPort, UsageError
from cynthus.operations.found import run_named
from cynthus.operations.observe import observe
from cynthus.operations.ports import ports_of
from cynthus.operations.site import agents, host_number, locate

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.ports import ServedPort
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.targets.connection import Tunnel

PAUSE = 0.5
"""Seconds between two looks at the connection and at the run."""
PATIENCE = 90.0
"""Seconds for a connection that was cut to come back; a machine that reboots takes about a minute."""
_UNPUBLISHED = 30.0
"""Seconds for Docker to say which port of the host leads into the container."""


class Forwarding(Struct):
    """One port of a run that goes on. `there` are the agents of all its hosts, which tell how it stands, and `agent` is
    that of the host with the port."""

    tools: Tools
    site: Site
    run: Run
    there: tuple[HostAgent, ...]
    agent: HostAgent
    port: ServedPort
    local_port: int | None
    _tunnel: Tunnel | None = None
    _opened: bool = False

    def hold(self, tell: Callable[[str], None]) -> Run:
        """Stay until the run has ended; gives it. `tell` gets the address, once the port can be reached there.

        Raises:
            PortTaken: another program of this machine has the local port.
            HostUnreachable: the host is gone, and does not come back.
            UsageError: the host is this machine, where the port is another one.
        """
        try:
            while not self._look().over:
                if self._tunnel is not None and not self._tunnel.stands:
                    self._close()
                    self.tools.progress.warn(f"the connection to {self.agent.name} was cut; trying again")
                    self._reopen()
                elif not self._opened and self._find_host_port():
                    self._open()
                    self._opened = True
                    tell(self._address())
                self.tools.clock.sleep(PAUSE)
        finally:
            self._close()
        return self.run

    def _look(self) -> Run:
        self.run = observe(self.run, self.there, self.tools.clock)
        return self.run

    def _find_host_port(self) -> bool:
        """Whether it is known: in a container only once that has started."""
        deadline = self.tools.clock.monotonic() + _UNPUBLISHED
        while self.port.host_port is None and not self._look().over:
            if self.tools.clock.monotonic() >= deadline:
                raise HostError(
                    f"port {self.port.port} of the container does not come to its host: {self.port.reason}",
                    hint="`cynthus ssh` opens a shell there, to look at the Docker engine",
                )
            self.tools.clock.sleep(PAUSE)
            ports = ports_of(self.agent.status(self.run.id, self.run.attempt))
            self.port = next((each for each in ports if each.port == self.port.port), self.port)
        return self.port.host_port is not None

    def _open(self) -> None:
        assert self.port.host_port is not None  # noqa: S101 - found before
        wanted = self.local_port or self.port.port
        self._tunnel = self.agent.connection.forward(self.port.host_port, wanted)
        if self._tunnel is None and self.local_port not in (None, self.port.host_port):
            raise UsageError(
                f"{self.agent.name} is this machine, and the port is here already, as {self.port.host_port}",
                hint="leave --local-port out",
            )

    def _reopen(self) -> None:
        deadline = self.tools.clock.monotonic() + PATIENCE
        while not self._look().over:
            try:
                self._open()
            except HostUnreachable:
                if self.tools.clock.monotonic() >= deadline:
                    raise
                self.tools.clock.sleep(PAUSE)
            else:
                self.tools.progress.note(f"{self._address()} is there again")
                return

    def _close(self) -> None:
        if self._tunnel is not None:
            self._tunnel.close()
            self._tunnel = None

    def _address(self) -> str:
        number = self.port.host_port if self._tunnel is None else self.local_port or self.port.port
        # Whoever is asked for its health by HTTP speaks that; of others nobody knows what they speak.
        return f"{'http://' if self.port.health else ''}127.0.0.1:{number}"


def forward(
    tools: Tools, where: str | None, number: int | None, *, local_port: int | None = None, target: str | None = None,
    run_id: str | None = None, host: str | None = None,
) -> Forwarding:
    """What is to be forwarded; nothing has been opened yet. Without a `number` it is the only port of the run.

    Raises:
        NothingRunning: there is no run that goes on.
        UnknownPort: it has no such port, or several.
        UnknownHost, UnknownRun: there is none of that name.
    """
    site = locate(tools, where, target=target)
    run, there = run_named(tools, site, run_id), agents(tools, site)
    place = host_number(site, host)
    if run is None or not there:
        raise NothingRunning(f"{site.name} has no run that could answer", hint="`cynthus up` starts one")
    run = observe(run, there, tools.clock)
    if run.state is not RunState.RUNNING:
        state = f"has ended ({run.state})" if run.over else f"has not begun ({run.state})"
        raise NothingRunning(f"run {run.id} {state}", hint="`cynthus up` or `cynthus run` starts one")
    port = _chosen(run, ports_of(there[place].status(run.id, run.attempt)), number)
    return Forwarding(tools, site, run, there, there[place], port, local_port)


def _chosen(run: Run, ports: tuple[ServedPort, ...], number: int | None) -> ServedPort:
    if not ports:
        raise UnknownPort(
            f"run {run.id} was started without `ports:`",
            hint="say in cynthus.yaml where main.py listens, e.g. `ports: [8000]`, then `cynthus update`",
        )
    numbers = [str(each.port) for each in ports]
    if number is None and len(ports) > 1:
        raise UnknownPort(
            f"run {run.id} has several ports: {', '.join(numbers)}", hint=f"say which: cynthus forward {numbers[0]}"
        )
    found = ports[0] if number is None else next((each for each in ports if each.port == number), None)
    if found is None:
        near = did_you_mean(str(number), numbers)
        listed = f"its ports are: {', '.join(numbers)}"
        raise UnknownPort(f"run {run.id} has no port {number}", hint=f"{near} {listed}" if near else listed)
    return found
