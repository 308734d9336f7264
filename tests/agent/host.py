"""A host to try the agent on: a folder with an app, a home, and the agent's own program called as Ansible calls it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cynthus.agent.home import Home
from cynthus.process import Command, Completed, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import RunFolder

RUN = "20260102-030405-abcd"


def document(**changes: object) -> dict[str, object]:
    """A spec.json as the control side writes it."""
    return {
        "schema": 1, "deployment": "weather-abcdef", "run_id": RUN, "runtime": "venv", "command": ["python", "main.py"],
        "env": {}, "secrets": [], "source": ".", "requirements": None, "python": None, "base": None, "data": [],
        "outputs": "outputs/", "checkpoints": "checkpoints/", "max_duration": None, "stop_grace": 2, "gpus": 0,
        **changes,
    }  # fmt: skip


def until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    """Wait for a condition; fails the test where it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def bare_python(place: Path) -> str:
    """A Python that has nothing but its own library."""
    answer = run(Command((sys.executable, "-I", "-m", "venv", "--without-pip", str(place / "bare"))))
    assert answer.returncode == 0, answer
    return str(place / "bare/bin/python")


class Host:
    """`environment` is what the agent is called with; `changes` go into every spec."""

    def __init__(self, root: Path, program: Path, environment: Mapping[str, str], **changes: object) -> None:
        self.root = root
        self.folder = root / "app"
        self.folder.mkdir(parents=True)
        self.environment = dict(environment)
        if self.environment.get("HOME") == os.environ.get("HOME"):
            # What the agent keeps for a user is not for whoever runs the tests; what pip has downloaded is.
            own = Path.home() / ".cache/pip"
            self.environment = {"PIP_CACHE_DIR": str(own), **environment, "HOME": str(root / "user")}
        self.python: tuple[str, ...] = (sys.executable, "-I", "-S")
        self._program = program
        self.document = document(deployment=f"t-{os.urandom(4).hex()}", **changes)
        self.home = Home(root / "home", str(self.document["deployment"]))

    @property
    def run(self) -> RunFolder:
        return self.home.run(RUN)

    @property
    def attempt(self) -> Attempt:
        return self.run.attempt(1)

    def file(self, path: str, text: str = "") -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def spec(self, **changes: object) -> Path:
        self.document.update(changes)
        path = self.root / "spec.json"
        path.write_text(json.dumps(self.document))
        return path

    def argv(self, verb: str, *words: str) -> tuple[str, ...]:
        given: list[str] = [] if verb == "version" else ["--home", str(self.home.folder)]
        if verb in ("environment", "data", "source", "start"):
            given += ["--spec", str(self.spec())]
        if verb in ("environment", "data", "source"):
            given += ["--folder", str(self.folder)]
        if verb in ("status", "stop", "exec", "secrets"):
            given += ["--run", RUN]
        return (*self.python, str(self._program), verb, *given, *words)

    def call(self, verb: str, *words: str, stdin: bytes = b"") -> Completed:
        return run(Command(self.argv(verb, *words), env=self.environment, cwd=self.root, stdin=stdin), timeout=120)

    def ask(self, verb: str, *words: str, stdin: bytes = b"") -> dict[str, Any]:
        """What the verb answers."""
        answer = self.call(verb, *words, stdin=stdin)
        assert answer.returncode == 0, (answer.stdout + answer.stderr).decode()
        said: dict[str, Any] = json.loads(answer.stdout)
        return said

    def refused(self, verb: str, *words: str, stdin: bytes = b"") -> dict[str, Any]:
        """The error with which the verb fails."""
        answer = self.call(verb, *words, stdin=stdin)
        assert answer.returncode == 1, (answer.stdout + answer.stderr).decode()
        problem: dict[str, Any] = json.loads(answer.stdout)["error"]
        return problem

    def not_become(self, *words: str) -> str:
        """What the verb `exec` says to the person at the terminal where it cannot become the command."""
        answer = self.call("exec", *words)
        assert (answer.returncode, answer.stdout) == (127, b""), answer
        return answer.stderr.decode()

    def bring(self, main: str) -> None:
        """Everything up to the start."""
        self.file("main.py", main)
        for verb in ("environment", "data", "source"):
            self.ask(verb)

    def begin(self, main: str, **changes: object) -> None:
        """A run of `main` that has started."""
        self.spec(**changes)
        self.bring(main)
        self.ask("start")

    def end(self, main: str, **changes: object) -> dict[str, Any]:
        """How a run of `main` ends."""
        self.begin(main, **changes)
        return self.ended()

    def ended(self) -> dict[str, Any]:
        """status.json once it says that the run has ended; nothing is asked of the agent for it."""
        # Who has started it is answered before it is written for the first time.
        until(lambda: self.attempt.status.exists() and self.told()["state"] == "EXITED", seconds=60)
        return self.told()

    def told(self) -> dict[str, Any]:
        """status.json as it lies there."""
        said: dict[str, Any] = json.loads(self.attempt.status.read_bytes())
        return said

    @property
    def log(self) -> str:
        return self.attempt.log.read_text()

    def prints(self, text: str) -> None:
        """Wait until the log holds a text."""
        until(lambda: text in self.log)

    def record(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.attempt.record.read_bytes())
        return said

    def processes(self) -> set[int]:
        """All that are about this deployment: the agent's own, and the app's."""
        marks = (f"CYNTHUS_DEPLOYMENT={self.home.deployment}".encode(), os.fsencode(self.home.folder))
        return {pid for pid in pids() if any(mark in about(pid) for mark in marks)}

    def agents(self) -> set[int]:
        """The agent's own processes: they still have the command line of the verb that they come from."""
        mark = os.fsencode(self._program)
        return {pid for pid in self.processes() if mark in contents(pid, "cmdline")}


def pids() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def about(pid: int) -> bytes:
    """The command line and the environment of a process."""
    return contents(pid, "cmdline") + contents(pid, "environ")


def contents(pid: int, name: str) -> bytes:
    """A file below /proc/PID; nothing where the process is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
