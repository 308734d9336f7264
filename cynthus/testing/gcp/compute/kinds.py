"""What the resources of Compute Engine have in common: names, scopes, how they come, are listed and go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.testing.gcp.operations import GOOGLE, begin
from cynthus.testing.gcp.places import REGIONS, ZONES
from cynthus.testing.gcp.policies import etag
from cynthus.testing.gcp.refusals import in_use, invalid, missing, refusal, taken
from cynthus.testing.gcp.router import Call, Route, page, shown
from cynthus.testing.gcp.shapes import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

NAME = "[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"
_LABEL_KEY = re.compile(r"[a-z][-_a-z0-9]{0,62}")
_LABEL_VALUE = re.compile(r"[-_a-z0-9]{0,63}")

_SCOPES = {"global": "global", "region": "regions/{region}", "zone": "zones/{zone}"}


class Kind(Struct, frozen=True):
    """One kind of resource: `network`, kept as `networks`, in one scope.

    `complete` makes the whole resource of a body that was checked against `shape`; `user` finds what still uses one.
    """

    noun: str
    collection: str
    scope: str
    shape: Mapping[str, Any]
    complete: Callable[[Call, Document], Document]
    user: Callable[[Call, str], str] = lambda *_: ""

    @property
    def path(self) -> str:
        return f"projects/{{project}}/{_SCOPES[self.scope]}/{self.collection}"

    def routes(self) -> tuple[Route, ...]:
        """Those that every kind has."""
        may = f"compute.{self.collection}"
        one = f"{self.path}/{{name}}"
        return (
            Route("compute", "POST", self.path, f"{may}.create", self.insert, itself=True),
            Route("compute", "GET", self.path, f"{may}.list", self.list),
            Route("compute", "GET", one, f"{may}.get", self.get),
            Route("compute", "DELETE", one, f"{may}.delete", self.delete),
            *self.over_scopes(),
        )

    def over_scopes(self) -> tuple[Route, ...]:
        """The list over all zones or regions."""
        if self.scope == "global":
            return ()
        path = f"projects/{{project}}/aggregated/{self.collection}"
        return (Route("compute", "GET", path, f"compute.{self.collection}.list", self.list_all),)

    def insert(self, call: Call) -> Document:
        """Raises: Refusal."""
        body = self.checked(call)
        key = f"{call.key}/{body['name']}"
        call.require(f"compute.{self.collection}.create", key)
        if call.world.store.get(self.collection, key) is not None:
            raise taken(key)
        document = {**self.complete(call, body), **self.common(call, key)}
        call.world.create(self.collection, key, document, call.who.email)
        return begin(call, "insert", key)

    def checked(self, call: Call) -> Document:
        """Raises: Refusal, where the body is not one of such a resource, or the place is not there."""
        check_place(call)
        body = checked(call.body, self.shape)
        check_name(body.get("name"))
        check_labels(body.get("labels", {}))
        return body

    def common(self, call: Call, key: str) -> Document:
        """What stands in each resource."""
        parts = key.split("/")
        place = {} if self.scope == "global" else {self.scope: GOOGLE + "/".join(parts[:4])}
        return {
            "kind": f"compute#{self.noun}",
            "id": call.world.new_id(),
            "creationTimestamp": call.world.clock.stamp(),
            "selfLink": GOOGLE + key,
            **place,
        }

    def find(self, call: Call, key: str) -> Document:
        """Raises: Refusal."""
        found = call.world.store.get(self.collection, key)
        if found is None:
            raise missing(key)
        return found

    def get(self, call: Call) -> Document:
        check_place(call)
        return shown(self.find(call, call.key))

    def list(self, call: Call) -> Document:
        check_place(call)
        documents, token = page(call, self.collection, f"{call.key}/")
        following = {"nextPageToken": token} if token else {}
        items = [shown(each) for _, each in documents if wanted(each, call.query.get("filter", ""))]
        listing: Document = {"kind": f"compute#{self.noun}List", "id": call.key, "selfLink": GOOGLE + call.key}
        return {**listing, **({"items": items} if items else {}), **following}

    def list_all(self, call: Call) -> Document:
        documents, token = page(call, self.collection, f"projects/{call.project}/")
        scopes: dict[str, Document] = {}
        for key, each in documents:
            if wanted(each, call.query.get("filter", "")):
                scope = "/".join(key.split("/")[2:4])
                scopes.setdefault(scope, {self.collection: []})[self.collection].append(shown(each))
        following = {"nextPageToken": token} if token else {}
        return {"kind": f"compute#{self.noun}AggregatedList", "id": call.key, "items": scopes, **following}

    def delete(self, call: Call) -> Document:
        """Raises: Refusal."""
        allow_in_network(call, self.find(call, call.key))
        user = self.user(call, call.key)
        if user:
            raise in_use(call.key, user)
        return begin(call, "delete", call.key, effects=[("erase", self.collection, call.key)])


def named(world: World, path: str) -> str:
    """A path with the name of a resource, where it was asked for by the number that never changes."""
    parts = path.split("/")
    for place in range(4, len(parts)):
        if parts[place].isdigit():
            folder, collection = "/".join(parts[:place]), parts[place - 1]
            for _, each in world.store.items(collection, f"{folder}/"):
                if each["id"] == parts[place]:
                    parts[place] = each["name"]
    return "/".join(parts)


def allow_in_network(call: Call, document: Document) -> None:
    """What belongs to a network is a change of that too.

    Raises:
        Refusal: it is not permitted.
    """
    if document.get("network"):
        call.require("compute.networks.updatePolicy", path_of(call, document["network"]))


def check_place(call: Call) -> None:
    """Raises: Refusal, where the zone or the region of a path is not there."""
    zone, region = call.names.get("zone"), call.names.get("region")
    if zone is not None and zone not in ZONES:
        raise refusal(400, f"Invalid value for field 'zone': '{zone}'. Unknown zone.")
    if region is not None and region not in REGIONS:
        raise refusal(400, f"Invalid value for field 'region': '{region}'. Unknown region.")


def check_name(name: object) -> None:
    """Raises: Refusal, where Google takes no such name."""
    if name is None:
        raise refusal(400, "Required field 'resource.name' not specified", "required")
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise invalid(
            "resource.name", name, f"Must be a match of regex '(?:{NAME.replace('?:', '')})'"
        )  # fmt: skip


def check_labels(labels: Mapping[str, str], field: str = "resource.labels") -> None:
    """Raises: Refusal, where a key or a value has what none may have."""
    if len(labels) > 64:
        raise refusal(400, f"Invalid value for field '{field}': there are more than 64 labels.")
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key):
            why = "Label keys must start with a lowercase letter and may hold lowercase letters, digits, _ and -."
            raise invalid(field, key, why)
        if not _LABEL_VALUE.fullmatch(value):
            text = f"Label value '{value}' violates format constraints. The value can only contain lowercase letters, "
            raise invalid(field, value, f"{text}numeric characters, underscores and dashes.")


def fingerprint(of: object) -> str:
    """What must be sent along by who changes that."""
    return etag(of)[:8] + "="


def path_of(call: Call, reference: str) -> str:
    """The key that a reference means, however it is written: a URL, a path, or what follows the project in one."""
    path = re.sub(r"^https?://[^/]+/(?:compute/)?(?:v1|beta)/", "", reference)
    if not path.startswith("projects/"):
        path = f"projects/{call.project}/{path.lstrip('/')}"
    parts = path.split("/")
    if call.world.project.is_called(parts[1]):
        parts[1] = call.project
    return "/".join(parts)


def referred(call: Call, collection: str, reference: str, field: str) -> tuple[str, Document]:
    """The key and the document of what a body refers to.

    Raises:
        Refusal: it is no reference to such a thing (400), or there is none (404).
    """
    key = path_of(call, reference)
    if f"/{collection}/" not in key:
        raise invalid(field, reference, "The URL is malformed.")
    found = call.world.store.get(collection, key)
    if found is None:
        raise missing(key)
    return key, found


def wanted(document: Document, text: str) -> bool:
    """Whether a resource passes a filter: comparisons of fields with `=`, `!=` or `:` (a part, `:*` that it is there),
    or by regular expressions with `eq` and `ne`. All of them must hold."""
    parts = [part.strip("() ") for part in re.split(r"\s+AND\s+|(?<=\))\s*(?=\()", text.strip()) if part.strip("() ")]
    return all(_holds(document, part) for part in parts)


def _holds(document: Document, part: str) -> bool:
    found = re.fullmatch(r"([\w.\-]+)\s*(!=|=|:|\beq\b|\bne\b)\s*\"?([^\"]*)\"?", part)
    if not found:
        raise refusal(400, f"Invalid value for field 'filter': '{part}'. Invalid list filter expression.")
    value: Any = document
    for name in found[1].split(".", 1):
        value = value.get(name) if isinstance(value, dict) else None
    if found[2] == ":" and found[3] == "*":
        return value is not None
    said = str(value).lower() if isinstance(value, bool) else str(value)
    how = {":": lambda: found[3] in said, "eq": lambda: re.fullmatch(found[3], said) is not None}
    same = value is not None and how.get(found[2].replace("ne", "eq"), lambda: said == found[3])()
    return bool(same) != (found[2] in ("!=", "ne"))
