from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from cynthus.credentials.registries import RegistryLogin, login
from cynthus.errors import NotLoggedIn, RegistryLoginNeeded

if TYPE_CHECKING:
    from pathlib import Path

SENTINEL = "swordfish-41aa"
AUTH = base64.b64encode(f"me:{SENTINEL}".encode()).decode()
REGISTRY = "registry.example.org:5000"


def docker(tmp_path: Path, **settings: object) -> dict[str, str]:
    """The environment of somebody whose Docker has these settings, and what may be on PATH."""
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps(settings))
    return {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}


def helper(tmp_path: Path, script: str) -> None:
    """A program `docker-credential-lab`; what it was asked lies in `asked`."""
    program = tmp_path / "docker-credential-lab"
    program.write_text(f'#!/bin/sh\necho "$1 $(cat)" >{tmp_path}/asked\n{script}\n')
    program.chmod(0o755)


def answer(user: str, secret: str = SENTINEL) -> str:
    return f"echo '{json.dumps({'ServerURL': REGISTRY, 'Username': user, 'Secret': secret})}'"


def found(environment: dict[str, str], registry: str = REGISTRY) -> RegistryLogin:
    known = login(registry, environment)
    assert known is not None
    return known


def test_one_of_docker_login_is_found(tmp_path: Path) -> None:
    assert found(docker(tmp_path, auths={REGISTRY: {"auth": AUTH}})).proofs == {"auth": AUTH}


def test_no_other_is_taken_along(tmp_path: Path) -> None:
    others = {"other.example.org": {"auth": "b3RoZXI6b3RoZXI="}, REGISTRY: {"auth": AUTH, "email": "me@example.org"}}
    assert found(docker(tmp_path, auths=others)).proofs == {"auth": AUTH}


def test_the_folder_that_docker_is_told_of_counts(tmp_path: Path) -> None:
    environment = docker(tmp_path, auths={REGISTRY: {"auth": AUTH}})
    assert login(REGISTRY, {**environment, "DOCKER_CONFIG": str(tmp_path / "other")}) is None


@pytest.mark.parametrize("name", [f"https://{REGISTRY}", f"https://{REGISTRY}/v1/"])
def test_one_that_was_written_as_an_address_is_found(tmp_path: Path, name: str) -> None:
    assert found(docker(tmp_path, auths={name: {"auth": AUTH}})).server == REGISTRY


def test_docker_hub_has_a_name_of_its_own(tmp_path: Path) -> None:
    hub = "https://index.docker.io/v1/"
    assert found(docker(tmp_path, auths={hub: {"auth": AUTH}}), "docker.io").server == hub


@pytest.mark.parametrize("settings", [{}, {"auths": {REGISTRY: {}}}, {"auths": []}, {"auths": {REGISTRY: "x"}}])
def test_none_is_no_error(tmp_path: Path, settings: dict[str, object]) -> None:
    assert login(REGISTRY, docker(tmp_path, **settings)) is None


def test_settings_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    environment = docker(tmp_path)
    (tmp_path / ".docker/config.json").write_text("{")
    assert login(REGISTRY, environment) is None


@pytest.mark.parametrize("settings", [{"credHelpers": {REGISTRY: "lab"}}, {"credsStore": "lab"}])
def test_a_helper_is_asked_for_that_one_registry(tmp_path: Path, settings: dict[str, object]) -> None:
    helper(tmp_path, answer("me"))
    assert found(docker(tmp_path, **settings)).proofs == {"auth": AUTH}
    assert (tmp_path / "asked").read_text() == f"get {REGISTRY}\n"


def test_a_helper_of_another_registry_is_not(tmp_path: Path) -> None:
    helper(tmp_path, answer("me"))
    assert login(REGISTRY, docker(tmp_path, credHelpers={"other.example.org": "lab"})) is None
    assert not (tmp_path / "asked").exists()


def test_a_token_of_a_helper_is_handed_on_as_one(tmp_path: Path) -> None:
    helper(tmp_path, answer("<token>"))
    assert found(docker(tmp_path, credsStore="lab")).proofs == {"identitytoken": SENTINEL}


def test_a_helper_that_knows_none_leaves_it_to_the_file(tmp_path: Path) -> None:
    helper(tmp_path, "echo credentials not found in native keychain; exit 1")
    assert found(docker(tmp_path, credsStore="lab", auths={REGISTRY: {"auth": AUTH}})).proofs == {"auth": AUTH}


@pytest.mark.parametrize(
    "script", [f"echo {SENTINEL}; exit 1", f"echo {SENTINEL}", f"echo '{{\"Secret\": \"{SENTINEL}\"}}'"]
)
def test_one_that_does_not_work_is_named_and_not_repeated(tmp_path: Path, script: str) -> None:
    helper(tmp_path, script)
    with pytest.raises(RegistryLoginNeeded, match="docker-credential-lab") as refused:
        login(REGISTRY, docker(tmp_path, credsStore="lab"))
    assert SENTINEL not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("name", ["gone", "../lab"])
def test_one_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(RegistryLoginNeeded, match=f"docker-credential-{name}"):
        login(REGISTRY, docker(tmp_path, credsStore=name))


@pytest.mark.parametrize("registry", ["europe-docker.pkg.dev", "eu.gcr.io", "gcr.io"])
def test_for_google_a_token_is_a_password(tmp_path: Path, registry: str) -> None:
    environment = {**docker(tmp_path), "GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL}
    auth = base64.b64encode(f"oauth2accesstoken:{SENTINEL}".encode()).decode()
    assert found(environment, registry).proofs == {"auth": auth}


@pytest.mark.parametrize("registry", [REGISTRY, "pkg.dev.example.org", "notgcr.io"])
def test_nobody_else_gets_googles_token(tmp_path: Path, registry: str) -> None:
    assert login(registry, {**docker(tmp_path), "GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL}) is None


def test_a_login_of_docker_comes_before_googles(tmp_path: Path) -> None:
    environment = docker(tmp_path, auths={"gcr.io": {"auth": AUTH}})
    assert found({**environment, "GOOGLE_OAUTH_ACCESS_TOKEN": "other"}, "gcr.io").proofs == {"auth": AUTH}


def test_who_is_nobody_to_google_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(NotLoggedIn):
        login("gcr.io", docker(tmp_path))


def test_a_login_is_not_written_anywhere(tmp_path: Path) -> None:
    known = found(docker(tmp_path, auths={REGISTRY: {"auth": AUTH}}))
    assert AUTH not in repr(known)
    assert SENTINEL not in repr(known)
