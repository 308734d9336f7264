"""A user at a keyboard: a home of their own, folders with apps, and the `cynthus` command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
COUNT = """\
import pathlib
print("counting")
words = pathlib.Path("data/words.txt").read_text().split()
pathlib.Path("outputs").mkdir(exist_ok=True)
pathlib.Path("outputs/count.txt").write_text(str(len(words)))
print(len(words), "words")
"""
"""A main.py that reads ./data and writes ./outputs."""

WAIT = """\
import os, pathlib, sys, time
print("waiting", flush=True)
pathlib.Path("outputs/early.txt").write_text("saved before the end")
while not os.path.exists({path!r}):
    time.sleep(0.02)
print("done waiting")
"""
"""A main.py that ends once the file at `path` is there."""


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON on stdout."""
        value: dict[str, Any] = json.loads(self.out)
        return value

    def __repr__(self) -> str:
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass
class User:
    """Somebody with a home below `place`. `environment` is what their shell exports beside the usual."""

    place: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.place / "home"

    def shell(self, **more: str) -> dict[str, str]:
        """The environment of a command."""
        # No Docker: what these tests say about `runtime: auto` must not depend on the machine.
        usual = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "DOCKER_HOST": f"unix://{self.place}/no-docker.sock",
        }
        installers = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "UV_"))}
        return {**installers, **usual, **self.environment, **more}

    def folder(self, name: str = "app", *, main: str = COUNT, **files: str) -> Path:
        """A folder with a main.py and data; `files` are others, `__` in a name for a slash and `_` for a dot."""
        folder = self.place / name
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "main.py").write_text(main)
        (folder / "data/words.txt").write_text("one two three\n")
        for file, text in files.items():
            path = folder / file.replace("__", "/").replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder

    def cynthus(
        self, *words: str | Path, cwd: Path | None = None, timeout: float = 120, shell: Mapping[str, str] | None = None
    ) -> Ended:
        """Type a command and wait for its end."""
        self.home.mkdir(parents=True, exist_ok=True)
        answer = subprocess.run(
            [*COMMAND, *map(str, words)],
            cwd=cwd or self.place,
            env=self.shell() if shell is None else shell,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
        )
        return Ended(answer.returncode, answer.stdout.decode(errors="replace"), answer.stderr.decode(errors="replace"))

    @contextmanager
    def typing(self, *words: str | Path, cwd: Path | None = None) -> Iterator[Typed]:
        """A command while it runs, in a session of its own as a terminal gives it; killed at the end if need be."""
        self.home.mkdir(parents=True, exist_ok=True)
        count = sum(1 for _ in self.place.iterdir())
        out, err = self.place / f"{count}.out", self.place / f"{count}.err"
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            process = subprocess.Popen(
                [*COMMAND, *map(str, words)],
                cwd=cwd or self.place, env=self.shell(), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                start_new_session=True,
            )
        try:
            yield Typed(process, out, err)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def status(self, folder: Path) -> dict[str, Any]:
        """The deployment of a folder, as `cynthus status --json` tells it."""
        answer = self.cynthus("status", folder, "--json")
        assert answer.code == 0, answer
        deployment: dict[str, Any] = answer.document["deployments"][0]
        return deployment

    def deployments(self) -> list[dict[str, Any]]:
        """All of this user's."""
        found: list[dict[str, Any]] = self.cynthus("status", "--all", "--json").document["deployments"]
        return found

    def homes(self) -> list[Path]:
        """Where deployments lie on the machine."""
        return sorted((self.home / ".local/share/cynthus").glob("*"))

    def on_host(self) -> list[str]:
        """What deployments have left on the machine."""
        return [home.name for home in self.homes()]


COMMAND = (sys.executable, "-m", "cynthus")


@dataclass(frozen=True)
class Typed:
    """A command that runs."""

    process: subprocess.Popen[bytes]
    _out: Path
    _err: Path

    @property
    def out(self) -> str:
        return self._out.read_text(errors="replace")

    @property
    def err(self) -> str:
        return self._err.read_text(errors="replace")

    def until(self, word: str, *, timeout: float = 60) -> None:
        """Wait until `word` was printed."""
        wait_for(lambda: word in self.out + self.err or self.process.poll() is not None, timeout=timeout)
        assert word in self.out + self.err, f"ended without {word!r}: {self.out}{self.err}"

    def signal(self, number: int = signal.SIGINT) -> None:
        """Send a signal to the command alone."""
        self.process.send_signal(number)

    def ended(self, *, timeout: float = 90) -> Ended:
        """Wait for the end."""
        code = self.process.wait(timeout)
        return Ended(code, self.out, self.err)


def wait_for(true: Callable[[], object], *, timeout: float = 30) -> None:
    """Look until something holds."""
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def processes_with(word: str) -> list[str]:
    """The command lines and environments of processes that mention `word`, but for this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        try:
            # Once: a process that ends meanwhile has no command line any more.
            line, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
            # One that has just become another program has its environment before its command line.
            line = line or (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if word.encode() in line + b"\0" + environment:
            found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found
