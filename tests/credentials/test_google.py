from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from cynthus.credentials.google import READ_ONLY, SCOPE, bearer, key_file, login, service_account
from cynthus.errors import NotLoggedIn
from cynthus.testing.web import WebServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SENTINEL = "swordfish-7c1d"
# The client is gcloud's own, of which Google's library warns.
CLIENT = "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com"
USER = f'{{"type": "authorized_user", "client_id": "{CLIENT}", "client_secret": "s", "refresh_token": "r"}}'


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine is found, and no network is asked."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "any")


def test_a_token_in_the_environment_is_taken() -> None:
    found = login({"GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL}).credentials
    assert found is not None
    assert found.token == SENTINEL


def test_a_token_is_not_written_anywhere() -> None:
    found = login({"GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL})
    assert SENTINEL not in repr(found) + found.hint


def test_an_empty_token_counts_as_missing() -> None:
    with pytest.raises(NotLoggedIn):
        login({"GOOGLE_OAUTH_ACCESS_TOKEN": " "})


def test_an_emulator_needs_no_credentials() -> None:
    assert login({"STORAGE_EMULATOR_HOST": "http://127.0.0.1:9"}).credentials is None


def test_without_credentials_it_says_how_to_log_in() -> None:
    with pytest.raises(NotLoggedIn) as caught:
        login({})
    assert "gcloud auth application-default login" in caught.value.hint
    assert "GOOGLE_OAUTH_ACCESS_TOKEN" in caught.value.hint


def test_a_key_file_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "gone.json"))
    with pytest.raises(NotLoggedIn, match=r"gone\.json"):
        login({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "gone.json")})


def test_what_gcloud_has_stored_is_found(tmp_path: Path) -> None:
    (tmp_path / "application_default_credentials.json").write_text(USER)
    found = login({}).credentials
    assert found is not None
    assert getattr(found, "refresh_token", "") == "r"


@pytest.fixture
def service() -> Iterator[WebServer]:
    """Where a service account gets its tokens."""
    with serving(WebServer()) as web:
        web.put("/token", json.dumps({"access_token": SENTINEL, "expires_in": 3599}).encode())
        yield web


@pytest.fixture
def account(service: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One whose key lies in a file."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "account.json"
    file.write_text(json.dumps({
        "type": "service_account", "client_email": "a@example.org", "private_key": key.decode(),
        "token_uri": f"{service.address}/token",
    }))  # fmt: skip
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))


@pytest.mark.usefixtures("account")
def test_a_bearer_of_a_service_account_may_only_read(service: WebServer) -> None:
    assert bearer({}).value == SENTINEL
    assertion = service.heard("/token")[0].body.decode().partition("assertion=")[2]
    claims = base64.urlsafe_b64decode(assertion.split(".")[1] + "==")
    assert json.loads(claims)["scope"] == READ_ONLY


@pytest.mark.usefixtures("account")
def test_credentials_that_are_not_renewed_are_told(service: WebServer) -> None:
    service.fail(400, times=9)
    with pytest.raises(NotLoggedIn) as caught:
        bearer({})
    assert "gcloud auth application-default login" in caught.value.hint


def test_a_token_that_is_named_is_the_bearer_and_not_written_anywhere() -> None:
    found = bearer({"GOOGLE_OAUTH_ACCESS_TOKEN": f" {SENTINEL}\n"})
    assert found.value == SENTINEL
    assert SENTINEL not in repr(found) + found.hint


def test_an_emulator_needs_no_bearer() -> None:
    assert bearer({"STORAGE_EMULATOR_HOST": "http://127.0.0.1:9"}).value == ""


# acting as a service account

BOT = "bot@my-lab-1.iam.gserviceaccount.com"
ACTING = {"GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": BOT}


@pytest.mark.usefixtures("account")
def test_who_acts_as_a_service_account_is_that_one() -> None:
    found = login(ACTING)
    assert getattr(found.credentials, "service_account_email", "") == BOT


@pytest.mark.usefixtures("account")
def test_who_may_not_act_as_it_is_told_which_role_that_takes() -> None:
    hint = login(ACTING).hint
    assert BOT in hint
    assert "roles/iam.serviceAccountTokenCreator" in hint


@pytest.mark.usefixtures("account")
def test_an_account_that_gives_no_token_is_told(service: WebServer) -> None:
    service.fail(400, times=9)
    with pytest.raises(NotLoggedIn) as caught:
        bearer(ACTING, SCOPE)
    assert "roles/iam.serviceAccountTokenCreator" in caught.value.hint


@pytest.mark.usefixtures("account")
def test_without_an_account_to_act_as_everybody_is_who_they_are() -> None:
    for environment in ({}, {"GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": ""}):
        assert getattr(login(environment).credentials, "service_account_email", "") == "a@example.org"


def test_whoever_has_a_token_acts_as_the_account_too() -> None:
    found = login({"GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL, **ACTING})
    assert getattr(found.credentials, "service_account_email", "") == BOT
    assert SENTINEL not in repr(found) + found.hint


# keys that nobody renews


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "key.json"
    file.write_text(json.dumps({"type": "service_account", "private_key": SENTINEL}))
    return file


def test_a_key_of_a_service_account_is_found(key: Path) -> None:
    assert key_file({"GOOGLE_APPLICATION_CREDENTIALS": str(key)}) == str(key)


def test_a_token_is_used_in_place_of_a_key(key: Path) -> None:
    assert key_file({"GOOGLE_APPLICATION_CREDENTIALS": str(key), "GOOGLE_OAUTH_ACCESS_TOKEN": "t"}) is None


@pytest.mark.parametrize(
    "content", [USER, '{"type": "external_account"}', "[]", "no JSON", '{"type": ["service_account"]}', "\udcff"]
)
def test_other_credentials_are_no_such_key(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.json"
    file.write_bytes(content.encode(errors="surrogateescape"))
    assert key_file({"GOOGLE_APPLICATION_CREDENTIALS": str(file)}) is None


def test_an_empty_token_is_used_in_place_of_nothing(key: Path) -> None:
    assert key_file({"GOOGLE_APPLICATION_CREDENTIALS": str(key), "GOOGLE_OAUTH_ACCESS_TOKEN": " "}) == str(key)


def test_a_key_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert key_file({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "gone.json")}) is None


def test_where_nothing_is_named_there_is_no_key() -> None:
    assert key_file({}) is None


# whose they are


def test_an_account_that_is_acted_as_is_whose_they_are() -> None:
    named = {"GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": BOT, "GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL}
    assert service_account(named) == BOT


def test_a_token_does_not_say_whose_it_is() -> None:
    assert service_account({"GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL}) == ""


def test_a_person_is_no_account(tmp_path: Path) -> None:
    (tmp_path / "application_default_credentials.json").write_text(USER)
    assert service_account({}) == ""
