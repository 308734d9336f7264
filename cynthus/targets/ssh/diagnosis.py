"""What `ssh` says when it does not get through, as an error that says what to do."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from cynthus.errors import HostUnreachable
from cynthus.targets.ssh.at_google import BY_ADDRESS, BY_KEY, BY_ROLE
from cynthus.targets.ssh.cause import Cause
from cynthus.targets.ssh.through_iap import THROUGH_IAP

if TYPE_CHECKING:
    from cynthus.targets.ssh.way import Way


CAUSES = (
    Cause(
        r"IDENTIFICATION HAS CHANGED|Host key for \S+ has changed",
        "{host} shows another host key than before",
        "if the machine was installed anew, forget the old key: ssh-keygen -R {alias} -f {file}; "
        "if not, somebody else may be answering in its place",
    ),
    Cause(
        # A host's own new key is taken over without a question, so this is about one in between.
        r"Host key verification failed",
        "{host}: the machine on the way there shows a key that nobody has confirmed yet",
        "log in to it once by hand, which asks: ssh JUMP_HOST",
    ),
    Cause(
        r"UNPROTECTED PRIVATE KEY FILE|bad permissions",
        "{host}: others may read the private key, so ssh does not use it",
        "close it: chmod 600 KEY",
    ),
    Cause(
        r"Identity file .* not accessible|no such identity",
        "{host}: the private key of `ssh: {{key: ...}}` is not there",
        "mend `key:` under `ssh:` in cynthus.yaml, or leave it out to use ssh's own choice",
    ),
    Cause(
        r"Permission denied|Too many authentication failures|Authentication failed",
        "{host} does not let this user in",
        "mend `user:` or `key:` under `ssh:`, or bring the public key there (ssh-copy-id); a key with a passphrase "
        "must be in the agent (ssh-add)",
    ),
    Cause(
        r"Could not resolve hostname",
        "{host}: nobody knows this name",
        "mend the address under `ssh:`, or give it an entry in ~/.ssh/config",
    ),
    Cause(
        r"Connection refused",
        "{host} refuses the connection: no SSH server listens there",
        "start it (systemctl start ssh), or mend `port:` under `ssh:`",
        passes=True,
    ),
    Cause(
        r"Connection timed out|Operation timed out|No route to host|Network is unreachable|Host is down",
        "{host} does not answer",
        "check that it stands, that its address under `ssh:` is right and that no firewall is in between",
        passes=True,
    ),
    Cause(
        r"python3: (?:command )?not found|python3: No such file|"
        r"(?:not found|no such file or directory|Unknown command): \S*python3",
        "{host} has no Python 3, which the agent needs",
        "install it there: sudo apt-get install -y python3",
    ),
    Cause(
        # What the `ssh` to the jump host says itself is lost where connections are shared (ControlPersist).
        r"closed by UNKNOWN port 65535",
        "{host} is not reached through the machine of `proxy_jump:`",
        "log in to that one by hand, which says why and confirms a new key: ssh JUMP_HOST",
        passes=True,
    ),
    Cause(
        # OpenSSH 9.8 and later (Debian 13) say no more than this where logins from an address have failed (sshd_config,
        # PerSourcePenalties).
        r"kex_exchange_identification: (?:read: )?Connection (?:closed by remote host|reset by peer)",
        "{host} hangs up before it has said a word",
        "wait a minute and try again: servers do that where logins have failed several times (PerSourcePenalties of "
        "sshd, fail2ban). If it goes on, see `journalctl -u ssh` there",
        passes=True,
    ),
    Cause(
        r"Bad configuration option|Bad owner or permissions on|terminating, .* bad configuration",
        "ssh does not accept its own configuration",
        "mend ~/.ssh/config",
    ),
)  # fmt: skip

UNKNOWN = Cause(
    "", "the connection to {host} was lost", "check the machine and its network, and try again", passes=True
)


def cause(said: str, kind: str = "ssh") -> Cause:
    """Why it was that `ssh` said this, on the way to a host of that kind."""
    known = (*THROUGH_IAP, *CAUSES) if kind == "iap" else CAUSES
    return next((each for each in known if re.search(each.pattern, said)), UNKNOWN)


def cause_of(way: Way, said: str) -> Cause:
    """The same, with what the way itself knows."""
    said, there = _whole(way, said), way.host.connection
    # Of other machines nobody knows a cloud project.
    known = (*(BY_ROLE if way.who else BY_KEY), *(BY_ADDRESS if there.kind == "ssh" else ())) if there.project else ()
    found = cause(said, there.kind)
    if found.closed:
        return found
    return next((each for each in known if re.search(each.pattern, said)), found)


def unreachable(way: Way, said: str) -> HostUnreachable:
    """The error, with the last words of `ssh`."""
    found, said = cause_of(way, said), _whole(way, said)
    place = way.host.address if way.host.port == 22 else f"{way.host.address}:{way.host.port}"
    words = {"host": f"{way.host.name} ({place})", "alias": way.key_name, "file": shlex.quote(str(way.known_hosts))}
    lines = [line.strip() for line in said.splitlines() if line.strip(" @\r")]
    error = HostUnreachable(found.message.format(**words), hint=found.hint.format(**words), details=lines[-3:])
    error.closed = found.closed
    return error


def _whole(way: Way, said: str) -> str:
    return f"{said}\n{way.reason}" if way.reason not in said else said
