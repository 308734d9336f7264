"""An image registry with a password, in the hub's network: over TLS, as registries are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from cynthus.process import Command, start
from tests.bed.depot import Depot
from tests.bed.hub import ADDRESS
from tests.processes import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host

PORT = 5000
USER = "tester"
PASSWORD = "correct horse"
HTPASSWD = "tester:$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"
"""That user and password. The registry takes bcrypt only, which Python has no word for."""


class Registry:
    """A running registry. Hosts find it at `internal_address` and trust its certificate; the tests at `address`."""

    def __init__(self, bed: Bed) -> None:
        self.internal_address = f"{ADDRESS}:{PORT}"
        self.certificate = bed.certificate
        folder = bed.disks / "registry"
        self._data = bed.hub.path(folder)
        self._data.mkdir()
        (self._data / "htpasswd").write_text(f"{HTPASSWD}\n")
        (self._data / "config.json").write_text(json.dumps(_settings(folder, bed)))
        self.line = bed.relay.add(ADDRESS, PORT)
        self.address = f"127.0.0.1:{self.line.port}"
        self._depot = Depot(f"https://{self.address}", self.certificate, f"{USER}:{PASSWORD}")
        argv = ("setpriv", "--pdeathsig", "KILL", *bed.hub.entry, str(bed.tree.registry), "serve")
        self._log = bed.folder / "registry.log"
        with open(self._log, "wb") as log:
            self._process = start(Command((*argv, str(folder / "config.json"))), stdout=log, stderr=log)

    def __enter__(self) -> Self:
        wait_for(self._answers, f"the registry to answer: {self._log}")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def put(self, name: str, tar: Path) -> str:
        """Put a tree into it as the image `name`; gives the name by which a host pulls it."""
        self._depot.put(name, tar)
        return f"{self.internal_address}/{name}"

    def show_to(self, host: Host) -> str:
        """Let the host find it where the tests do, so that one name of an image fits both; gives that address.

        It lasts until the host reboots. Docker takes a registry on loopback without asking who signed for it.
        """
        proxy = ("/lib/systemd/systemd-socket-proxyd", self.internal_address)
        host.text("systemd-run", f"--socket-property=ListenStream={self.address}", *proxy)
        return self.address

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        return self._depot.answers()


def _settings(folder: Path, bed: Bed) -> dict[str, object]:
    return {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}, "delete": {"enabled": True}},
        "auth": {"htpasswd": {"realm": "test bed", "path": str(folder / "htpasswd")}},
        "http": {
            "addr": f"{ADDRESS}:{PORT}",
            "tls": {"certificate": str(bed.certificate), "key": str(bed.certificate.with_suffix(".key"))},
        },
    }
