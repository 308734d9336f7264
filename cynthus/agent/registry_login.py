"""A login to one registry, as Docker's command line finds it: in a folder in memory, for as long as it is needed."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent import memory
from cynthus.agent.failure import Failure
from cynthus.files import read_json
from cynthus.process import Command, start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.agent.arguments import Arguments

_MOST = 1 << 20
_PROOFS = ("auth", "identitytoken", "registrytoken")
_SWEEP = 'cat >/dev/null; rm -rf "$1"'
_SERVER = re.compile(r"[A-Za-z0-9.:/_-]+")


def told(given: Arguments) -> dict[str, str] | None:
    """The login that comes on stdin, where the command line says that one does.

    Raises:
        Failure: something else came.
    """
    return asked(sys.stdin.buffer.read(_MOST)) if given.options.get("login") == "stdin" else None


def asked(said: bytes) -> dict[str, str] | None:
    """The login that came on stdin; None for none.

    Raises:
        Failure: something else came.
    """
    try:
        login = json.loads(said)["login"]
        if login is None:
            return None
        server, proofs = login["server"], {key: login[key] for key in _PROOFS if key in login}
        if _SERVER.fullmatch(server) and proofs and all(isinstance(each, str) for each in proofs.values()):
            return {"server": server, **proofs}
    except (ValueError, KeyError, TypeError):
        pass
    # What arrived is not repeated here: it may be a password all the same.
    hint = 'send {"login": {"server": "HOST", "auth": "..."}}, or {"login": null}'
    raise Failure("what came on stdin is no login to a registry", hint=hint)


@contextmanager
def handed(
    login: Mapping[str, str] | None, deployment: str, environment: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """Within the block, variables with which `docker` has the login, and no other; without one it has its own.

    Raises:
        Failure: the folder in memory belongs to somebody else.
        OSError: it cannot be written.
    """
    if login is None:
        yield {}
        return
    place = memory.private(environment, deployment) / f"registry-{os.urandom(8).hex()}"
    place.mkdir(mode=0o700)
    with open(os.devnull, "wb") as nothing:
        # It waits for our end, whatever that is: a login must not lie there longer.
        sweep = Command(("sh", "-c", _SWEEP, "sh", str(place)), env={"PATH": environment.get("PATH", os.defpath)})
        sweeper = start(sweep, stdout=nothing, stderr=nothing, fed=True)
    try:
        _write(place, login, environment)
        yield {"DOCKER_CONFIG": str(place), **_certificates(environment)}
    finally:
        sweeper.communicate()


def _write(place: Path, login: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """The user's own settings say which engine it is; all of their logins stay where they are."""
    own = _own(environment)
    try:
        context = (read_json(own / "config.json") or {}).get("currentContext")
    except (OSError, ValueError):
        context = None
    proofs = {key: value for key, value in login.items() if key != "server"}
    document = {"auths": {login["server"]: proofs}, **({"currentContext": context} if context else {})}
    if (own / "contexts").is_dir():
        (place / "contexts").symlink_to(own / "contexts")
    with open(os.open(place / "config.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(document, stream)


def _own(environment: Mapping[str, str]) -> Path:
    """The folder of the user's own settings."""
    return Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME") or "/", ".docker"))


def _certificates(environment: Mapping[str, str]) -> dict[str, str]:
    """Where those for the engine are, if it wants any: unless somebody says so, beside the settings that ours hide."""
    wanted = environment.get("DOCKER_TLS_VERIFY") or environment.get("DOCKER_TLS")
    return {"DOCKER_CERT_PATH": str(_own(environment))} if wanted and not environment.get("DOCKER_CERT_PATH") else {}
