"""What can happen to a connection between the tests and a host."""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager
from subprocess import DEVNULL
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, start
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import Popen

    from tests.bed.host import Host

pytestmark = pytest.mark.hosts


@pytest.fixture
def host(standing: Host) -> Iterator[Host]:
    """A host of which only the way to it is hurt."""
    yield standing
    standing.line.mend()


@contextmanager
def beating(host: Host, log: Path, *options: str) -> Iterator[Popen[bytes]]:
    """An ssh that prints without end, once it has begun to."""
    argv = host.ssh_argv("while echo beat; do sleep 0.01; done")
    with open(log, "wb") as out:
        ssh = start(Command((*argv[:1], *options, *argv[1:])), stdout=out, stderr=DEVNULL)
    try:
        wait_for(lambda: log.stat().st_size, "the first beat")
        yield ssh
    finally:
        ssh.kill()
        ssh.wait()


def test_a_cut_breaks_off_what_runs_and_new_connections_come_in(host: Host, tmp_path: Path) -> None:
    with beating(host, tmp_path / "log") as ssh:
        assert host.line.cut()
        assert ssh.wait(10) == 255
    assert host.ssh("echo again").stdout == b"again\n"


def test_cuts_can_come_again_and_again(host: Host) -> None:
    host.line.cut_every(0.2)
    for _ in range(3):
        with socket.create_connection((host.address, host.port)) as knock, pytest.raises(ConnectionResetError):
            read_to_end(knock)


def test_an_unplugged_host_refuses_until_it_is_plugged_in(host: Host) -> None:
    host.line.unplug()
    assert b"Connection refused" in host.ssh("true").stderr
    host.line.plug()
    assert host.ssh("true").returncode == 0


def test_a_frozen_line_is_silent_and_goes_on_where_it_was(host: Host, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with beating(host, log):
        host.line.freeze()
        silent = wait_until_still(log)
        host.line.thaw()
        wait_for(lambda: log.stat().st_size > silent, "more beats")


def test_a_client_that_asks_for_signs_of_life_notices_a_frozen_line(host: Host, tmp_path: Path) -> None:
    with beating(host, tmp_path / "log", "-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1") as ssh:
        host.line.freeze()
        assert ssh.wait(10) == 255


def test_a_slow_line_delays(host: Host) -> None:
    host.line.delay(0.1)
    begun = time.monotonic()
    assert host.ssh("echo slow").stdout == b"slow\n"
    # Versions, key exchange, login, command: each waits for the other's answer.
    assert time.monotonic() - begun > 1


def test_many_bytes_come_through_unchanged(host: Host) -> None:
    data = os.urandom(1 << 23)
    assert host.ssh("cat", stdin=data).stdout == data


def read_to_end(knock: socket.socket) -> None:
    """Read from an sshd, which says who it is and then waits for what we never say."""
    while knock.recv(99):
        pass


def wait_until_still(log: Path) -> int:
    """The size of a log that does not grow for a while."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < 0.3:
        if log.stat().st_size != seen:
            seen, since = log.stat().st_size, time.monotonic()
        time.sleep(0.01)
    return seen
