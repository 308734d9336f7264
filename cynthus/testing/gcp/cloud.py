"""A Google Cloud on this machine, with one project in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cynthus.testing.gcp import control, expiry, price_list
from cynthus.testing.gcp.http_server import HttpServer
from cynthus.testing.gcp.image_front import image_front
from cynthus.testing.gcp.machines import Driver, NoHosts
from cynthus.testing.gcp.objects import CloudObjects
from cynthus.testing.gcp.outside import USUAL
from cynthus.testing.gcp.principals import OWNER, OWNER_TOKEN
from cynthus.testing.gcp.router import shown
from cynthus.testing.gcp.server import alive, handler
from cynthus.testing.gcp.world import World

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from cynthus.testing.gcp.faults import CloudFaults
    from cynthus.testing.gcp.iap_relay import IapRelay
    from cynthus.testing.gcp.ledger import Entry
    from cynthus.testing.gcp.project import Project
    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcs_faults import Request

_ENDPOINTS = {
    "COMPUTE": "compute",
    "STORAGE": "storage",
    "IAM_BETA": "iam",
    "IAM_CREDENTIALS": "iamcredentials",
    "RESOURCE_MANAGER": "resourcemanager",
    "ARTIFACT_REGISTRY": "artifactregistry",
    "SECRET_MANAGER": "secretmanager",
    "SERVICE_USAGE": "serviceusage",
    "CLOUD_BILLING": "cloudbilling",
}
"""What Terraform's provider calls a service, and where it is here."""


class SimulatedCloud:
    """All that it knows is in the file `state`, and in a folder beside it. A cloud that was killed goes on when one is
    made of the same file; only one at a time may have it.

    `driver` boots a host for each instance; `latency` is how long an operation takes by the simulated clock. `prices`
    are dollars an hour by machine type, for the ledger. `addresses` are those that machines have in public; at those
    of this machine, as 127.77.0.0/24, they are answered, which takes root for the port of SSH.
    """

    def __init__(
        self,
        state: Path,
        *,
        driver: Driver | None = None,
        project: str = "rehearsal",
        latency: float | None = None,
        prices: Mapping[str, float] | None = None,
        addresses: str = USUAL,
    ) -> None:
        self.world = World(state, driver or NoHosts(), project, prices or {}, addresses)
        self._objects = CloudObjects(self.world)
        self.endpoint = ""
        self.relay: IapRelay | None = None
        """Google's proxy to machines without an address, while it serves."""
        if latency is not None:
            self.project.latency = latency

    @contextmanager
    def serving(self, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
        """Answer as long as the block lasts; gives the URL."""
        try:
            with self.listening((host, port)) as self.endpoint, self._proxy():
                self._objects.endpoint = self.world.machines.endpoint = self.endpoint
                with alive(self.world):
                    yield self.endpoint
        finally:
            self.world.close()

    @contextmanager
    def listening(self, where: tuple[str, int] | socket.socket) -> Iterator[str]:
        """Answer there too, beside where it is serving: for machines, which may see another network."""
        server = HttpServer(where, handler(self.world, self._objects))
        try:
            yield server.url
        finally:
            server.close()

    @contextmanager
    def _proxy(self) -> Iterator[None]:
        try:
            from cynthus.testing.gcp.iap import admit
            from cynthus.testing.gcp.iap_relay import IapRelay
        except ModuleNotFoundError:
            # It needs a package that nothing else of the cloud does.
            yield
            return
        self.relay = IapRelay(lambda asked: admit(self.world, asked))
        try:
            yield
        finally:
            self.relay.close()

    @contextmanager
    def images(self, where: tuple[str, int] | socket.socket, behind: int) -> Iterator[str]:
        """Answer there as `LOCATION-docker.pkg.dev`, by which Docker fetches and pushes. The images lie in a real
        registry, without a login of its own, at the port `behind` of loopback."""
        server = image_front(self.world, where, behind)
        try:
            yield server.url
        finally:
            server.close()

    def environment(self, token: str = OWNER_TOKEN) -> dict[str, str]:
        """What a process needs so that Terraform's provider, Google's libraries and Cynthus speak with this cloud."""
        return {
            "CYNTHUS_GOOGLE_API": self.endpoint,
            **({"CYNTHUS_GOOGLE_IAP": self.relay.url} if self.relay else {}),
            "STORAGE_EMULATOR_HOST": self.endpoint,
            "GOOGLE_OAUTH_ACCESS_TOKEN": token,
            "GOOGLE_PROJECT": self.project.id,
            "GOOGLE_CLOUD_PROJECT": self.project.id,
            **{
                f"GOOGLE_{name}_CUSTOM_ENDPOINT": f"{self.endpoint}/{service}/v1/"
                for name, service in _ENDPOINTS.items()
            },
        }

    @property
    def project(self) -> Project:
        """Latency, services, billing, quotas, zones that are sold out."""
        return self.world.project

    @property
    def faults(self) -> CloudFaults:
        return self.world.faults

    @property
    def requests(self) -> list[Request]:
        """What was asked of this process so far, in order."""
        return self._objects.requests

    def after(self, does: Callable[[Request], None]) -> None:
        """Do that for each request whose work is done, before it is answered: a test may kill the client there."""
        self.world.after = does

    # time

    @property
    def clock(self) -> datetime:
        """Now, in the cloud. Setting it lets happen what is due by then."""
        return self.world.clock.now()

    @clock.setter
    def clock(self, moment: datetime) -> None:
        self.world.clock.set(moment)
        self.world.settle()

    def advance(self, seconds: float) -> None:
        """Let time pass in the cloud, and happen what is due."""
        self.world.clock.advance(seconds)
        self.world.settle()

    # who may do what

    def token(self, token: str, email: str, *roles: str, seconds: float = 0.0) -> None:
        """Let a token stand for somebody with these roles in the project, for so many seconds (0: for good)."""
        self.world.principals.add(token, email, *roles, seconds=seconds)

    def forget(self, token: str) -> None:
        """Let a token stand for nobody."""
        self.world.principals.forget(token)

    def deny(self, email: str, *permissions: str) -> None:
        """Take these away from somebody, whatever the roles say. Without any: give all back."""
        self.world.principals.deny(email, *permissions)

    def permissions(self, email: str = "") -> set[str]:
        """Those that were used so far, by somebody or by all."""
        return self.world.policies.used(email)

    # what is there

    def instances(self) -> list[Document]:
        return [shown(each) for _, each in self.world.store.items("instances")]

    def resources(self) -> dict[str, list[str]]:
        """The keys of all that is there, by kind."""
        return dict(control.answer(self.world, "GET", "resources", {}, b""))

    def ledger(self) -> list[Entry]:
        return self.world.ledger.entries()

    def preempt(self, name: str) -> None:
        """Take a spot machine back: it is told now, and ends 30 seconds later.

        Raises:
            ValueError: there is none with that name that runs.
        """
        expiry.preempt(self.world, control.key_of(self.world, name))

    def announce(self, name: str, event: str = "TERMINATE_ON_HOST_MAINTENANCE") -> None:
        """Tell a machine what will be done to its host; `NONE` takes that back."""
        expiry.announce(self.world, control.key_of(self.world, name), event)

    def seed(self, kind: str, documents: Mapping[str, Document], by: str = OWNER) -> None:
        """Have these resources of a kind (`instances`, `buckets`, ...) there by their keys, at once and unchecked: for
        tests that need thousands."""
        with self.world.store.change():
            for key, document in documents.items():
                self.world.create(kind, key, document, by)

    def sell(self, rows: Iterable[Document]) -> None:
        """Have these rows in the price list of Compute Engine, and no others. It is empty before."""
        price_list.put(self.world.store, rows)

    def say(self, name: str, text: str) -> None:
        """Have that on the serial console of an instance."""
        control.serial(self.world, {"instance": name, "text": text})

    def take(self, *buckets: str) -> None:
        """Let somebody else have these buckets."""
        for name in buckets:
            self.world.store.put("others", name, {})
