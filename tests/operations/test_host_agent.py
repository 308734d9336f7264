from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import CynthusError, EnvironmentFailed, HostError, SecretMissing
from cynthus.operations.host_agent import HostAgent
from cynthus.process import CommandTimeout, Completed
from cynthus.targets.local.connection import LocalConnection

if TYPE_CHECKING:
    from collections.abc import Sequence


class Answering(LocalConnection):
    """A host whose agent gives one answer; `asked` is what it was asked for."""

    def __init__(self, answer: Completed | Exception) -> None:
        super().__init__({}, PurePosixPath("/home"))
        self._answer = answer
        self.asked: tuple[tuple[str, ...], bytes] = ((), b"")

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> Completed:
        self.asked = (tuple(argv), stdin)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def agent(code: int = 0, stdout: bytes = b"{}", stderr: bytes = b"") -> HostAgent:
    return HostAgent(Answering(Completed(code, stdout, stderr)), "x")


def failing(code: str) -> HostAgent:
    problem = {"error": {"code": code, "message": "m", "hint": "h", "details": ["d"]}}
    return agent(1, json.dumps(problem).encode())


def test_a_verb_is_asked_of_the_program_in_the_home() -> None:
    connection = Answering(Completed(0, b"{}", b""))
    HostAgent(connection, "x").call("stop", "--run", "r", stdin=b"in")
    argv, stdin = connection.asked
    assert (argv[1:], stdin) == (("-I", "-S", "/home/x/agent.pyz", "stop", "--home", "/home/x", "--run", "r"), b"in")


def test_the_answer_is_what_it_printed() -> None:
    assert agent(stdout=b'{"changed": true}').call("stop") == {"changed": True}


@pytest.mark.parametrize(
    ("code", "kind"), [("CYN-421", EnvironmentFailed), ("CYN-134", SecretMissing), ("?", HostError)]
)
def test_an_error_comes_back_in_the_class_that_its_code_names(code: str, kind: type[CynthusError]) -> None:
    with pytest.raises(kind, match="m") as caught:
        failing(code).call("start")
    assert (type(caught.value), caught.value.hint, caught.value.details) == (kind, "h", ("d",))


@pytest.mark.parametrize("stdout", [b"", b"not json", b"[1]"])
def test_an_answer_that_makes_no_sense_is_an_error(stdout: bytes) -> None:
    with pytest.raises(HostError, match="could not do 'start'"):
        agent(0, stdout).call("start")


def test_a_program_that_died_is_told_with_its_last_words() -> None:
    with pytest.raises(HostError) as caught:
        agent(-9, b"", b"one\ntwo").call("start")
    assert caught.value.details == ("one", "two")


def test_an_answer_that_does_not_come_is_an_error() -> None:
    silent = HostAgent(Answering(CommandTimeout("late")), "x")
    with pytest.raises(HostError, match="did not answer 'stop' within 2 s"):
        silent.call("stop", timeout=2)
