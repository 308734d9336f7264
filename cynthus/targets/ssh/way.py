"""The way to a host: the command lines of `ssh` that lead there. The rendered inventory.py gives Ansible the same."""

from __future__ import annotations

import re
import shlex
import sys
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.process import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cynthus.core.deployment import Host

USUAL_PORT = 22
"""Not said to `ssh`, so that a port in the user's own configuration counts."""


class Way(Struct, frozen=True):
    """`known_hosts` is where the host's key is pinned, `environment` is the whole environment of `ssh`, and `control` a
    private folder for the sockets of connections that commands share."""

    host: Host
    known_hosts: Path
    control: Path
    environment: Mapping[str, str]
    who: Callable[[], str] | None = None
    """Who logs in, where the host's own user is None and ssh is not to choose. Raises HostUnreachable."""

    @property
    def key_name(self) -> str:
        """What the host is called in `known_hosts`. Addresses and names are used again, the id of a machine is not."""
        return self.host.connection.instance_id or f"{self.host.name}.{self.host.address}"

    def command(
        self, argv: Sequence[str], *, tty: bool = False, options: Sequence[str] = (), stdin: bytes = b"",
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> Command:
        """Runs `argv` there; the host's shell gets each word as it is."""
        return self.shell(shlex.join(argv), tty=tty, options=options, stdin=stdin, settings=settings)

    def shell(
        self, line: str, *, tty: bool = False, options: Sequence[str] = (), stdin: bytes = b"",
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> Command:
        """Runs a line of the host's shell there; the login shell where it is empty. `settings` go before the usual."""
        said = _options({**self._settings(), **self._tunnel(), **settings})
        host = replace(self.host, user=self.who()) if self.who is not None else self.host
        words = ("ssh", *said, *_place(host), *options, "-t" if tty else "-T")
        return Command((*words, "--", self.host.address, *((line,) if line else ())), env=self.environment, stdin=stdin)

    @property
    def reason(self) -> str:
        """Why Google's proxy does not lead there, where it is the way: a connection that commands share has no place
        where its ProxyCommand could say so."""
        if self.host.connection.kind == "iap":
            with suppress(OSError):
                return self._said.read_text(encoding="utf-8", errors="replace")
        return ""

    @property
    def _said(self) -> Path:
        # A part of its name is what Terraform's state says, and people edit that.
        return self.control / f"{re.sub(r'[^0-9A-Za-z.-]', '_', self.key_name)[:100]}.said"

    def _tunnel(self) -> dict[str, str]:
        """The way through Google's Identity-Aware Proxy, where that is the way."""
        there = self.host.connection
        if there.kind != "iap":
            return {}
        # Not what lies in the folder that somebody happens to be in.
        words = f"{_word(sys.executable)} -P -m cynthus iap-tunnel %h %p"
        place = f"--project={_word(there.project)} --zone={_word(there.zone)} --said={_word(str(self._said))}"
        return {"ProxyCommand": f"{words} {place}"}

    def _settings(self) -> dict[str, str]:
        """`ssh` takes the first value that it is given, so these come before those of the user's configuration."""
        return {
            "BatchMode": "yes",
            "ConnectTimeout": "10",
            # A connection that has died is noticed after 15 seconds.
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "3",
            "StrictHostKeyChecking": "accept-new",
            "HostKeyAlias": self.key_name,
            "UserKnownHostsFile": quoted(self.known_hosts),
            # People read the file, and commit it.
            "HashKnownHosts": "no",
            "ForwardAgent": "no",
            "ForwardX11": "no",
            "PermitLocalCommand": "no",
            "ControlMaster": "auto",
            "ControlPersist": "60s",
            # %C: a hash over host, port and user, for the path of a socket may have 107 bytes.
            "ControlPath": f'{quoted(self.control)[:-1]}/%C"',
        }


def _word(text: str | None) -> str:
    """A text as one word of a command that `ssh` gives to a shell: Terraform's state says it, and people edit that."""
    return shlex.quote(text or "").replace("%", "%%")


def by_hand(host: Host, argv: Sequence[str]) -> str:
    """What a person types to run `argv` there, with no settings but the host's own and those of their `ssh`."""
    return shlex.join(("ssh", *_place(host), "--", host.address, shlex.join(argv)))


def _place(host: Host) -> tuple[str, ...]:
    return (
        *(("-l", host.user) if host.user else ()),
        *(("-p", str(host.port)) if host.port != USUAL_PORT else ()),
        *(("-i", host.connection.key) if host.connection.key else ()),
        *(("-J", host.connection.proxy_jump) if host.connection.proxy_jump else ()),
    )


def quoted(path: Path) -> str:
    """A path as a value of ssh_config(5): spaces split values, and a percent sign begins a token."""
    return '"' + str(path).replace("%", "%%") + '"'


def _options(settings: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))
