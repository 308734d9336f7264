"""Google's own library comes to tokens as it does at Google."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import identity_pool
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import credentials, service_account

from tests.gcp.api import ACCOUNT, P

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.testing.gcp import SimulatedCloud
    from tests.gcp.api import Api


def refreshed(cloud: SimulatedCloud, refresh_token: str) -> str:
    """The token that a person has who logged in, as the file of application default credentials keeps it."""
    told = {"refresh_token": refresh_token, "client_id": "id", "client_secret": "secret"}
    found = credentials.Credentials(None, token_uri=f"{cloud.endpoint}/oauth2/token", **told)
    found.refresh(Request())
    return str(found.token)


def key_file(cloud: SimulatedCloud, email: str) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return {"client_email": email, "private_key": pem.decode(), "token_uri": f"{cloud.endpoint}/oauth2/token"}


def test_who_logged_in_has_a_token(api: Api, cloud: SimulatedCloud) -> None:
    cloud.token("anna", "anna@example.com", "roles/compute.viewer")
    assert api.as_(refreshed(cloud, "anna")).get("compute", P).status == 200


def test_a_login_that_expired_gives_none(cloud: SimulatedCloud) -> None:
    cloud.token("anna", "anna@example.com", seconds=60)
    cloud.advance(61)
    with pytest.raises(RefreshError, match="expired or revoked"):
        refreshed(cloud, "anna")


def test_who_has_the_key_of_an_account_has_its_token(api: Api, cloud: SimulatedCloud) -> None:
    api.post("iam", f"{P}/serviceAccounts", {"accountId": "machine-vm"})
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    found = service_account.Credentials.from_service_account_info(key_file(cloud, ACCOUNT), scopes=scopes)
    found.refresh(Request())
    assert found.token == f"sim-{ACCOUNT}"


def test_a_key_of_an_account_that_is_gone_gives_none(cloud: SimulatedCloud) -> None:
    found = service_account.Credentials.from_service_account_info(key_file(cloud, ACCOUNT), scopes=["a"])
    with pytest.raises(RefreshError):
        found.refresh(Request())


def test_a_token_tells_whose_it_is(cloud: SimulatedCloud) -> None:
    import requests

    url = f"{cloud.endpoint}/oauth2/v1/tokeninfo?access_token=sim-owner"
    assert json.loads(requests.get(url, timeout=10).content)["email"] == "owner@example.com"


def test_a_pipeline_has_the_token_of_an_account_for_a_token_of_its_own(
    api: Api, cloud: SimulatedCloud, tmp_path: Path
) -> None:
    api.post("iam", f"{P}/serviceAccounts", {"accountId": "machine-vm"})
    cloud.token("of-the-pipeline", "pipeline@example.com", "roles/iam.serviceAccountTokenCreator")
    (tmp_path / "token").write_text("of-the-pipeline")
    account = f"projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"
    found = identity_pool.Credentials(
        audience="//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",
        subject_token_type="urn:ietf:params:oauth:token-type:jwt",
        token_url=f"{cloud.endpoint}/sts/v1/token",
        service_account_impersonation_url=f"{cloud.endpoint}/iamcredentials/v1/{account}",
        credential_source={"file": str(tmp_path / "token")},
        scopes=["https://www.googleapis.com/auth/cloud-platform"],
    )
    found.refresh(Request())
    assert found.token == f"sim-{ACCOUNT}"
