"""The environment is made while the data is on its way."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import lock, makers
from cynthus.process import Command, birth, start
from tests.agent.host import Host, until
from tests.agent.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOW_UV = """\
#!/bin/sh
# Stands in for uv: notes that it was called, and goes on when it may.
echo "$$" >> "{place}/calls"
until [ -e "{place}/go" ]; do sleep 0.02; done
exit $(cat "{place}/go")
"""


class FarHost(Host):
    """A host that is brought a kit, and whose installer waits for the file `go`, which has its exit code."""

    def receive(self, *words: str) -> dict[str, Any]:
        self.ask("pack", "--spec", str(self.spec()), "--folder", str(self.folder), "--kit", str(self.root / "kit.tar"))
        deployment = str(self.document["deployment"])
        return self.ask("receive", "--deployment", deployment, "--kit", str(self.root / "kit.tar"), *words)

    def received(self, verb: str) -> tuple[str, ...]:
        """The words with which the verb is called for what was brought."""
        brought = self.home.folder / "brought"
        return verb, "--spec", str(brought / ".cynthus/spec.json"), "--folder", str(brought)

    def argv(self, verb: str, *words: str) -> tuple[str, ...]:
        if "--spec" in words:
            return (*self.python, str(self._program), verb, "--home", str(self.home.folder), *words)
        return super().argv(verb, *words)

    @property
    def calls(self) -> list[int]:
        """The pids of the installers that have begun."""
        file = self.root / "calls"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def end_ahead(self) -> None:
        """Kill whoever makes it, and the installer."""
        with makers.ended(self.home):
            pass

    def go(self, code: int) -> None:
        (self.root / "go.part").write_text(str(code))
        (self.root / "go.part").rename(self.root / "go")


@pytest.fixture
def host(tmp_path: Path, program: Path) -> Iterator[FarHost]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    root = tmp_path / "a host"
    # With a setting of uv, it is asked although pip may be set up on this machine.
    environment = {**plain, "PATH": f"{root}/tools:{os.environ['PATH']}", "UV_NO_INDEX": "1"}
    made = FarHost(root, program, environment, requirements="needs.txt")
    wheel(made.folder / "wheels", "tiny")
    made.file("needs.txt", "./wheels/tiny-1.0-py3-none-any.whl\n")
    made.file("main.py")
    (root / "tools").mkdir()
    (root / "tools/uv").write_text(SLOW_UV.format(place=root))
    (root / "tools/uv").chmod(0o755)
    yield made
    made.ask("remove")


def begin(host: FarHost) -> None:
    """An environment that is being made."""
    host.receive("--ahead", "environment")
    until(lambda: host.calls)


def test_it_goes_on_while_other_verbs_are_called(host: FarHost) -> None:
    begin(host)
    assert host.ask(*host.received("data"))["changed"] is False
    assert birth(host.calls[0]) is not None


def test_the_verb_environment_waits_for_its_end(host: FarHost) -> None:
    begin(host)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(host.ask, *host.received("environment"))
        host.go(0)
        answer = asked.result()
    assert (answer["changed"], len(host.calls)) == (True, 1)


def test_what_was_made_ahead_is_told_as_a_change_once(host: FarHost) -> None:
    begin(host)
    host.go(0)
    answers = [host.ask(*host.received("environment"))["changed"] for _ in range(2)]
    assert answers == [True, False]


def test_what_failed_ahead_is_told_without_another_try(host: FarHost) -> None:
    begin(host)
    host.go(1)
    assert host.refused(*host.received("environment"))["code"] == "CYN-421"
    assert len(host.calls) == 1


def test_a_failure_is_told_once_and_then_tried_again(host: FarHost) -> None:
    begin(host)
    host.go(1)
    host.refused(*host.received("environment"))
    host.go(0)
    assert host.ask(*host.received("environment"))["changed"]


def test_what_failed_ahead_is_begun_again_by_the_next_arrival_of_the_same(host: FarHost) -> None:
    begin(host)
    host.go(1)
    until(host.home.ahead.exists)
    host.go(0)
    host.receive("--ahead", "environment")
    assert host.ask(*host.received("environment"))["changed"]


def test_what_failed_for_other_requirements_is_nobodys_business_any_more(host: FarHost) -> None:
    begin(host)
    host.go(1)
    until(host.home.ahead.exists)
    host.file("needs.txt", "")
    host.receive()
    assert host.ask(*host.received("environment"))["changed"]


def test_what_is_made_of_an_older_arrival_is_ended_since_its_files_go(host: FarHost) -> None:
    begin(host)
    host.file("needs.txt", "./wheels/tiny-1.0-py3-none-any.whl\n# changed\n")
    host.receive("--ahead", "environment")
    until(lambda: len(host.calls) == 2)
    assert [birth(pid) is None for pid in host.calls] == [True, False]


def test_a_verb_whose_connection_was_cut_is_ended_by_the_next_arrival(host: FarHost) -> None:
    host.receive()
    with open(os.devnull, "wb") as nothing:
        asking = start(Command(host.argv(*host.received("environment")), env=host.environment),
                       stdout=nothing, stderr=nothing)  # fmt: skip
    until(lambda: host.calls)
    host.file("needs.txt", "")
    host.receive()
    assert (asking.wait(), birth(host.calls[0])) == (-signal.SIGKILL, None)


def test_who_begins_while_others_are_ended_is_refused(host: FarHost) -> None:
    host.receive()
    with makers.ended(host.home):
        assert "is being replaced or removed" in host.refused(*host.received("environment"))["message"]
    assert host.calls == []


def test_who_waited_for_one_that_was_ended_is_refused_too(host: FarHost) -> None:
    begin(host)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(host.refused, *host.received("environment"))
        with makers.ended(host.home):
            assert asked.result()["code"] == "CYN-421"
    assert len(host.calls) == 1


def test_where_nothing_is_to_be_made_nothing_is_written(host: FarHost) -> None:
    host.receive()
    host.go(0)
    assert host.ask(*host.received("environment"))["changed"]
    host.home.makers.rmdir()
    assert not host.ask(*host.received("environment"))["changed"]
    assert not host.home.makers.exists()


def test_without_the_word_for_it_nothing_is_begun(host: FarHost) -> None:
    host.receive()
    assert not host.home.ahead_lock.exists()


def test_for_what_was_here_already_nothing_is_begun(host: FarHost) -> None:
    host.receive()
    host.receive("--ahead", "environment")
    assert not host.home.ahead_lock.exists()


@pytest.mark.crash
def test_a_maker_that_was_killed_is_replaced_by_the_verb(host: FarHost) -> None:
    begin(host)
    host.end_ahead()
    host.go(0)
    assert host.ask(*host.received("environment"))["changed"]


def test_a_deployment_that_is_removed_takes_it_along(host: FarHost) -> None:
    begin(host)
    host.ask("remove")
    assert (birth(host.calls[0]), host.home.folder.exists(), lock.held(host.home.ahead_lock)) == (None, False, False)
