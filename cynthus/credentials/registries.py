"""The login to a registry of images that the user's own Docker has, or that Google gives for its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.errors import ExtraMissing, NotLoggedIn, RegistryLoginNeeded
from cynthus.files import read_json
from cynthus.process import Command, CommandTimeout, run

if TYPE_CHECKING:
    from collections.abc import Mapping

_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
_HUB_SERVER = "https://index.docker.io/v1/"
_PROOFS = ("auth", "identitytoken", "registrytoken")
_HELPER = re.compile(r"[A-Za-z0-9._-]+")
_PATIENCE = 60.0
"""Seconds for a helper, which may ask its cloud."""


class RegistryLogin(Struct, frozen=True):
    """A login to one registry: what stands for it in Docker's config.json, and where it was found."""

    server: str
    proofs: Mapping[str, str]
    origin: str

    def __repr__(self) -> str:
        # What is written of it somewhere never has the password.
        return f"RegistryLogin({self.server}, of {self.origin})"


def login(registry: str, environment: Mapping[str, str]) -> RegistryLogin | None:
    """The one that Docker would use here; of nobody in particular None.

    Raises:
        RegistryLoginNeeded: a helper that should know it does not work.
        NotLoggedIn, ExtraMissing: it is Google's, and nobody can say who asks.
    """
    server = _HUB_SERVER if registry in _HUB else registry
    folder = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME") or "/", ".docker"))
    settings = _settings(folder / "config.json")
    helper = _texts(settings, "credHelpers").get(registry) or settings.get("credsStore")
    found = _of_helper(str(helper), server, environment) if helper else None
    found = found or _of_file(settings, server, folder)
    return found or (_of_google(server, environment) if _is_googles(registry) else None)


def _settings(file: Path) -> dict[str, Any]:
    try:
        return read_json(file) or {}
    except (OSError, ValueError):
        # Docker itself goes on without it, and says so.
        return {}


def _texts(settings: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = settings.get(key)
    return found if isinstance(found, dict) else {}


def _of_file(settings: Mapping[str, Any], server: str, folder: Path) -> RegistryLogin | None:
    """As `docker login` writes it where there is no store: older ones wrote an address."""
    for name, entry in _texts(settings, "auths").items():
        if name == server or name.partition("://")[2].partition("/")[0] == server:
            proofs = {key: str(entry[key]) for key in _PROOFS if isinstance(entry, dict) and entry.get(key)}
            if proofs:
                return RegistryLogin(server, proofs, str(folder / "config.json"))
    return None


def _of_helper(helper: str, server: str, environment: Mapping[str, str]) -> RegistryLogin | None:
    """What a program answers that Docker asks for logins; None where it knows none.

    https://github.com/docker/docker-credential-helpers tells how it is asked.
    """
    program = f"docker-credential-{helper}"
    if _HELPER.fullmatch(helper) is None:
        raise _unusable(program, server, "that is no name of a program")
    try:
        answer = run(Command((program, "get"), env=environment, stdin=server.encode()), timeout=_PATIENCE)
    except OSError as error:
        raise _unusable(program, server, (error.strerror or str(error)).lower()) from None
    except CommandTimeout:
        raise _unusable(program, server, f"it gave no answer within {_PATIENCE:g} s") from None
    if answer.returncode:
        if b"credentials not found" in answer.stdout + answer.stderr:
            return None
        # Its own words are left out: nobody promises that they hold no password.
        raise _unusable(program, server, f"it ended with exit code {answer.returncode}")
    try:
        said = json.loads(answer.stdout)
        user, secret = str(said["Username"]), str(said["Secret"])
    except (ValueError, KeyError, TypeError):
        raise _unusable(program, server, "its answer makes no sense") from None
    return _of_password(server, user, secret, program) if user or secret else None


def _of_password(server: str, user: str, secret: str, origin: str) -> RegistryLogin:
    from base64 import b64encode

    if user == "<token>":
        return RegistryLogin(server, {"identitytoken": secret}, origin)
    return RegistryLogin(server, {"auth": b64encode(f"{user}:{secret}".encode()).decode()}, origin)


def _unusable(program: str, server: str, why: str) -> RegistryLoginNeeded:
    return RegistryLoginNeeded(
        f"the login to {server} is with {program}, and it cannot be used: {why}",
        hint=f"install or mend {program}, or take it out of Docker's config.json and `docker login {server}`",
    )


def _is_googles(registry: str) -> bool:
    return registry == "gcr.io" or registry.endswith((".pkg.dev", ".gcr.io"))


def _of_google(server: str, environment: Mapping[str, str]) -> RegistryLogin | None:
    try:
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request

        from cynthus.credentials import google
    except ImportError as error:
        # Google's library raises a plain one where `requests` is missing, which names nothing.
        raise ExtraMissing(
            f"a login to {server} needs a package that is not installed: {error.name or 'requests'}",
            hint=f"run `pip install 'cynthus[gcp]'` in the environment of Cynthus, or `docker login {server}`",
        ) from None
    known = google.login(environment)
    if known.credentials is None:
        return None
    try:
        if not known.credentials.token:
            known.credentials.refresh(Request())
    except GoogleAuthError as error:
        # Its own words are left out, as a helper's are.
        raise NotLoggedIn(f"Google gives no token ({type(error).__name__})", hint=known.hint) from None
    return _of_password(server, "oauth2accesstoken", str(known.credentials.token), "Google")
