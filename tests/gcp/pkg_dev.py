"""Artifact Registry with real images: docker-registry behind the simulated cloud, and a way to it by its real name."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from cynthus.process import Command, start
from tests.bed.inward import in_network_of
from tests.bed.keys import new_certificate
from tests.image_registry import program
from tests.ports import free_port
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.testing.gcp import SimulatedCloud
    from tests.bed.host import Host

ADDRESS = "199.36.153.8"
"""Where Google's services are for machines without an address of their own. Docker wants TLS there, as it does not on
loopback."""


@contextmanager
def shelf(folder: Path) -> Iterator[int]:
    """A real registry that asks nobody who they are, on loopback; gives its port."""
    folder.mkdir()
    port = free_port()
    (folder / "config.json").write_text(json.dumps({
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }))
    argv = ("setpriv", "--pdeathsig", "KILL", str(program()), "serve", str(folder / "config.json"))
    with open(folder / "log", "wb") as log:
        process = start(Command(argv), stdout=log, stderr=log)
    try:
        wait_for(lambda: _answers(port), f"the registry to answer: {folder / 'log'}")
        yield port
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5):
            return True
    except (urllib.error.URLError, ConnectionError):
        return False


class PkgDev:
    """Brings hosts to the images of a cloud, which lie in the registry at the port `behind`."""

    def __init__(self, cloud: SimulatedCloud, folder: Path, behind: int, name: str) -> None:
        self._cloud = cloud
        self._behind = behind
        self._name = name
        self._certificate = folder / "pkg-dev.crt"
        new_certificate(self._certificate, ADDRESS, names=(name,))
        self._trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._trust.load_cert_chain(self._certificate, self._certificate.with_suffix(".key"))

    @contextmanager
    def brought(self, host: Host) -> Iterator[None]:
        """The host finds the registry by its real name, over TLS, and its Docker trusts the certificate."""
        host.text("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
        host.text("sh", "-c", f"echo {ADDRESS} {self._name} >>/etc/hosts")
        trusted = host.path(f"/etc/docker/certs.d/{self._name}")
        trusted.mkdir(parents=True)
        (trusted / "ca.crt").write_bytes(self._certificate.read_bytes())
        listener = in_network_of(host, lambda: socket.create_server((ADDRESS, 443)))
        with ExitStack() as open_ones:
            # Each connection is shaken hands with by its own thread, once something of it is read.
            secure = self._trust.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)
            open_ones.enter_context(self._cloud.images(secure, self._behind))
            yield
