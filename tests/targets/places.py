"""Users whose programs and engines are scripts and sockets of a test."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

from cynthus import settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.settings import Settings


def script(folder: Path, name: str, body: str) -> Path:
    """A program in `folder`/bin, written in sh."""
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return program


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a user whose home is `folder` and who has the programs in `folder`/bin and no others."""
    return {"PATH": str(folder / "bin"), "HOME": str(folder), **more}


def settings_of(folder: Path, **more: str) -> Settings:
    """That user's settings, with a Docker host that is not there unless another is named."""
    return settings.read(environment(folder, **{"DOCKER_HOST": f"unix://{folder}/no.sock", **more}))


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def engine(body: bytes = b'{"Version": "99.1", "ApiVersion": "1.44"}') -> Iterator[str]:
    """The address of something that answers every request like an engine that is asked for its version."""
    handler = type("Handler", (_Answers,), {"body": body})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


FAKE_SSH = """\
echo "$*" >>"$0.log"
while [ "$1" != -- ]; do shift; done
shift 2
if [ -f "$0.first" ]; then . "$0.first"; fi
exec /bin/sh -c "$*"
"""


def fake_ssh(folder: Path, first: str = "") -> Path:
    """An `ssh` that leads to this machine. `first` is what it does before, in sh; it may exit and never get there."""
    program = script(folder, "ssh", FAKE_SSH)
    then(program, first)
    return program


def then(program: Path, first: str) -> None:
    """What that `ssh` does from now on."""
    program.with_name("ssh.first").write_text(first)


def calls(program: Path) -> list[str]:
    """The words that it was called with, one call a line."""
    log = program.with_name("ssh.log")
    return log.read_text().splitlines() if log.exists() else []


def refusing(words: str) -> str:
    """Say this and do not get through."""
    return f'echo "{words}" >&2; exit 255\n'


def cut_after(size: int) -> str:
    """Let so many bytes of answers through, and die."""
    return f'/bin/sh -c "$*" | {{ /bin/dd bs=1 count={size} 2>/dev/null; kill -9 0; }}\n'


def once(folder: Path, what: str) -> str:
    """Do it the first time, and nothing afterwards."""
    return f'if /bin/mkdir "{folder}/done" 2>/dev/null; then\n{what}fi\n'
