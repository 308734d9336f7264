"""What `cynthus iap-tunnel` says of a way that there is not, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.targets.ssh.diagnosis import cause, unreachable
from cynthus.targets.ssh.through_iap import THROUGH_IAP
from cynthus.targets.ssh.way import Way

CASES: list[tuple[str, str, str, bool]] = [
    # what was said, a part of the message, a part of the hint, whether it may pass
    ("[4033: 'not authorized']", "does not let you through", "roles/iap.tunnelResourceAccessor", False),
    ("[HTTP 403: 'Forbidden']", "or a web proxy on the way", "roles/iap.tunnelResourceAccessor", False),
    ("[HTTP 400: 'Bad Request']", "or a web proxy on the way", "HTTPS_PROXY", False),
    ("[HTTP 401: 'Unauthorized']", "does not know who you are", "gcloud auth application-default login", False),
    ("[4004: 'reauthentication required']", "does not know who you are", "GOOGLE_OAUTH_ACCESS_TOKEN", False),
    ("[CYN-142] Google Cloud does not know who you are", "does not know who you are", "application-default", False),
    ("[CYN-143] the way needs websockets", "is not installed", "cynthus[gcp]", False),
    ("[HTTP 404: 'Not Found']", "knows of no such machine", "iap.googleapis.com", True),
    ("[4047: 'Failed to lookup instance']", "knows of no such machine", "cynthus status", True),
    ("[4051: 'Failed to lookup instance']", "knows of no such machine", "cynthus status", True),
    ("[4003: 'failed to connect to backend']", "does not answer", "35.235.240.0/20", True),
    ("[4001: 'sid unknown']", "was cut for longer", "try again", True),
    ("[HTTP 429: 'Too Many Requests']", "too many connections", "wait a minute", True),
    ("[proxy proxy.lab: 'Tunnel connection failed: 407 Proxy Authentication Required']", "the web proxy on the way",
     "NO_PROXY", False),
    ("[HTTP 407: 'Proxy Authentication Required']", "the web proxy on the way", "HTTPS_PROXY", False),
    ("[TLS: 'self-signed certificate in certificate chain']", "no certificate that is trusted", "SSL_CERT_FILE", False),
    ("[network: 'Name or service not known']", "that is not reached", "port 443", True),
    ("[HTTP 503: 'Service Unavailable']", "that is not reached", "check the network", True),
    ("[1006: '']", "that is not reached", "check the network", True),
    ("[1011: 'internal error']", "that is not reached", "check the network", True),
    ("[4013: 'invalid data']", "has ended the connection", "try again", True),
    ("[protocol: 'a frame of 3 bytes is cut short']", "has ended the connection", "try again", True),
    ("Connection closed by UNKNOWN port 65535\r\n", "does not answer", "35.235.240.0/20", True),
    ("kex_exchange_identification: Connection closed by remote host\r\n", "does not answer", "a moment", True),
]  # fmt: skip
MACHINE = Host(
    "host-0", "weather-0a1b2c-host-0", "10.128.0.2", "cynthus", 22, 0,
    ConnectionInfo("iap", instance_id="4711", project="my-lab-1", zone="us-central1-a"),
)  # fmt: skip


@pytest.mark.parametrize(("said", "message", "hint", "passes"), CASES)
def test_what_the_tunnel_says_becomes_what_is_wrong_and_what_to_do(
    said: str, message: str, hint: str, *, passes: bool
) -> None:
    error = unreachable(Way(MACHINE, Path("/app/known_hosts"), Path("/run/c"), {}), said)
    assert message in error.message
    assert hint in error.hint
    assert cause(said, "iap").passes is passes


def test_every_cause_has_a_case() -> None:
    assert not set(THROUGH_IAP) - {cause(said, "iap") for said, *_ in CASES}


def test_what_ssh_says_of_all_ways_is_still_known() -> None:
    assert "does not let this user in" in cause("cynthus@x: Permission denied (publickey).", "iap").message


def test_on_another_way_the_numbers_mean_nothing() -> None:
    assert cause("[4033: 'not authorized']").message == "the connection to {host} was lost"
