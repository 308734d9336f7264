"""Whether an engine answers, and which one is asked."""

from __future__ import annotations

import hashlib
import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cynthus.targets.local.engine import probe
from tests.targets.places import engine, environment, script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a user who has the Docker command line."""
    script(tmp_path, "docker", "")
    return tmp_path


def context(home: Path, name: str, host: str) -> None:
    """Make a Docker context, as `docker context create` does."""
    folder = home / ".docker/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))


def use(home: Path, config: str) -> None:
    (home / ".docker").mkdir(exist_ok=True)
    (home / ".docker/config.json").write_text(config)


@contextmanager
def deaf(path: Path) -> Iterator[str]:
    """The address of a socket that takes connections and never says a word."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield f"unix://{path}"


def test_an_engine_that_answers_says_its_version(home: Path) -> None:
    with engine() as address:
        assert probe(environment(home, DOCKER_HOST=address)).version == "99.1"


def test_an_engine_without_the_command_line_is_of_no_use(tmp_path: Path) -> None:
    with engine() as address:
        found = probe(environment(tmp_path, DOCKER_HOST=address))
    assert (found.answers, found.problem) == (False, "the `docker` command is not on PATH")


def test_a_socket_that_is_not_there_is_named(home: Path) -> None:
    found = probe(environment(home, DOCKER_HOST=f"unix://{home}/none.sock"))
    assert (found.answers, found.problem) == (False, f"there is no {home}/none.sock")


def test_a_socket_where_nobody_listens_is_no_engine(home: Path) -> None:
    with deaf(home / "s"):
        pass
    assert not probe(environment(home, DOCKER_HOST=f"unix://{home}/s")).answers


def test_a_socket_that_does_not_answer_is_given_up(home: Path) -> None:
    with deaf(home / "s") as address:
        found = probe(environment(home, DOCKER_HOST=address), patience=0.3)
    assert (found.answers, "timed out" in found.problem.lower()) == (False, True)


@pytest.mark.parametrize("body", [b"<html>a proxy's login page</html>", b"{}", b"[]", b""])
def test_something_else_that_answers_is_no_engine(home: Path, body: bytes) -> None:
    with engine(body) as address:
        found = probe(environment(home, DOCKER_HOST=address))
    assert (found.answers, bool(found.problem)) == (False, True)


@pytest.mark.parametrize("address", ["nonsense", "tcp://", "http://[", "ssh://", "unix://"])
def test_an_address_that_is_none_is_a_problem(home: Path, address: str) -> None:
    assert probe(environment(home, DOCKER_HOST=address)).problem


def test_certificates_that_are_missing_are_a_problem(home: Path) -> None:
    found = probe(environment(home, DOCKER_HOST="tcp://127.0.0.1:1", DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH="/none"))
    assert "TLS" in found.problem or "tls" in found.problem


def test_the_current_context_is_asked(home: Path) -> None:
    context(home, "mine", f"unix://{home}/mine.sock")
    use(home, '{"currentContext": "mine"}')
    assert probe(environment(home)).problem == f"there is no {home}/mine.sock"


def test_a_context_can_be_named_in_the_environment(home: Path) -> None:
    context(home, "other", f"unix://{home}/other.sock")
    assert probe(environment(home, DOCKER_CONTEXT="other")).problem == f"there is no {home}/other.sock"


def test_a_named_host_wins_over_a_context(home: Path) -> None:
    context(home, "mine", f"unix://{home}/mine.sock")
    use(home, '{"currentContext": "mine"}')
    found = probe(environment(home, DOCKER_HOST=f"unix://{home}/named.sock"))
    assert found.problem == f"there is no {home}/named.sock"


def test_the_configuration_of_docker_may_lie_elsewhere(home: Path) -> None:
    context(home, "mine", f"unix://{home}/mine.sock")
    (home / ".docker").rename(home / "elsewhere")
    found = probe(environment(home, DOCKER_CONTEXT="mine", DOCKER_CONFIG=str(home / "elsewhere")))
    assert found.problem == f"there is no {home}/mine.sock"


def test_a_context_that_is_gone_is_a_problem_as_for_the_command_line(home: Path) -> None:
    assert "context" in probe(environment(home, DOCKER_CONTEXT="gone")).problem


@pytest.mark.parametrize("config", ["{", "[]", "\x00", '"x"'])
def test_a_configuration_that_cannot_be_read_is_a_problem(home: Path, config: str) -> None:
    use(home, config)
    assert "context" in probe(environment(home)).problem


@pytest.mark.parametrize("config", ["{}", '{"currentContext": "default"}', '{"currentContext": ""}'])
def test_without_a_context_the_usual_socket_is_asked(home: Path, config: str) -> None:
    use(home, config)
    own = environment(home)
    assert probe(own) == probe({**own, "DOCKER_HOST": "unix:///var/run/docker.sock"})
