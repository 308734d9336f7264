"""`cynthus iap-tunnel`, by which `ssh` reaches a machine: its input and output are those of this process."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus import __version__
from cynthus.credentials.google import SCOPE, bearer
from cynthus.errors import CynthusError, ExtraMissing, HostUnreachable
from cynthus.settings import GOOGLE_FILE
from cynthus.targets.iap.place import Machine, relay

if TYPE_CHECKING:
    from collections.abc import MutableMapping


def serve(machine: Machine, environment: MutableMapping[str, str], said: Path | None) -> None:
    """Carry until one side has enough. Where that fails, `said` holds why: what a shared connection prints is lost.

    Raises:
        UsageError: a token would go over a line that anybody can change.
        ExtraMissing, NotLoggedIn: as `bearer`.
        HostUnreachable: there is no way to the machine, or none any more.
    """
    _forget(said)
    try:
        borrow(environment)
        _carry(machine, environment, said)
    except CynthusError as error:
        _note(said, error)
        raise


def borrow(environment: MutableMapping[str, str]) -> None:
    """Take over what of the user's environment lies in a file: a play has none of it."""
    file = environment.get(GOOGLE_FILE)
    if file:
        with suppress(OSError, ValueError):
            environment.update(json.loads(Path(file).read_bytes()))


def _carry(machine: Machine, environment: MutableMapping[str, str], said: Path | None) -> None:
    try:
        from cynthus.targets.iap.ends import Ends, unwaiting
        from cynthus.targets.iap.tunnel import Ended, Tunnel

        def token() -> str:
            return bearer(environment, SCOPE).value

        where, ends = relay(environment), Ends(0, 1)
        tunnel = Tunnel(where, machine, token, ends, agent=f"cynthus/{__version__}")
        try:
            line = tunnel.open()
            _forget(said)
            with unwaiting(0, 1):
                tunnel.carry(line)
        except Ended as ended:
            raise _unreachable(machine, str(ended)) from None
    except ModuleNotFoundError as missing:
        message = f"the way through Google's proxy needs {missing.name}, which is not installed"
        raise ExtraMissing(message, hint="pip install 'cynthus[gcp]'") from None


def _unreachable(machine: Machine, said: str) -> HostUnreachable:
    from cynthus.targets.ssh.diagnosis import cause

    found = cause(said, "iap")
    message, hint = (each.format(host=str(machine), alias="", file="") for each in (found.message, found.hint))
    return HostUnreachable(message, hint=hint, details=[said])


def _note(said: Path | None, error: CynthusError) -> None:
    """Best effort: whoever asks sees at least that there was no way."""
    if said is not None:
        lines = (f"[{error.code}] {error.message}", *error.details)
        with suppress(OSError):
            descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "w", encoding="utf-8") as stream:
                stream.write("\n".join(lines) + "\n")


def _forget(said: Path | None) -> None:
    if said is not None:
        with suppress(OSError):
            said.unlink()
