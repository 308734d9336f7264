"""Which request is answered by what: a table that the documentation shows too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from cynthus.testing.gcp.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cynthus.testing.gcp.principals import Principal
    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World


T = TypeVar("T")


class Route(Struct, frozen=True):
    """A method and a path of a service (`projects/{project}/global/networks`), what it takes to be permitted that, and
    what answers. Without a `permission` whoever is known may ask. What answers looks for it `itself` where the resource
    is known only then."""

    service: str
    method: str
    path: str
    permission: str
    answer: Callable[[Call], Document | Answer | None]
    itself: bool = False


class Answer(Struct, frozen=True):
    """One that is not simply 200 and a document."""

    status: int
    body: Document
    headers: Mapping[str, str] = {}


class Call(Struct, frozen=True):
    """A request that was let in."""

    world: World
    route: Route
    path: str
    """What comes after the service and its version."""
    names: Mapping[str, str]
    query: Mapping[str, str]
    content: bytes
    who: Principal

    @property
    def project(self) -> str:
        return self.world.project.id

    @property
    def body(self) -> Document:
        """Raises: Refusal, where it is no JSON object."""
        if not self.content.strip():
            return {}
        try:
            found: Any = msgspec.json.decode(self.content)
        except msgspec.DecodeError:
            found = None
        if not isinstance(found, dict):
            raise refusal(400, "Invalid JSON payload received. Unexpected token.", "parseError")
        return found

    @property
    def key(self) -> str:
        """The path without a verb at its end, and with the project's id where its number was asked for."""
        parts = self.path.rstrip("/").split("/")
        if parts[0] == "projects" and len(parts) > 1 and self.world.project.is_called(parts[1]):
            parts[1] = self.project
        parts[-1] = parts[-1].partition(":")[0]
        return "/".join(parts)

    def require(self, permission: str, resource: str, policy: str = "") -> None:
        """`policy` is the key of the policy that counts beside the project's, where it is not the resource's.

        Raises:
            Refusal: who asks may not do that.
        """
        self.world.require(self.who, self.route.service, permission, resource, policy)


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[tuple[str, str], list[tuple[re.Pattern[str], Route]]] = {}
        for route in routes:
            known = self._routes.setdefault((route.service, route.method), [])
            known.append((_pattern(route.path), route))

    def find(self, service: str, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """Raises: Refusal."""
        for pattern, route in self._routes.get((service, method), []):
            found = pattern.fullmatch(path)
            if found:
                return route, found.groupdict()
        raise refusal(404, "Not Found")


def _pattern(path: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", path)
    named = (re.escape(piece) if not number % 2 else f"(?P<{piece}>[^/:]+)" for number, piece in enumerate(pieces))
    return re.compile("".join(named) + "/?")


def page(call: Call, collection: str, prefix: str, *, size: int = 500, asked: str = "maxResults") -> tuple[
    list[tuple[str, Document]], str
]:  # fmt: skip
    """The next documents of a list, and the token for those after them ('' if there are none)."""
    wanted = call.query.get(asked, "")
    most = min(int(wanted), size) if wanted.isdigit() and int(wanted) else size
    after = _after(call.query.get("pageToken", ""))
    store = call.world.store
    keys = store.keys(collection, prefix, after, most + 1)
    documents = [(key, store.get(collection, key) or {}) for key in keys[:most]]
    return documents, keys[most - 1].encode().hex() if len(keys) > most else ""


def _after(token: str) -> str:
    try:
        return bytes.fromhex(token).decode()
    except ValueError:
        raise refusal(400, f"Invalid value for field 'pageToken': '{token}'. The page token is invalid.") from None


def shown(document: Document) -> Document:
    """A document without what the simulation keeps for itself."""
    return {key: value for key, value in document.items() if not key.startswith("_")}


def cut(call: Call, items: list[T], size: int = 500, *, asked: str = "maxResults") -> tuple[list[T], str]:
    """The part of a list that is asked for, and the token for what comes after it ('' if nothing does)."""
    wanted, token = call.query.get(asked, ""), call.query.get("pageToken", "")
    begin = int(_after(token) or "0")
    end = begin + (min(int(wanted), size) if wanted.isdigit() and int(wanted) else size)
    return items[begin:end], str(end).encode().hex() if end < len(items) else ""
