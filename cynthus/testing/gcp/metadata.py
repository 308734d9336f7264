"""The metadata server that a machine of a simulated cloud sees: who it is, as whom it is known, when it must go."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from cynthus.testing.gcp.http_server import HttpServer
from cynthus.testing.gcp.policies import etag
from cynthus.testing.gcp.principals import MACHINE

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

ROOT = "/computeMetadata/v1/"
_LONGEST = 600.0


def metadata_server(world: World, key: str, where: tuple[str, int] | socket.socket) -> HttpServer:
    """That of an instance, which answers there until it is closed."""
    return HttpServer(where, type("Handler", (_Handler,), {"world": world, "key": key}))


def told(world: World, key: str) -> Document:
    """All that a machine's metadata server knows, as a tree; a path of it is asked for."""
    instance = world.store.get("instances", key)
    if instance is None:
        return {}
    accounts = instance.get("serviceAccounts") or []
    number, shared = world.project.number, world.project.metadata
    project = {"project-id": world.project.id, "numeric-project-id": number, "attributes": shared}
    mine: Document = {
        "id": instance["id"],
        "name": instance["name"],
        "hostname": f"{instance['name']}.{key.split('/')[3]}.c.{world.project.id}.internal",
        "zone": f"projects/{number}/zones/{key.split('/')[3]}",
        "machine-type": f"projects/{number}/machineTypes/{instance['machineType'].rpartition('/')[2]}",
        "attributes": {item["key"]: item["value"] for item in instance["metadata"].get("items", [])},
        "tags": json.dumps(instance.get("tags", {}).get("items", [])),
        "preempted": "TRUE" if instance.get("_preempted") else "FALSE",
        "maintenance-event": instance.get("_maintenance", "NONE"),
        "scheduling": {key: str(value).upper() for key, value in _scheduling(instance).items()},
        "service-accounts": {
            name: _account(each) for each in accounts for name in ("default", each["email"])
        },
    }  # fmt: skip
    return {"instance": mine, "project": project}


def _scheduling(instance: Document) -> Mapping[str, Any]:
    told = instance["scheduling"]
    return {
        "automatic-restart": told.get("automaticRestart", True),
        "on-host-maintenance": told.get("onHostMaintenance", "MIGRATE"),
        "preemptible": told.get("preemptible", False),
    }


def _account(account: Document) -> Document:
    token = {"access_token": f"{MACHINE}{account['email']}", "expires_in": 3599, "token_type": "Bearer"}
    return {
        "aliases": "default",
        "email": account["email"],
        "scopes": "\n".join(account.get("scopes", [])),
        "token": _Json(token),
    }


class _Json(dict[str, Any]):
    """A leaf that is JSON."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World
    key: str

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if self.headers.get("Metadata-Flavor") != "Google":
            self._say(403, b"Missing Metadata-Flavor:Google header.")
            return
        if not parts.path.startswith(ROOT):
            self._say(200 if parts.path == "/" else 404, b"computeMetadata/\n")
            return
        value = self._value(parts.path.removeprefix(ROOT), query)
        if value is None:
            self._say(404, b"Not Found")
            return
        structured = isinstance(value, _Json) or query.get("recursive", "").lower() == "true"
        body = json.dumps(value).encode() if structured else _text(value).encode()
        kind = "application/json" if structured else "application/text"
        self._say(200, body, {"Content-Type": kind, "ETag": etag(value)})

    def _value(self, path: str, query: Mapping[str, str]) -> Any:
        waits = query.get("wait_for_change", "").lower() == "true"
        seconds = min(float(query.get("timeout_sec", _LONGEST)), _LONGEST)
        with self.world.changed:
            known = query.get("last_etag") or etag(self._find(path))
            if waits:
                self.world.changed.wait_for(lambda: etag(self._find(path)) != known, timeout=seconds)
            return self._find(path)

    def _find(self, path: str) -> Any:
        found: Any = told(self.world, self.key)
        for part in path.strip("/").split("/"):
            if part and (not isinstance(found, dict) or isinstance(found, _Json) or part not in found):
                return None
            found = found[part] if part else found
        return found

    def _say(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Metadata-Flavor": "Google", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"{name}/\n" if isinstance(each, dict) else f"{name}\n" for name, each in value.items())
    return str(value)
