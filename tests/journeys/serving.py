"""The example that serves a model, and somebody who asks it."""

from __future__ import annotations

import json
import shutil
import socket
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.journeys.user import EXAMPLES, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.journeys.user import Typed, User


def serve_model(user: User, port: int, **spec: object) -> Path:
    """A copy of the example that listens on `port`; `spec` are more keys of its cynthus.yaml."""
    folder = user.place / "serve-model"
    shutil.copytree(EXAMPLES / "serve-model", folder, ignore=shutil.ignore_patterns("infra", "outputs", ".cynthus"))
    for name in ("main.py", "cynthus.yaml"):
        text = (folder / name).read_text()
        assert "8000" in text
        (folder / name).write_text(text.replace("8000", str(port)))
    with (folder / "cynthus.yaml").open("a") as file:
        file.writelines(f"{key}: {json.dumps(value)}\n" for key, value in spec.items())
    return folder


@contextmanager
def forwarded(user: User, folder: Path, *words: str) -> Iterator[tuple[Typed, str]]:
    """`cynthus forward` while it goes on, and the address that it has printed."""
    with user.typing("forward", folder, *words) as command:
        wait_for(lambda: command.out.endswith("\n") or command.process.poll() is not None)
        assert command.out, command.err
        yield command, command.out.strip()


def follows(address: str, word: str) -> list[str]:
    """What the model says follows a word."""
    with urllib.request.urlopen(f"{address}/next?word={word}", timeout=20) as answer:
        said: dict[str, Any] = json.load(answer)
    return [each for each, _ in said["next"]]


def reached(address: str) -> bool:
    """Whether somebody takes a connection there."""
    host, _, port = address.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
    return True


def healthy(user: User, folder: Path) -> bool:
    return [each["healthy"] for each in user.status(folder)["ports"]] == [True]
