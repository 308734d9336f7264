"""The way to the host of an instance: a `gcloud` that ships, and what it says where there is none."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, Completed, run
from cynthus.testing.gcp import Machine
from tests.gcp.doors import Doors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TUNNEL = ("compute", "start-iap-tunnel", "demo-host-0", "22", "--listen-on-stdin", "--project=p", "--zone=z")


class Shouting:
    """A driver whose hosts give back what they hear, in large letters."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._answer, daemon=True).start()

    def boot(self, instance: Machine) -> str:
        return instance.address

    def stop(self, name: str) -> None:
        """It is there for all of them."""

    def door(self, name: str) -> tuple[str, int]:
        address: tuple[str, int] = self._listener.getsockname()
        return address

    def close(self) -> None:
        self._listener.close()

    def _answer(self) -> None:
        line, _ = self._listener.accept()
        with line:
            while data := line.recv(100):
                line.sendall(data.upper())


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    hosts = Shouting()
    yield Doors(hosts, tmp_path / "a place")
    hosts.close()


def gcloud(doors: Doors, *words: str, stdin: bytes = b"") -> Completed:
    """Type it as whoever has that environment."""
    environment = doors.environment(os.environ)
    return run(Command(("/bin/sh", "-c", 'exec gcloud "$@"', "sh", *words), env=environment, stdin=stdin), timeout=20)


def boot(doors: Doors) -> None:
    doors.boot(Machine("demo-host-0", "z", "p", "1", "10.0.0.2", {}, "", "", lambda _: ""))


def test_it_leads_to_the_host(doors: Doors) -> None:
    boot(doors)
    assert gcloud(doors, *TUNNEL, stdin=b"hello") == Completed(0, b"HELLO", b"")


def test_before_a_machine_boots_it_says_what_gcloud_says(doors: Doors) -> None:
    answer = gcloud(doors, *TUNNEL)
    said = b"ERROR: (gcloud.compute.start-iap-tunnel) Error while connecting [4003: 'failed to connect to backend']"
    assert (answer.returncode, answer.stderr.startswith(said)) == (1, True), answer


def test_a_machine_that_is_stopped_is_not_reached_any_more(doors: Doors) -> None:
    boot(doors)
    doors.stop("demo-host-0")
    assert gcloud(doors, *TUNNEL).returncode == 1


def test_it_does_nothing_else(doors: Doors) -> None:
    answer = gcloud(doors, "auth", "print-access-token")
    assert (answer.returncode, answer.stdout) == (1, b"")


def test_another_gcloud_is_not_found_before_it(doors: Doors, tmp_path: Path) -> None:
    assert doors.environment({"PATH": "/usr/bin"})["PATH"] == f"{tmp_path}/a place/programs:/usr/bin"
