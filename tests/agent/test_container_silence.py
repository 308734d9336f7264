"""A container whose engine does not answer, without any engine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import record
from cynthus.agent.container import Container
from cynthus.agent.home import Home
from cynthus.agent.record import Record
from cynthus.files import write_json
from cynthus.process import birth
from tests.agent.host import RUN

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.attempt import Attempt

LONG_GONE = "1"


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Attempt:
    """An attempt whose engine lies behind a socket that is not there; `docker` says what it says then."""
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    attempt = Home(tmp_path / "home", "weather-abcdef").run(RUN).attempt(1)
    attempt.folder.mkdir(parents=True)
    write_json(attempt.engine, {"DOCKER_HOST": "unix:///no/such.sock"})
    return attempt


def main_is(attempt: Attempt, born: str) -> None:
    record.write(attempt, Record(os.getpid(), born, 0, "", "2026-01-02T03:04:05Z", None, 2, 0, "c"))


def test_one_whose_process_is_gone_has_ended(attempt: Attempt) -> None:
    main_is(attempt, LONG_GONE)
    ended = Container(attempt, patience=0).poll()
    assert ended is not None
    assert (ended.exit_code, "does not answer" in ended.reason) == (None, True)


def test_one_whose_process_lives_is_waited_for(attempt: Attempt) -> None:
    main_is(attempt, birth(os.getpid()) or "")
    assert Container(attempt, patience=0).poll() is None


def test_an_engine_that_restarts_is_given_time(attempt: Attempt) -> None:
    main_is(attempt, LONG_GONE)
    assert Container(attempt, patience=60).poll() is None
