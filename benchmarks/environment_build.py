"""A changed requirement: our build of the image against `docker build` by hand of the Dockerfile that we print.

On an engine of its own, without a network: the package is a wheel beside the requirements. Needs root.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pytest

from benchmarks.measure import verdict
from benchmarks.place import CYNTHUS
from cynthus.agent import zipapp
from cynthus.process import Command, run
from tests.agent.host import document
from tests.docker_engine import client, engine

LIMIT = 1.1
"""Of the wall time by hand."""
PACKAGE = "numpy"
_TOLD = ("PIP_", "UV_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT")


class Build:
    """A folder with one wheel to install, and the engine to build with."""

    def __init__(self, folder: Path, environment: dict[str, str], base: str) -> None:
        self._folder = folder
        # pip is told nothing in either way: what it is told comes as secrets, which a person would have to write down.
        kept = {name: value for name, value in environment.items() if not name.startswith(_TOLD)}
        self._environment = {**kept, "PIP_CONFIG_FILE": os.devnull}
        self._app = folder / "app"
        (self._app / "wheels").mkdir(parents=True)
        (self._app / "main.py").write_text("print('never run')\n")
        (self._app / "cynthus.yaml").write_text(f"image: {{base: '{base}'}}\n")
        asked = document(runtime="container", base=base, requirements="requirements.txt")
        (folder / "spec.json").write_text(json.dumps(asked))
        zipapp.build(folder / "agent.pyz")
        download = ("-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", PACKAGE)
        answer = run(Command((sys.executable, *download), cwd=self._app / "wheels", env=environment), timeout=300)
        if answer.returncode:
            raise SystemExit(f"{PACKAGE} could not be downloaded: {answer.stderr.decode()}")
        self._wheel = next((self._app / "wheels").iterdir()).name

    def change(self, number: int) -> None:
        """Other requirements, and nothing that was built before is known any more."""
        (self._app / "requirements.txt").write_text(f"./wheels/{self._wheel}\n# {number}\n")
        self._run("docker", "builder", "prune", "--all", "--force")

    def ours(self) -> float:
        """The agent's verb, as the play calls it."""
        argv = (sys.executable, "-I", "-S", str(self._folder / "agent.pyz"), "environment")
        home = ("--home", str(self._folder / "home"))
        began = time.monotonic()
        said = self._run(*argv, "--spec", str(self._folder / "spec.json"), "--folder", str(self._app), *home)
        took = time.monotonic() - began
        if not json.loads(said)["changed"]:
            raise SystemExit("nothing was built")
        return took

    def by_hand(self) -> float:
        """The Dockerfile that we print, piped into `docker build`. To print it is not measured."""
        text = self._run(str(CYNTHUS), "build", "--print", cwd=self._app)
        argv = ("docker", "build", "--quiet", "--network", "none", "--tag", "by-hand", "--file", "-", ".")
        began = time.monotonic()
        self._run(*argv, cwd=self._app, stdin=text, DOCKER_BUILDKIT="1")
        return time.monotonic() - began

    def _run(self, *argv: str, cwd: Path | None = None, stdin: str = "", **variables: str) -> str:
        command = Command(argv, cwd=cwd, env={**self._environment, **variables}, stdin=stdin.encode())
        answer = run(command, timeout=600)
        if answer.returncode:
            raise SystemExit(f"{' '.join(argv)}: {(answer.stdout + answer.stderr).decode()}")
        return answer.stdout.decode()


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="cynthus-benchmark-") as folder, engine(Path(folder)) as there:
        environment = client(there, Path(folder) / "client", buildkit=True)
        build = Build(Path(folder), {**environment, "HOME": folder}, there.base)
        ours, by_hand = [], []
        for number in range(rounds):
            build.change(2 * number)
            by_hand.append(build.by_hand())
            build.change(2 * number + 1)
            ours.append(build.ours())
    print(f"{'docker build by hand':<44} {statistics.median(by_hand):7.2f} s wall")
    print(f"{'the agent':<44} {statistics.median(ours):7.2f} s wall")
    verdict("ratio", statistics.median(ours) / statistics.median(by_hand), LIMIT, "")


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    except pytest.skip.Exception as reason:
        raise SystemExit(f"not measured: {reason}") from None
