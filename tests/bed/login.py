"""How one logs in to what the bed has made, host or virtual machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Reachable(Protocol):
    """Something with an SSH port on loopback."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def key(self) -> Path: ...
    @property
    def public_key(self) -> str:
        """The key by which it shows who it is: type and key, as known_hosts wants them."""
        ...


def ssh_argv(machine: Reachable, *words: str, user: str = "", patience: int = 10) -> tuple[str, ...]:
    """An `ssh` that knows the machine's key and asks nothing; `words` is what the shell there gets.

    `patience` is for how many seconds the machine may take to say who it is.
    """
    known = machine.key.with_name(f"{machine.name}.known")
    known.write_text(f"[{machine.address}]:{machine.port} {machine.public_key}\n")
    settings = (f"UserKnownHostsFile={known}", "GlobalKnownHostsFile=/dev/null", "StrictHostKeyChecking=yes",
                "BatchMode=yes", "IdentitiesOnly=yes", "LogLevel=ERROR", f"ConnectTimeout={patience}")  # fmt: skip
    options = [word for setting in settings for word in ("-o", setting)]
    to = f"{user or machine.user}@{machine.address}"
    return ("ssh", "-F", "none", "-i", str(machine.key), "-p", str(machine.port), *options, to, *words)
