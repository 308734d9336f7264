"""The SSH key whose public half a machine is told when it is made."""

from __future__ import annotations

import os
import pwd
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.errors import UsageError
from cynthus.process import Command, run
from cynthus.writing import writing

if TYPE_CHECKING:
    from collections.abc import Callable

USUAL = "~/.ssh/cynthus"


def home_of_user() -> Path:
    """The home that the password file names: `ssh` takes that for `~`, whatever HOME says."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir)


def public_half(key: str, *, home: Callable[[], Path] = home_of_user) -> str:
    """The line of the key's public half. The usual key is made where it is missing.

    Raises:
        UsageError: it is not there, or cannot be made.
        FolderNotWritable: likewise.
    """
    path = home() / key[2:] if key.startswith("~/") else Path(key)
    public = path.with_name(f"{path.name}.pub")
    if key == USUAL and not path.exists():
        make_key(path)
    try:
        line = public.read_text(encoding="utf-8").strip().splitlines()[0]
    except (OSError, ValueError, IndexError) as error:
        said = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "there is no key in it"
        raise UsageError(
            f"the public half of the SSH key cannot be read: {public}: {said}",
            hint=f"{_written_by(path, public)} writes it, or name another key under `gcp:`",
        ) from None
    if not re.match(r"[a-z][a-z0-9@.-]+ [A-Za-z0-9+/=]+( |$)", line):
        # A private half would lie in the cloud's metadata, for everybody to read who may look at the machine.
        raise UsageError(
            f"{public} is not the public half of an SSH key",
            hint=f"{_written_by(path, public)} writes it, or name another key under `gcp:`",
        )
    return line


def _written_by(path: Path, public: Path) -> str:
    return f"`ssh-keygen -y -f {shlex.quote(str(path))} > {shlex.quote(str(public))}`"


def make_key(path: Path) -> None:
    """A key without a passphrase, and its public half beside it.

    Raises:
        UsageError, FolderNotWritable: it cannot be made.
    """
    with writing(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        answer = run(Command(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "cynthus", "-f", str(path))))
    except OSError as error:
        raise UsageError(f"ssh-keygen cannot be started: {error.strerror}", hint="install OpenSSH's client") from None
    if answer.returncode:
        said = answer.stderr.decode(errors="replace").strip()
        raise UsageError(f"ssh-keygen made no key at {path}: {said}", hint="make one by hand, or name another one")
