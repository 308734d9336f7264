"""The verb `ray`: this host's node of a run's Ray cluster, as long as main.py runs.

On the first host the cluster's head, and main.py once the nodes of all hosts have joined; on each other host a node,
which leaves when the head does. It is what the supervisor takes for main.py: all of Ray's processes descend from it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from cynthus import process
from cynthus.agent import cluster, roll
from cynthus.files import write_json
from cynthus.process import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cynthus.agent.arguments import Arguments
    from cynthus.process import Started

PATIENCE = 120.0
"""Seconds for the head to answer; for all nodes to join, half a minute more: who does not come says so first."""
_SILENCE = 60.0
"""Seconds without an answer of the head, not even that nobody listens there, after which it is given up."""
_GRACE = 5.0
_TICK = 0.1
_LOOK = 1.0


class Node(NamedTuple):
    """One host's part. `addresses` are those of all hosts in order of rank; none where there is only this one."""

    folder: Path
    rank: int
    gpus: int
    addresses: tuple[str, ...]
    port: int
    command: tuple[str, ...]
    forward: bool = False
    """Whether only we are told to end, as in a container, and main.py by us. A supervisor tells all processes."""
    patience: float = PATIENCE


def asked(given: Arguments) -> Node:
    """What the command line says. Raises: Failure, where it makes no sense."""
    addresses = tuple(each for each in given.options.get("addresses", "").split(",") if each)
    rank, gpus, port = given.number("rank") or 0, given.number("gpus") or 0, given.number("port") or 0
    inside, patience = given.options.get("inside") == "container", given.number("patience") or PATIENCE
    return Node(Path(given.need("folder")).absolute(), rank, gpus, addresses, port, given.rest, inside, patience)


class Broken(Exception):
    """The cluster does not come about, or falls apart; the text says what a person should know."""


def become(node: Node) -> NoReturn:
    """Run this host's part to its end, and end as main.py has."""
    try:
        code = Ray(node).run()
    except Broken as problem:
        sys.stderr.write(f"cynthus: {problem}\n")
        code = 1
    with suppress(OSError):
        write_json(node.folder / cluster.END, {"code": code})
    if code < 0:
        # As main.py did, so that what is said of the run is true.
        with suppress(OSError):  # SIGKILL is never handled otherwise
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


class Ray:
    """A node of Ray as child processes."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._number = 0
        self._main: Started | None = None
        self._said = node.folder / "start.log"
        self._environment = {**os.environ}
        self._environment.setdefault(cluster.TOKEN, os.urandom(16).hex())
        # Modules beside main.py are in the same place on each host, seen from its own copy of the source.
        beside = os.environ.get("PYTHONPATH")
        self._environment["PYTHONPATH"] = os.pathsep.join(filter(None, (os.getcwd(), beside)))  # noqa: PTH109

    def run(self) -> int:
        """To the end; gives main.py's exit code, negative for a signal. Raises: Broken."""
        signal.signal(signal.SIGTERM, self._end)
        self._node.folder.mkdir(parents=True, exist_ok=True)
        with _kept(self._node.folder):
            return self._lead() if self._node.rank == 0 else self._follow()

    def _lead(self) -> int:
        node = self._node
        port = node.port or _free_port()
        own = _own_address(node) if node.addresses else "127.0.0.1"
        address = f"{own}:{port}"
        with self._started("--head", "--port", str(port), "--node-ip-address", own, "--include-dashboard=false") as ray:
            self._wait(lambda: _answers(own, port), ray, "the head of the Ray cluster does not begin to answer")
            self._environment["RAY_ADDRESS"] = address
            if node.addresses:
                self._call_the_roll(ray, address)
            if self._told():
                return -self._told()
            try:
                self._main = process.start(Command(node.command, env=self._environment), stdout=1, stderr=2)
            except OSError as error:
                raise Broken(f"cannot start {node.command[0]!r}: {(error.strerror or str(error)).lower()}") from None
            return self._attend(self._main, ray)

    def _follow(self) -> int:
        node = self._node
        head = f"{node.addresses[0]}:{node.port}"
        self._wait(lambda: _answers(node.addresses[0], node.port), None, f"nothing answers at {head}, the head of the "
                   "Ray cluster: let this host reach all ports of that one")  # fmt: skip
        if self._told():
            return -self._told()
        with self._started("--address", head, "--node-ip-address", _own_address(node)) as ray:
            while not self._told() and not process.ended(ray) and self._head_is_there(_SILENCE):
                self._sleep(_LOOK, ray)
            # A node that has ended because the head did, which may be seen a moment later, is none that died.
            if not self._told() and process.ended(ray) and self._head_is_there(_GRACE, insist=True):
                raise self._died(ray)
        return -self._told()

    def _head_is_there(self, patience: float, *, insist: bool = False) -> bool:
        """Whether the head listens, or may; with `insist`, whether it still does after that time. Raises: Broken."""
        deadline = time.monotonic() + patience
        while not self._told():
            try:
                socket.create_connection((self._node.addresses[0], self._node.port), timeout=5).close()
            except ConnectionRefusedError:
                return False
            except OSError:
                if time.monotonic() >= deadline:
                    raise Broken("the head of the Ray cluster does not answer any more") from None
            else:
                if not insist or time.monotonic() >= deadline:
                    return True
            time.sleep(_TICK)
        return True

    def _call_the_roll(self, ray: Started, address: str) -> None:
        node = self._node
        missing = node.folder / "missing.json"
        ask = Command(roll.call(missing, len(node.addresses)), env=self._environment)
        with open(self._said, "ab") as said:
            asked = process.start(ask, stdout=said, stderr=said)
        try:
            self._wait(lambda: process.ended(asked), ray, "not all hosts have joined the Ray cluster", 1.25)
        except Broken as problem:
            told = roll.absent(missing, node.addresses)
            raise Broken(f"{problem}; {told}; let the hosts reach each other, here {address}") from None
        finally:
            _stop(asked, 0)
        if asked.returncode and not self._told():
            raise Broken(f"the Ray cluster cannot be asked who is there:\n{self._last_words()}")

    def _attend(self, main: Started, ray: Started) -> int:
        if self._told():
            # By a signal that came before there was a main.py to forward it to.
            self._end(self._told(), None)
        while not process.ended(main):
            if process.ended(ray) and not self._told():
                _stop(main, _GRACE)
                raise self._died(ray)
            time.sleep(_TICK)
        return main.returncode

    def _started(self, *words: str) -> _Ended:
        node = self._node
        # Ports of its own choice: other deployments may have a cluster on this host.
        argv = ("ray", "start", "--block", *words, "--node-name", roll.name(node.rank), "--temp-dir", str(node.folder),
                "--num-gpus", str(node.gpus), "--min-worker-port", "0", "--max-worker-port", "0",
                "--disable-usage-stats")  # fmt: skip
        with open(self._said, "ab") as said:
            # What the head says of itself is of no use to who reads main.py's log.
            to = said if node.rank == 0 else None
            environment = {key: value for key, value in self._environment.items() if key != "RAY_ADDRESS"}
            try:
                started = process.start(Command(argv, env=environment), stdout=to or 1, stderr=to or 2)
            except FileNotFoundError:
                raise Broken("there is no program `ray` in the environment: add ray to the requirements") from None
        return _Ended(started)

    def _wait(
        self, come: Callable[[], bool], ray: Started | None, problem: str, share: float = 1.0
    ) -> None:
        deadline = time.monotonic() + self._node.patience * share
        while not self._told() and not come():
            if ray is not None and process.ended(ray):
                raise self._died(ray)
            if time.monotonic() >= deadline:
                raise Broken(problem)
            time.sleep(_TICK)

    def _sleep(self, seconds: float, child: Started) -> None:
        """A while; less where the child ends or we are told to."""
        deadline = time.monotonic() + seconds
        while not self._told() and not process.ended(child) and time.monotonic() < deadline:
            time.sleep(_TICK)

    def _died(self, ray: Started) -> Broken:
        return Broken(f"the Ray node of this host (rank {self._node.rank}) has ended, with {ray.returncode}"
                      f"{':' if self._node.rank == 0 else ''}\n{self._last_words()}")  # fmt: skip

    def _last_words(self) -> str:
        """Of what went to no log; Ray's own logs go with its folder."""
        try:
            return "\n".join(self._said.read_text(errors="replace").splitlines()[-8:])
        except OSError:
            return ""

    def _told(self) -> int:
        """The signal by which we were told to end; 0 as long as nobody did."""
        return self._number

    def _end(self, number: int, _frame: object) -> None:
        """We are told to end: what main.py does about it decides how, and when."""
        self._number = number
        if self._node.forward and self._main is not None:
            process.kill_group(self._main.pid, number)


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """Keep the system from tidying the folder up. systemd deletes from /tmp what nobody has touched for ten days (on
    Debian 13, too), but not from a folder that is locked.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


class _Ended:
    """`ray start --block` within a `with` block; at its end all of that node's processes have ended."""

    def __init__(self, started: Started) -> None:
        self._started = started

    def __enter__(self) -> Started:
        return self._started

    def __exit__(self, *_: object) -> None:
        _stop(self._started, _GRACE)


def _stop(child: Started, grace: float) -> None:
    """End a child and what is in its process group."""
    process.kill_group(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while not process.ended(child) and time.monotonic() < deadline:
        time.sleep(_TICK)
    process.kill_group(child.pid)
    child.wait()


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError:
        return False
    return True


def _own_address(node: Node) -> str:
    """As the other hosts see it. Ray wants a number, and a host may take its own name for its loopback's."""
    own, other = node.addresses[node.rank], node.addresses[0 if node.rank else 1]
    with suppress(OSError):
        socket.inet_pton(socket.AF_INET6 if ":" in own else socket.AF_INET, own)
        return own
    try:
        family, kind, _, _, place = socket.getaddrinfo(other, node.port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as way:
            # Nothing is sent: the system says by which of its addresses it would.
            way.connect(place)
            return str(way.getsockname()[0])
    except OSError as error:
        raise Broken(f"{other} cannot be found: {(error.strerror or str(error)).lower()}") from None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
