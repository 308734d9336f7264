"""What stands before the images of Artifact Registry: it knows who asks and what they may, and has the rest from a real
registry behind it."""

from __future__ import annotations

import base64
import http.client
import json
import re
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from cynthus.testing.gcp.http_server import HttpServer
from cynthus.testing.gcs_objects import Refusal

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

    from cynthus.testing.gcp.principals import Principal
    from cynthus.testing.gcp.world import World

USER = "oauth2accesstoken"
"""The name under which an access token is a password."""
_HOST = re.compile(r"(?P<location>[a-z0-9-]+)-docker\.pkg\.dev(:\d+)?")
_PATH = re.compile(r"/v2/(?P<project>[^/]+)/(?P<repository>[^/]+)/.+/(manifests|blobs|tags)/.*")
_MAY = "artifactregistry.repositories"
_NEEDED = {"GET": "downloadArtifacts", "HEAD": "downloadArtifacts", "DELETE": "deleteArtifacts"}
_OF_A_HOP = ("authorization", "connection", "expect", "keep-alive", "transfer-encoding")
_CHUNK = 1 << 20
_PATIENCE = 120


class _Repository(NamedTuple):
    location: str
    project: str
    name: str

    @property
    def key(self) -> str:
        return f"projects/{self.project}/locations/{self.location}/repositories/{self.name}"


def image_front(world: World, where: tuple[str, int] | socket.socket, behind: int) -> HttpServer:
    """Answers as `LOCATION-docker.pkg.dev`, whatever the location, until it is closed; a socket may speak TLS. `behind`
    is the port on loopback of a registry that asks nobody who they are."""
    return HttpServer(where, type("Handler", (_Handler,), {"world": world, "behind": behind}))


class _Denied(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = _CHUNK
    world: World
    behind: int

    def _serve(self) -> None:
        try:
            path = urlsplit(self.path).path
            if path == "/v2/token":
                self._give_token()
            elif path == "/v2/":
                self._asks()
                self._say(200, {})
            else:
                self._admit(path)
                self._pass_on()
        except _Denied as denied:
            # What comes of a body was not read.
            self.close_connection = True
            errors = [{"code": denied.code, "message": denied.message}]
            self._say(denied.status, {"errors": errors}, self._challenge if denied.status == 401 else {})

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - as http.server wants it

    # who asks, and what they may

    def _give_token(self) -> None:
        """An access token is as good here as any that would be made of it."""
        self._asks()
        token = _token_of(self.headers["Authorization"])
        self._say(200, {"token": token, "access_token": token, "expires_in": 3600})

    def _asks(self) -> Principal:
        """Raises: _Denied, where nobody is known by what came along."""
        try:
            return self.world.principals.who(f"Bearer {_token_of(self.headers.get('Authorization', ''))}")
        except Refusal:
            raise _Denied(401, "UNAUTHORIZED", "authentication failed") from None

    def _admit(self, path: str) -> None:
        """Raises: _Denied, where they may not do that to the repository, or there is none."""
        host, found = _HOST.fullmatch(self.headers.get("Host", "")), _PATH.fullmatch(path)
        if host is None or found is None:
            raise _Denied(404, "NAME_UNKNOWN", "there is no such image")
        who = self._asks()
        asked = _Repository(host["location"], found["project"], found["repository"])
        permission = f"{_MAY}.{_NEEDED.get(self.command, 'uploadArtifacts')}"
        with self.world.store.change():
            try:
                self.world.project.admit("artifactregistry", asked.project)
            except Refusal as refusal:
                raise _Denied(403, "DENIED", refusal.message) from None
            if not self.world.policies.allows(who, permission, asked.key):
                text = f'Permission "{permission}" denied on resource "{asked.key}" (or it may not exist)'
                raise _Denied(403, "DENIED", text)
            if self.world.store.get("repositories", asked.key) is None:
                raise _Denied(404, "NAME_UNKNOWN", f'Repository "{asked.name}" not found')

    @property
    def _challenge(self) -> Mapping[str, str]:
        host = self.headers.get("Host", "")
        return {"WWW-Authenticate": f'Bearer realm="{self._scheme}://{host}/v2/token",service="{host}"'}

    @property
    def _scheme(self) -> str:
        return "https" if hasattr(self.connection, "cipher") else "http"

    # what they ask for

    def _pass_on(self) -> None:
        there = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=_PATIENCE)
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        with closing(there):
            there.putrequest(self.command, self._wanted(), skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _OF_A_HOP:
                    there.putheader(name, value)
            # So the places that it names are here.
            there.putheader("X-Forwarded-Proto", self._scheme)
            if chunked:
                there.putheader("Transfer-Encoding", "chunked")
            there.endheaders(self._chunks() if chunked else self._body(), encode_chunked=chunked)
            self._hand_back(there.getresponse())

    def _wanted(self) -> str:
        """An image's layer could be taken over from any repository, past who may read there: it is sent instead."""
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        return parts.path if "mount" in query else self.path

    def _hand_back(self, answer: http.client.HTTPResponse) -> None:
        self.send_response(answer.status)
        headers = [each for each in answer.getheaders() if each[0].lower() not in _OF_A_HOP]
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            # Nobody knows where it ends but by the end of the connection.
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        while piece := answer.read(_CHUNK):
            self.wfile.write(piece)
        self.wfile.flush()

    def _body(self) -> Iterator[bytes]:
        left = int(self.headers.get("Content-Length") or 0)
        while left and (piece := self.rfile.read(min(left, _CHUNK))):
            left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _say(self, status: int, told: Mapping[str, object], headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _token_of(authorization: str) -> str:
    """The access token, which comes as it is or as a password; '' for none."""
    kind, _, said = authorization.partition(" ")
    if kind.lower() == "bearer":
        return said
    try:
        user, _, password = base64.b64decode(said).decode().partition(":")
    except ValueError:
        return ""
    return password if kind.lower() == "basic" and user == USER else ""
