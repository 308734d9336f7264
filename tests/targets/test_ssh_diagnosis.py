"""What OpenSSH prints, and what becomes of it. Each text was printed by OpenSSH 9 or a shell behind it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.targets.ssh.diagnosis import CAUSES, cause, unreachable
from cynthus.targets.ssh.way import Way

if TYPE_CHECKING:
    from cynthus.errors import HostUnreachable

CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r
Offending ED25519 key in /app/known_hosts:1\r
Host key for host-0.192.0.2.10 has changed and you have requested strict checking.\r
Host key verification failed.\r
"""
UNCONFIRMED = """\
The authenticity of host 'gate (192.0.2.1)' can't be established.\r
ED25519 key fingerprint is SHA256:FEPx1FSq2VRWL2SxFG/bWS0VxBiXxu6h5hMHoJgaRx8.\r
This key is not known by any other names.\r
Host key verification failed.\r
Connection closed by UNKNOWN port 65535\r
"""
STRICT = """\
No ED25519 host key is known for gate and you have requested strict checking.\r
Host key verification failed.\r
Connection closed by UNKNOWN port 65535\r
"""
SHUT_GATE = """\
kex_exchange_identification: Connection closed by remote host\r
Connection closed by UNKNOWN port 65535\r
"""
OPEN_KEY = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\r
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
Permissions 0644 for '/keys/lab' are too open.\r
This private key will be ignored.\r
Load key "/keys/lab": bad permissions\r
me@192.0.2.10: Permission denied (publickey).\r
"""
NO_KEY = """\
Warning: Identity file /keys/lab not accessible: No such file or directory.
me@192.0.2.10: Permission denied (publickey,password).\r
"""
BOOTING = """\
"System is booting up. Unprivileged users are not permitted to log in yet. Please come back later."\r
Connection closed by 192.0.2.10 port 22\r
"""

CASES: list[tuple[str, str, str, bool]] = [
    # what was printed, a part of the message, a part of the hint, whether it may pass
    (CHANGED, "another host key", "ssh-keygen -R host-0.192.0.2.10 -f '/an app/known_hosts'", False),
    (UNCONFIRMED, "on the way there", "log in to it once by hand", False),
    (STRICT, "on the way there", "log in to it once by hand", False),
    (SHUT_GATE, "through the machine of `proxy_jump:`", "log in to that one by hand", True),
    (OPEN_KEY, "others may read the private key", "chmod 600", False),
    (NO_KEY, "`ssh: {key: ...}` is not there", "mend `key:`", False),
    ("me@192.0.2.10: Permission denied (publickey).\r\n", "does not let this user in", "ssh-copy-id", False),
    ("Received disconnect from 192.0.2.10 port 22:2: Too many authentication failures\r\n",
     "does not let this user in", "`key:`", False),
    ("ssh: Could not resolve hostname gpu-box: Name or service not known\r\n", "nobody knows this name",
     "~/.ssh/config", False),
    ("ssh: Could not resolve hostname gpu-box: Temporary failure in name resolution\r\n", "nobody knows this name",
     "mend the address", False),
    ("ssh: connect to host 192.0.2.10 port 22: Connection refused\r\n", "refuses the connection", "systemctl start ssh",
     True),
    ("ssh: connect to host 192.0.2.10 port 22: Connection timed out\r\n", "does not answer", "firewall", True),
    ("ssh: connect to host 192.0.2.10 port 22: No route to host\r\n", "does not answer", "firewall", True),
    ("ssh: connect to host 192.0.2.10 port 22: Network is unreachable\r\n", "does not answer", "address", True),
    ("bash: line 1: /usr/bin/python3: No such file or directory\n", "has no Python 3", "apt-get install -y python3",
     False),
    ("sh: 1: /usr/bin/python3: not found\n", "has no Python 3", "apt-get install -y python3", False),
    ("zsh:1: no such file or directory: /usr/bin/python3\n", "has no Python 3", "apt-get install -y python3", False),
    ("fish: Unknown command: /usr/bin/python3\n", "has no Python 3", "apt-get install -y python3", False),
    ("/home/me/.ssh/config: line 1: Bad configuration option: prot\r\n", "its own configuration", "~/.ssh/config",
     False),
    ("/home/me/.ssh/config: terminating, 1 bad configuration options\r\n", "its own configuration", "~/.ssh/config",
     False),
    ("Bad owner or permissions on /home/me/.ssh/config\r\n", "its own configuration", "~/.ssh/config", False),
    (BOOTING, "was lost", "try again", True),
    ("client_loop: send disconnect: Broken pipe\r\n", "was lost", "try again", True),
    ("Timeout, server 192.0.2.10 not responding.\r\n", "was lost", "try again", True),
    ("Connection reset by 192.0.2.10 port 22\r\n", "was lost", "try again", True),
    ("kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 192.0.2.10 port 22\r\n",
     "hangs up before it has said a word", "wait a minute", True),
    ("kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 192.0.2.10 port 22\r\n",
     "hangs up before it has said a word", "wait a minute", True),
    ("", "was lost", "try again", True),
]  # fmt: skip


def told(said: str, *, port: int = 22) -> HostUnreachable:
    host = Host("host-0", "192.0.2.10", "192.0.2.10", None, port, 0, ConnectionInfo("ssh"))
    return unreachable(Way(host, Path("/an app/known_hosts"), Path("/run/c"), {}), said)


@pytest.mark.parametrize(("said", "message", "hint", "passes"), CASES)
def test_what_ssh_says_becomes_what_is_wrong_and_what_to_do(
    said: str, message: str, hint: str, *, passes: bool
) -> None:
    error = told(said)
    assert message in error.message
    assert hint in error.hint
    assert cause(said).passes is passes


def test_every_cause_has_a_case() -> None:
    found = {cause(said) for said, *_ in CASES}
    assert not set(CAUSES) - found


def test_the_host_is_named_with_its_address() -> None:
    assert told("").message == "the connection to host-0 (192.0.2.10) was lost"


def test_an_unusual_port_is_a_part_of_the_address() -> None:
    assert "host-0 (192.0.2.10:2222)" in told("", port=2222).message


def test_the_last_words_of_ssh_come_along_without_its_frame() -> None:
    assert told(CHANGED).details == (
        "Offending ED25519 key in /app/known_hosts:1",
        "Host key for host-0.192.0.2.10 has changed and you have requested strict checking.",
        "Host key verification failed.",
    )


# machines of Google's

DENIED = "me@192.0.2.10: Permission denied (publickey).\r\n"
SILENT = "ssh: connect to host 192.0.2.10 port 22: Connection timed out\r\n"


def at_google(said: str, *, by_role: bool = False, kind: Literal["ssh", "iap"] = "ssh") -> HostUnreachable:
    there = ConnectionInfo(kind, instance_id="4711", project="my-lab-1", zone="us-central1-a")
    host = Host("host-0", "192.0.2.10", "10.128.0.2", None if by_role else "cynthus", 22, 0, there)
    who = (lambda: "ann_example_com") if by_role else None
    return unreachable(Way(host, Path("/an app/known_hosts"), Path("/run/c"), {}, who), said)


@pytest.mark.parametrize("kind", ["ssh", "iap"])
def test_a_machine_that_was_told_another_key_is_no_matter_of_the_part_ssh(kind: Literal["ssh", "iap"]) -> None:
    found = at_google(DENIED, kind=kind)
    assert "does not know this key" in found.message
    assert ("`gcp: {key: ...}`" in found.hint, "{login: oslogin}" in found.hint) == (True, True)


def test_a_machine_that_asks_for_a_role_says_which() -> None:
    found = at_google(DENIED, by_role=True)
    assert "it asks Google whether you may (OS Login)" in found.message
    assert "roles/compute.osAdminLogin" in found.hint


def test_an_address_that_does_not_answer_may_be_closed_to_who_comes_from_elsewhere() -> None:
    found = at_google(SILENT)
    assert "at an address that is open to few" in found.message
    assert "only who comes `from:` there gets in" in found.hint


def test_what_the_proxy_refuses_for_good_is_said_first() -> None:
    found = at_google(f"[4033: 'not authorized']{DENIED}", kind="iap")
    assert "Google's proxy does not let you through" in found.message


def test_what_is_not_about_google_is_said_as_of_any_machine() -> None:
    assert "has no Python 3" in at_google("sh: 1: /usr/bin/python3: not found\n").message
