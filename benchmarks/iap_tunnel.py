"""200 MB through Google's proxy, simulated, and through a cut and a reconnect: byte for byte, and how fast against
plain SSH to the same host in the same run."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import verdict
from cynthus.testing.gcp.iap_relay import IapRelay
from cynthus.testing.gcp.relay_faults import RelayFault
from tests.bed.beds import Bed
from tests.bed.login import ssh_argv
from tests.bed.suite import usual
from tests.bed.tree import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from tests.bed.host import Host

MEGABYTES = 200
ROUNDS = 3
LIMIT = 2.0
"""How many times as long as plain SSH it may take: half as fast."""
TUNNEL = f"{sys.executable} -P -m cynthus iap-tunnel host-0 22 --project=bench --zone=us-central1-a"


@dataclass(frozen=True)
class Relay:
    """A relay in a process of its own, as the real one is not in ours either."""

    url: str
    _line: Connection

    def cut_after(self, size: int) -> None:
        """Let the next connection be cut then."""
        self._line.send(size)

    def connections(self) -> int:
        self._line.send(None)
        return int(self._line.recv())


@contextmanager
def relay_before(port: int) -> Iterator[Relay]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, port), daemon=True)
    process.start()
    try:
        yield Relay(ours.recv(), ours)
    finally:
        process.terminate()
        process.join()


def _serve(line: Connection, port: int) -> None:
    relay = IapRelay(lambda _: ("127.0.0.1", port))
    line.send(relay.url)
    while True:
        size = line.recv()
        if size is None:
            line.send(relay.connections)
        else:
            relay.faults.plan(RelayFault(after=size))


@dataclass(frozen=True)
class Way:
    """To a host: plainly, or with options that lead elsewhere."""

    machine: Host
    options: Sequence[str]
    environment: dict[str, str]

    def send(self, content: Path) -> tuple[float, str]:
        """How long a file takes to get there, and its digest there."""
        with open(content, "rb") as stream:
            took, out = self._run("sha256sum", stdin=stream)
        return took, out.split()[0].decode()

    def leave(self, content: Path) -> None:
        """Have it there, to be fetched."""
        with open(content, "rb") as stream:
            self._run("dd", "of=/dev/shm/bench", "status=none", stdin=stream)

    def fetch(self) -> tuple[float, str]:
        """The same for one that comes from there."""
        took, out = self._run("cat", "/dev/shm/bench")
        return took, hashlib.sha256(out).hexdigest()

    def _run(self, *words: str, stdin: object = subprocess.DEVNULL) -> tuple[float, bytes]:
        ssh, *rest = ssh_argv(self.machine, *words)
        began = time.monotonic()
        answer = subprocess.run(
            (ssh, *self.options, *rest), stdin=stdin, stdout=subprocess.PIPE, env=self.environment, check=True  # type: ignore[call-overload]  # a file, or the number that stands for none
        )
        return time.monotonic() - began, answer.stdout


def main(megabytes: int) -> None:
    with Bed(tree(usual())) as bed, tempfile.TemporaryDirectory(prefix="cynthus-benchmark-") as folder:
        (machine,) = bed.hosts(1)
        content = Path(folder) / "content"
        content.write_bytes(os.urandom(megabytes * 1_000_000))
        digest = hashlib.sha256(content.read_bytes()).hexdigest()
        with relay_before(machine.port) as relay:
            environment = {
                **os.environ, "CYNTHUS_GOOGLE_IAP": relay.url, "GOOGLE_OAUTH_ACCESS_TOKEN": "bench", "HOME": folder
            }  # fmt: skip
            plain = Way(machine, (), environment)
            through = Way(machine, ("-o", f"ProxyCommand={TUNNEL}"), environment)
            plain.leave(content)
            wrong = compare("there", digest, [(plain.send(content), through.send(content)) for _ in range(ROUNDS)])
            wrong += compare("here", digest, [(plain.fetch(), through.fetch()) for _ in range(ROUNDS)])
            wrong += cut(relay, digest, through, content, megabytes * 400_000)
    verdict("transfers that are not byte-identical", wrong, 0, "")


def compare(where: str, digest: str, rounds: Sequence[tuple[tuple[float, str], tuple[float, str]]]) -> int:
    """The fastest of each; gives how many came wrong."""
    plain, through = min(each[0][0] for each in rounds), min(each[1][0] for each in rounds)
    print(f"{f'plain SSH, to get {where}':<44} {plain:7.2f} s wall")
    print(f"{f'through the proxy, to get {where}':<44} {through:7.2f} s wall  {plain / through:.2f} x plain SSH")
    verdict(f"times the time of plain SSH, {where}", through / plain, LIMIT, "")
    return sum(found != digest for each in rounds for _, found in each)


def cut(relay: Relay, digest: str, through: Way, content: Path, after: int) -> int:
    """One cut on each way; gives how many came wrong."""
    before = relay.connections()
    relay.cut_after(after)
    sent, there = through.send(content)
    relay.cut_after(after)
    fetched, here = through.fetch()
    assert relay.connections() == before + 4, "there was no cut"
    print(f"{'through a cut, there and here':<44} {sent:7.2f} and {fetched:.2f} s wall")
    return (there != digest) + (here != digest)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES)
