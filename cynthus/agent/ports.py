"""The ports of an attempt: where each is on this machine, and whether something healthy answers there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.failure import PORT_TAKEN, Failure
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.spec import Port

LOOPBACK = "127.0.0.1"
"""Nothing of ours listens on any other address."""
_NOT_YET = "main.py has not begun to answer"


class Served(NamedTuple):
    """One port. `host_port` is the same as this machine sees it, None before that is known; `since` is when `healthy`
    became what it is, None before anybody has looked; `reason` says why it is not healthy."""

    port: int
    health: str | None
    host_port: int | None
    healthy: bool = False
    since: str | None = None
    reason: str = _NOT_YET


class Ports(NamedTuple):
    """All of an attempt. `inside`: they are ports of a container's own network, which Docker brings to this machine."""

    inside: bool
    each: list[Served]


def expect(attempt: Attempt, ports: Sequence[Port], *, inside: bool) -> None:
    """Write down which ports there will be. Those that are not `inside` a container are ports of this machine.

    Raises:
        Failure: such a port is taken already.
        OSError: it cannot be written.
    """
    if not inside:
        for each in ports:
            _refuse_taken(each.port)
    if ports:
        write(attempt, Ports(inside, [Served(each.port, each.health, None if inside else each.port) for each in ports]))


def read(attempt: Attempt) -> Ports:
    """All of them; none where the record is damaged, which costs what it said."""
    try:
        document = read_json(attempt.ports)
        listed = document["ports"] if document else []
        each = [Served(**said) for said in listed] if isinstance(listed, list) else []
        return Ports(bool(document and document.get("inside")), each)
    except (OSError, ValueError, TypeError, KeyError):
        return Ports(inside=False, each=[])


def write(attempt: Attempt, ports: Ports) -> None:
    """Raises: OSError."""
    document = {"inside": ports.inside, "ports": [each._asdict() for each in ports.each]}
    write_json(attempt.ports, document, durable=False)


def _refuse_taken(port: int) -> None:
    import errno
    import socket

    with socket.socket() as tried:
        # As servers do: connections of an earlier run that are not quite over yet are no reason.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Failure(
                    f"port {port} is taken: another program listens there already",
                    hint=f"end that one (`ss -ltnp sport = :{port}` on the host shows it), or write another number "
                    "under `ports:`; with `runtime: container` it does not matter",
                    code=PORT_TAKEN,
                ) from None
            if error.errno == errno.EACCES:
                raise Failure(
                    f"this user may not listen on port {port}",
                    hint="write a number from 1024 on under `ports:`, and let main.py listen there", code=PORT_TAKEN,
                ) from None
