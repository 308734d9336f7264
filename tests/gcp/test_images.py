"""Images in Artifact Registry: a real registry, behind what knows who asks and what they may."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest

from cynthus.testing.gcp import OWNER_TOKEN
from tests.gcp.api import P
from tests.gcp.pkg_dev import shelf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.testing.gcp import SimulatedCloud
    from tests.gcp.api import Api

HOST = "us-central1-docker.pkg.dev"
IMAGE = "/v2/rehearsal/lab/demo"
BLOB = b"a layer" * 1000
DIGEST = f"sha256:{hashlib.sha256(BLOB).hexdigest()}"
DOWN = "artifactregistry.repositories.downloadArtifacts"
UP = "artifactregistry.repositories.uploadArtifacts"


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def said(self) -> str:
        return str(json.loads(self.body)["errors"][0]["message"])


class Docker:
    """Speaks as Docker does, with one login."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.login = f"Bearer {OWNER_TOKEN}"
        self.host = HOST

    def ask(self, method: str, path: str, body: bytes | Iterator[bytes] = b"") -> Reply:
        there = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Host": self.host, **({"Authorization": self.login} if self.login else {})}
        with closing(there):
            there.request(method, path, body, headers, encode_chunked=not isinstance(body, bytes))
            answer = there.getresponse()
            return Reply(answer.status, answer.headers, answer.read())

    def send(self, query: str = "") -> Reply:
        """Send the layer in chunks, as Docker does."""
        begun = self.ask("POST", f"{IMAGE}/blobs/uploads/{query}")
        if begun.status != 202:
            return begun
        sent = self.ask("PATCH", _path(begun), iter([BLOB[:10], BLOB[10:]]))
        return self.ask("PUT", f"{_path(sent)}&digest={DIGEST}")


def _path(reply: Reply) -> str:
    place = urlsplit(reply.headers["Location"])
    assert place.netloc == HOST
    return f"{place.path}?{place.query}"


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.fixture
def docker(cloud: SimulatedCloud, api: Api, tmp_path: Path) -> Iterator[Docker]:
    """Whoever owns the project, which has a repository."""
    path = f"{P}/locations/us-central1/repositories?repositoryId=lab"
    assert api.post("artifactregistry", path, {"format": "DOCKER"}).status == 200
    with shelf(tmp_path / "shelf") as behind, cloud.images(("127.0.0.1", 0), behind) as url:
        yield Docker(int(url.rpartition(":")[2]))


def test_who_does_not_say_who_they_are_is_told_where_tokens_are(docker: Docker) -> None:
    docker.login = ""
    reply = docker.ask("GET", "/v2/")
    challenge = f'Bearer realm="http://{HOST}/v2/token",service="{HOST}"'
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, challenge)


def test_an_access_token_is_the_password_of_one_user(docker: Docker) -> None:
    docker.login = basic("oauth2accesstoken", OWNER_TOKEN)
    reply = docker.ask("GET", f"/v2/token?service={HOST}&scope=repository:rehearsal/lab/demo:pull")
    docker.login = f"Bearer {json.loads(reply.body)['token']}"
    assert docker.ask("GET", "/v2/").status == 200


@pytest.mark.parametrize("login", [basic("oauth2accesstoken", "other"), basic("me", OWNER_TOKEN), "Basic !", "Other x"])
def test_no_other_login_is_taken(docker: Docker, login: str) -> None:
    docker.login = login
    assert docker.ask("GET", "/v2/token").status == 401


def test_what_is_sent_in_chunks_comes_back_whole(docker: Docker) -> None:
    assert docker.send().status == 201
    assert docker.ask("GET", f"{IMAGE}/blobs/{DIGEST}").body == BLOB


def test_what_was_used_is_remembered(docker: Docker, cloud: SimulatedCloud) -> None:
    docker.send()
    assert UP in cloud.permissions("owner@example.com")
    assert DOWN not in cloud.permissions("owner@example.com")


def test_who_may_only_read_sends_nothing(docker: Docker, cloud: SimulatedCloud) -> None:
    docker.send()
    cloud.token("anna", "anna@example.com", "roles/artifactregistry.reader")
    docker.login = "Bearer anna"
    refused = docker.send()
    assert docker.ask("HEAD", f"{IMAGE}/blobs/{DIGEST}").status == 200
    resource = "projects/rehearsal/locations/us-central1/repositories/lab"
    text = f'Permission "{UP}" denied on resource "{resource}" (or it may not exist)'
    assert (refused.status, refused.said) == (403, text)


def test_a_repository_that_is_not_there_has_no_images(docker: Docker) -> None:
    reply = docker.ask("GET", "/v2/rehearsal/other/demo/tags/list")
    assert (reply.status, reply.said) == (404, 'Repository "other" not found')


def test_a_repository_is_in_one_location(docker: Docker) -> None:
    docker.host = "europe-docker.pkg.dev"
    assert docker.ask("GET", f"{IMAGE}/tags/list").status == 404


def test_no_layer_is_taken_over_from_another_repository(docker: Docker) -> None:
    docker.send()
    query = f"?mount={DIGEST}&from=rehearsal/lab/demo"
    assert docker.ask("POST", f"/v2/rehearsal/lab/second/blobs/uploads/{query}").status == 202


def test_where_the_service_is_not_enabled_there_are_no_images(docker: Docker, cloud: SimulatedCloud) -> None:
    cloud.project.disable("artifactregistry.googleapis.com")
    assert docker.ask("GET", f"{IMAGE}/tags/list").status == 403


def test_a_token_that_expired_is_taken_no_more(docker: Docker, cloud: SimulatedCloud) -> None:
    cloud.token("anna", "anna@example.com", "roles/owner", seconds=60)
    docker.login = "Bearer anna"
    assert docker.ask("GET", "/v2/").status == 200
    cloud.advance(61)
    assert docker.ask("GET", "/v2/").status == 401
