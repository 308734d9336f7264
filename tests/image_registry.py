"""A registry of images with a password, on loopback: the real one, by a line that can break in the middle of a push.

Docker takes a registry on loopback without a certificate. A test asks for the fixture `registry` beside
`docker_engine`, and is marked `engine`.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import pytest

from cynthus.process import Command, start
from tests.bed.debian import NoTree
from tests.bed.depot import Depot
from tests.bed.probe import unfit
from tests.bed.registry import HTPASSWD, PASSWORD, USER
from tests.bed.suite import usual
from tests.bed.tree import tree
from tests.needs import lacking
from tests.ports import free_port
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator


class Login(NamedTuple):
    """A login that one file of tests alone uses: so it can look for it in places that others write to meanwhile."""

    user: str
    password: str

    @property
    def auth(self) -> str:
        """As Docker writes it down."""
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


KEEPER = Login("keeper", "battery staple")
PORTER = Login("porter", "paper boat")
_HTPASSWD = (
    HTPASSWD,
    "keeper:$2y$05$abcdefghijklmnopqrstuumjewjQVmxxbBHy234HdGTOAqOuVnhhy",
    "porter:$2y$05$abcdefghijklmnopqrstuuB3VNkKi4XJuKv0R0yciT8XaXz672KRy",
)
_REQUEST = re.compile(r'"(?P<verb>[A-Z]+) (?P<path>/v2/\S*) HTTP[^"]*" (?P<status>\d+)')
_BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 8\r\nConnection: close\r\n\r\n<html/>\n"
)
"""What stands before most registries answers so while they are down. Docker asks again, four times in fifty seconds."""
_TOO_MANY = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
    b"Content-Length: 59\r\nConnection: close\r\n\r\n"
    b'{"errors":[{"code":"TOOMANYREQUESTS","message":"not now"}]}'
)
"""One that is busy answers so. Docker does not ask again."""


class Front:
    """The port by which the registry is reached. It can break, at once or in the middle of an upload, and be mended."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._broken = False
        self._answer = _BAD_GATEWAY
        self._flowing = threading.Event()
        self._flowing.set()
        self._fatal: bytes | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def break_now(self) -> None:
        self._broken = True

    def break_at(self, word: bytes, *, busy: bool) -> None:
        """Break once a request has begun that `word` is in: it is cut off, and others get no better answer.

        `busy`: they are told so, and Docker gives up.
        """
        self._fatal, self._answer = word, _TOO_MANY if busy else _BAD_GATEWAY

    def freeze(self) -> None:
        """Let nothing through, as a network does that went silent."""
        self._flowing.clear()

    def mend(self) -> None:
        self._broken, self._fatal = False, None
        self._flowing.set()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._server.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            self._flowing.wait()
            if self._broken:
                client.recv(1 << 16)
                client.sendall(self._answer)
                return
            with socket.create_connection(("127.0.0.1", self._behind)) as registry:
                threading.Thread(target=self._back, args=(registry, client), daemon=True).start()
                while (data := client.recv(1 << 14)) and not self._broken:
                    registry.sendall(data)
                    self._broken = self._fatal is not None and self._fatal in data
                    if self._broken:
                        return

    def _back(self, registry: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while (data := registry.recv(1 << 16)) and not self._broken:
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)


class ImageRegistry:
    """A running registry; `address` is how images in it begin."""

    def __init__(self, program: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        port = free_port()
        self.front = Front(port)
        self.address = f"localhost:{self.front.port}"
        self._program = program
        self._log = folder / "log"
        (folder / "htpasswd").write_text("\n".join([*_HTPASSWD, ""]))
        (folder / "config.json").write_text(json.dumps({
            "version": 0.1,
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
            "auth": {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}},
            "http": {"addr": f"127.0.0.1:{port}"},
        }))
        self.depot = Depot(f"http://127.0.0.1:{port}", login=f"{USER}:{PASSWORD}")
        argv = ("setpriv", "--pdeathsig", "KILL", str(program), "serve", str(folder / "config.json"))
        with open(self._log, "wb") as log:
            self._process = start(Command(argv), stdout=log, stderr=log)

    def __enter__(self) -> Self:
        wait_for(self.depot.answers, f"the registry to answer: {self._log}")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self.front.close()

    def log_in(self, config: Path, password: str = PASSWORD) -> None:
        """Write the login into a folder of settings of Docker's, as `docker login` does."""
        config.mkdir(parents=True, exist_ok=True)
        auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
        (config / "config.json").write_text(json.dumps({"auths": {self.address: {"auth": auth}}}))

    def asked(self) -> list[tuple[str, str, int]]:
        """All requests so far: verb, path and the answer's status."""
        found = _REQUEST.finditer(self._log.read_text(errors="replace"))
        return [(each["verb"], each["path"], int(each["status"])) for each in found]

    def written(self, name: str) -> int:
        """How often a manifest of that image was put there."""
        beginning = f"/v2/{name}/manifests/"
        return sum((verb, status) == ("PUT", 201) and path.startswith(beginning) for verb, path, status in self.asked())

    def tags(self, name: str) -> list[str]:
        """The tags of an image that is there; none where it is not."""
        return self.depot.tags(name)


def program() -> Path:
    """docker-registry, of this machine or of the test bed; skips the test where there is none."""
    found = shutil.which("docker-registry")
    if found:
        return Path(found)
    reason = unfit()
    if reason:
        lacking(f"there is no docker-registry on this machine, and {reason}")
    try:
        return tree(usual()).registry
    except NoTree as error:
        lacking(f"there is no docker-registry: {error}")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageRegistry]:
    """One for all tests of a module: what is below the images is put there once."""
    with ImageRegistry(program(), tmp_path_factory.mktemp("registry") / "its") as made:
        yield made
