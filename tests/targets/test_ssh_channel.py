"""The conversation with a host, through an `ssh` that leads to this machine."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.errors import HostError, HostUnreachable
from cynthus.targets.ssh.channel import PATIENCE, Channel
from cynthus.targets.ssh.way import Way
from tests.targets.places import calls, cut_after, environment, fake_ssh, once, refusing, then

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="no /usr/bin/python3 on this machine")

REFUSED = "ssh: connect to host there port 22: Connection refused"
HELLO = 200
"""More bytes than the greeting has, and fewer than a long answer."""


@dataclass
class Clock:
    """Time passes only while somebody sleeps."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Line:
    """A channel to this machine, and the `ssh` that carries it."""

    channel: Channel
    program: Path
    clock: Clock

    def hang_up(self) -> None:
        """Break the connection that stands."""
        self.channel._close()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    clock, program = Clock(), fake_ssh(tmp_path)
    host = Host("host-0", "there", "there", None, 22, 0, ConnectionInfo("ssh"))
    way = Way(host, tmp_path / "known_hosts", tmp_path / "control", environment(tmp_path))
    made = Line(Channel(way, monotonic=clock.monotonic, sleep=clock.sleep), program, clock)
    yield made
    made.hang_up()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file to read, larger than any greeting."""
    path = tmp_path / "file"
    path.write_bytes(os.urandom(5000))
    return path


def read(line: Line, file: Path) -> bytes:
    found: bytes = line.channel.ask("read", path=str(file), offset=0, limit=None)
    return found


def test_the_host_says_hello_with_its_python_and_where_deployments_lie(line: Line) -> None:
    hello = line.channel.hello()
    assert (len(hello["python"]), str(hello["base"]).endswith("/cynthus")) == (3, True)


def test_one_connection_carries_all_questions(line: Line, file: Path) -> None:
    for _ in range(3):
        assert read(line, file) == file.read_bytes()
    assert line.channel.ask("size", path=str(file)) == 5000
    assert len(calls(line.program)) == 1


def test_an_error_of_the_host_is_one_of_the_system(line: Line, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        read(line, tmp_path)
    assert (caught.value.errno, caught.value.filename) == (errno.EISDIR, str(tmp_path))


def test_after_an_error_of_the_host_the_conversation_goes_on(line: Line, tmp_path: Path, file: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read(line, tmp_path)
    assert read(line, file) == file.read_bytes()
    assert len(calls(line.program)) == 1


@pytest.mark.parametrize("noise", ["Welcome to the lab", '{"hello": "world"}', "42", "[]", "no end of line ->"])
def test_what_a_login_script_prints_before_is_passed_over(line: Line, file: Path, noise: str) -> None:
    then(line.program, f"printf '%s\\n\\n' '{noise}'\n")
    assert read(line, file) == file.read_bytes()


def test_nobody_but_us_may_use_the_connection_that_is_shared(line: Line, tmp_path: Path) -> None:
    line.channel.hello()
    assert (tmp_path / "control").stat().st_mode & 0o077 == 0


# what breaks off


@pytest.mark.parametrize("size", [0, 10, HELLO, 3000])
def test_an_answer_that_was_cut_off_is_asked_for_again(line: Line, file: Path, tmp_path: Path, size: int) -> None:
    line.channel.hello()
    line.hang_up()
    then(line.program, once(tmp_path, cut_after(size)))
    assert read(line, file) == file.read_bytes()
    assert len(calls(line.program)) == 3


def test_a_host_that_was_there_is_waited_for(line: Line, file: Path, tmp_path: Path) -> None:
    line.channel.hello()
    line.hang_up()
    then(line.program, once(tmp_path, refusing(REFUSED)))
    assert read(line, file) == file.read_bytes()
    assert 0 < line.clock.now < 1


def test_a_host_that_does_not_come_back_is_given_up(line: Line, file: Path) -> None:
    line.channel.hello()
    line.hang_up()
    then(line.program, refusing(REFUSED))
    with pytest.raises(HostUnreachable, match="refuses the connection"):
        read(line, file)
    assert PATIENCE <= line.clock.now < PATIENCE + 3


def test_the_pauses_grow_while_a_host_is_away(line: Line, file: Path) -> None:
    line.channel.hello()
    line.hang_up()
    then(line.program, refusing(REFUSED))
    with pytest.raises(HostUnreachable):
        read(line, file)
    assert len(calls(line.program)) < 60


def test_a_host_that_was_given_up_can_be_asked_again(line: Line, file: Path) -> None:
    line.channel.hello()
    line.hang_up()
    then(line.program, refusing(REFUSED))
    with pytest.raises(HostUnreachable):
        read(line, file)
    then(line.program, "")
    assert read(line, file) == file.read_bytes()


def test_a_host_that_never_answered_is_not_waited_for(line: Line) -> None:
    then(line.program, refusing(REFUSED))
    with pytest.raises(HostUnreachable, match="refuses the connection"):
        line.channel.hello()
    assert (line.clock.now, len(calls(line.program))) == (0, 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("me@there: Permission denied (publickey).", "does not let this user in"),
        ("Host key for host-0.there has changed and you have requested strict checking.", "another host key"),
        ("sh: 1: /usr/bin/python3: not found", "has no Python 3"),
    ],
)
def test_what_does_not_pass_is_told_at_once(line: Line, file: Path, words: str, message: str) -> None:
    line.channel.hello()
    line.hang_up()
    then(line.program, refusing(words))
    with pytest.raises(HostUnreachable, match=message) as caught:
        read(line, file)
    assert (line.clock.now, caught.value.details) == (0, (words,))


def test_an_answer_that_makes_no_sense_is_an_error_and_the_next_question_begins_anew(line: Line, file: Path) -> None:
    hello = '{"hello": "cynthus-reader", "python": [3, 11, 0], "base": "/x"}'
    then(line.program, f"echo '{hello}'; echo nonsense; exec /bin/cat >/dev/null\n")
    with pytest.raises(HostError, match="something else: 'nonsense'"):
        read(line, file)
    then(line.program, "")
    assert read(line, file) == file.read_bytes()


def test_a_machine_without_ssh_is_told_what_to_install(line: Line) -> None:
    line.program.unlink()
    with pytest.raises(HostUnreachable, match="`ssh` cannot be started") as caught:
        line.channel.hello()
    assert "openssh-client" in caught.value.hint
