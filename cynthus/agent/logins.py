"""Names and passwords for indices, out of their addresses: pip repeats an address on the command lines of its own."""

from __future__ import annotations

import netrc
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = re.compile(r"[^\s\"'\\#]+")
"""What every Python's reader of a netrc file reads back as it was written."""


class Logins:
    """Collects what stands in addresses, and for their hosts what the user's own netrc says."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._of_hosts: dict[str, tuple[str, str]] = {}
        self._without: list[str] = []
        self._netrc = _users_own(environment)

    def without(self, address: str) -> str:
        """The address without its login; as it is, where the netrc cannot hold that."""
        parts = urlsplit(address)
        host = parts.hostname or ""
        if not parts.scheme.startswith("http") or not _PLAIN.fullmatch(host) or ":" in host:
            return address
        if parts.username is None:
            self._without.append(host)
            return address
        login = unquote(parts.username), unquote(parts.password or "")
        if not all(map(_PLAIN.fullmatch, login)) or self._of_hosts.setdefault(host, login) != login:
            return address
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    @property
    def text(self) -> str:
        """A netrc file with all of them."""
        known = {**self._in_netrc(), **self._of_hosts}
        return "".join(f"machine {host} login {name} password {word}\n" for host, (name, word) in known.items())

    def _in_netrc(self) -> dict[str, tuple[str, str]]:
        found = {host: self._netrc.authenticators(host) for host in self._without} if self._netrc else {}
        logins = {host: (each[0] or "", each[2] or "") for host, each in found.items() if each}
        return {host: login for host, login in logins.items() if all(map(_PLAIN.fullmatch, login))}


def _users_own(environment: Mapping[str, str]) -> netrc.netrc | None:
    named = environment.get("NETRC")
    home = Path(environment.get("HOME") or "/")
    for file in [Path(named)] if named else [home / ".netrc", home / "_netrc"]:
        try:
            return netrc.netrc(str(file))
        except (OSError, netrc.NetrcParseError):
            # pip goes without one that cannot be read, too.
            continue
    return None
