"""One HTTP server for all services of a simulated cloud."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from cynthus.testing.gcp import (
    accounts,
    buckets,
    cloud_quotas,
    compute,
    control,
    logins,
    os_login,
    price_list,
    projects_api,
    repositories,
    secrets,
    services,
)
from cynthus.testing.gcp.compute.kinds import named
from cynthus.testing.gcp.images import PROJECTS
from cynthus.testing.gcp.refusals import TITLES, not_on_its_account, refusal
from cynthus.testing.gcp.router import Answer, Call, Route, Router
from cynthus.testing.gcs_handler import GcsHandler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.testing.gcp.objects import CloudObjects
    from cynthus.testing.gcp.world import World
    from cynthus.testing.gcs_faults import Fault, Request
    from cynthus.testing.gcs_objects import Refusal

ROUTES: tuple[Route, ...] = (
    *compute.ROUTES,
    *buckets.ROUTES,
    *accounts.ROUTES,
    *price_list.ROUTES,
    *os_login.ROUTES,
    *projects_api.ROUTES,
    *repositories.ROUTES,
    *secrets.ROUTES,
    *services.ROUTES,
    *cloud_quotas.ROUTES,
)

_JSON = "application/json; charset=UTF-8"
_TICK = 0.2
_LONGEST_WAIT = 60.0

Found = tuple[int, dict[str, str], "bytes | memoryview"]


class _Handler(GcsHandler):
    world: World
    router: Router

    def _found(self) -> Found:
        path = urlsplit(self.path).path
        if path.startswith("/simulation/"):
            query = dict(parse_qsl(urlsplit(self.path).query))
            return _encoded(control.answer(self.world, self.command, path.split("/")[2], query, self._body()))
        if path.startswith(("/oauth2/", "/openidconnect/", "/sts/")):
            sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
            query = {"access_token": sent} | dict(parse_qsl(urlsplit(self.path).query))
            return _encoded(logins.answer(self.world, path, query, self._body()))
        self.world.settle()
        return super()._found()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """By the cloud's clock, by which clients notice that theirs is wrong."""
        return super().date_time_string(int(self.world.clock.seconds()) if timestamp is None else timestamp)

    @property
    def _here(self) -> str:
        # Machines see the cloud at another address than we do.
        return f"http://{self.headers['Host']}"

    def _planned(self, fault: Fault) -> Refusal:
        return refusal(fault.status, fault.message or "The service is currently unavailable.")

    def _done(self, request: Request, bucket: str, name: str) -> Found:
        if request.upload or request.lists or name:
            found = super()._done(request, bucket, name)
        else:
            found = _encoded(self._answered(request))
            # What takes no time has happened when the answer comes.
            self.world.settle()
        self.world.after(request)
        return found

    def _answered(self, request: Request) -> Any:
        service, _, path = request.path.lstrip("/").partition("/v1/")
        path = named(self.world, unquote(path)) if service == "compute" else unquote(path)
        if service not in TITLES:
            raise refusal(404, "Not Found")
        route, names = self.router.find(service, self.command, path)
        who = self.world.principals.who(self.headers.get("Authorization", ""))
        paying = self.headers.get("X-Goog-User-Project", "")
        if paying and not self.world.policies.allows(who, "serviceusage.services.use", ""):
            raise not_on_its_account(paying)
        project = names.get("project", "")
        public = project in PROJECTS and "/images" in path
        self.world.project.admit(service, "" if public or project == "-" else project)
        call = Call(self.world, route, path, names, request.query, self._body(), who)
        if path.endswith("/wait"):
            _wait(call)
        with self.world.store.change():
            if route.permission and not route.itself and not public:
                call.require(route.permission, _resource(call))
            return route.answer(call)


def _resource(call: Call) -> str:
    """What Google names where something is not permitted: the resource, or the project where it is a list."""
    last = call.route.path.rpartition("/")[2].partition(":")[0]
    lists = call.route.method == "GET" and not last.endswith("}")
    return f"projects/{call.project}" if lists and "Iam" not in call.route.path else call.key


def _wait(call: Call) -> None:
    """Until an operation is done, or Google's patience ends."""
    end, key = time.monotonic() + _LONGEST_WAIT, call.key.removesuffix("/wait")
    while time.monotonic() < end:
        found = call.world.store.get("operations", key)
        if found is None or found["status"] == "DONE":
            return
        time.sleep(_TICK / 4)
        call.world.settle()


def _encoded(answer: Any) -> Found:
    if answer is None:
        return 204, {}, b""
    if isinstance(answer, Answer):
        return answer.status, {"Content-Type": _JSON, **answer.headers}, msgspec.json.encode(answer.body)
    return 200, {"Content-Type": _JSON}, msgspec.json.encode(answer)


def handler(world: World, objects: CloudObjects) -> type[GcsHandler]:
    """What answers for a cloud, on whichever socket."""
    parts: Mapping[str, object] = {"fake": objects, "world": world, "router": Router(ROUTES)}
    return type("Handler", (_Handler,), dict(parts))


@contextmanager
def alive(world: World) -> Iterator[None]:
    """Have hosts for all that had some, and let happen what is due, as long as the block lasts."""
    ended = threading.Event()
    thread = threading.Thread(target=_tick, args=(world, ended), daemon=True)
    world.machines.resume()
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _tick(world: World, ended: threading.Event) -> None:
    while not ended.wait(_TICK):
        world.settle()
