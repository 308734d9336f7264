"""The Docker command line and the engine it talks to."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cynthus import process
from cynthus.agent import surroundings
from cynthus.agent.failure import NO_ENGINE, Failure
from cynthus.files import read_json, write_json
from cynthus.process import Command, Completed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SETTINGS = (
    "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH",
    "DOCKER_API_VERSION", "SSH_AUTH_SOCK",
)
_TIMEOUT = 60.0
"""Seconds for a command that only asks or tells; a busy engine takes long."""
_LONG = 300.0
"""The same for one that may have much to delete."""
_HINT = "start Docker and see that this user may use it (`docker version`), or use `runtime: venv`"


class Waiter(Protocol):
    """A command that was started and is not waited for."""

    def poll(self) -> int | None:
        """Its exit code; None as long as it runs."""


class Engine(NamedTuple):
    """`settings` say which engine; `variables` are the whole environment of its command line."""

    settings: Mapping[str, str]
    variables: Mapping[str, str]

    def ask(self, *words: str, timeout: float = _TIMEOUT) -> Completed:
        """Run `docker WORDS`; an exit code that is not 0 is an answer too.

        Raises:
            Failure: there is no Docker command line, or it does not end in time.
        """
        try:
            return process.run(Command(("docker", *words), env=self.variables), timeout=timeout)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Failure(f"`docker` cannot be run: {reason}", hint=_HINT, code=NO_ENGINE) from None
        except process.CommandTimeout as error:
            raise Failure(f"the Docker engine does not answer: {error}", hint=_HINT, code=NO_ENGINE) from None

    def told(self, *words: str) -> str:
        """What `docker WORDS` prints.

        Raises:
            Failure: the engine does not answer, or refuses.
        """
        answer = self.ask(*words, timeout=_LONG)
        if answer.returncode:
            raise Failure(
                f"`docker {' '.join(words[:2])}` failed: {last_line(answer)}",
                hint="see that the Docker engine runs, then run the command again",
            )
        return answer.stdout.decode(errors="replace")

    def start(self, *words: str) -> Waiter:
        """`docker WORDS` without waiting for it and without what it prints."""
        with open(os.devnull, "wb") as nothing:
            return process.start(Command(("docker", *words), env=self.variables), stdout=nothing, stderr=nothing)

    def inspect(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """What the engine knows of a container or an image; None where there is none of that name.

        Raises:
            Failure: the engine does not answer.
        """
        answer = self.ask(kind, "inspect", name)
        if answer.returncode == 0:
            found: Mapping[str, Any] = json.loads(answer.stdout)[0]
            return found
        if b"no such" in answer.stderr.lower():
            return None
        raise Failure(f"the Docker engine does not answer: {last_line(answer)}", hint=_HINT, code=NO_ENGINE)

    def keep(self, file: Path) -> None:
        """Write down which engine it is: a later verb may be called with other settings.

        Raises:
            OSError: it cannot be written.
        """
        write_json(file, dict(self.settings), mode=0o600)


def of(environment: Mapping[str, str]) -> Engine:
    """The engine that the user's own `docker` would talk to."""
    settings = {name: environment[name] for name in _SETTINGS if environment.get(name)}
    return Engine(settings, {**surroundings.allowed(environment), **settings})


def recall(file: Path, environment: Mapping[str, str]) -> Engine:
    """The engine that was kept in `file`; the user's, where none was, or the file is damaged."""
    try:
        settings = read_json(file)
    except (OSError, ValueError):
        settings = None
    if settings is None:
        return of(environment)
    named = {name: str(value) for name, value in settings.items()}
    return Engine(named, {**surroundings.allowed(environment), **named})


def last_line(answer: Completed) -> str:
    """What a command that failed said last, which is where Docker says why."""
    lines = answer.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("Error response from daemon: ") if lines else f"exit code {answer.returncode}"
