from __future__ import annotations

import signal
import socket
import time
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import preemption, record, request
from cynthus.agent.alarm import Alarm
from cynthus.agent.home import Home
from cynthus.agent.record import Ended, Record
from cynthus.agent.supervisor import Launch, _grace, first_record, watch
from cynthus.files import write_json
from cynthus.process import Command
from cynthus.testing.metadata import Metadata, metadata_server
from tests.agent.host import RUN, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.attempt import Attempt
    from tests.agent.host import Host

WAIT = "import time\nprint('began', flush=True)\ntime.sleep(600)\n"
SAVES = """\
import pathlib, signal, sys, time
def save(*_):
    pathlib.Path("checkpoints/last").write_text("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
""" + WAIT


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    with metadata_server() as server:
        yield server


def test_a_machine_that_is_taken_back_ends_the_run_and_says_so(host: Host, metadata: Metadata) -> None:
    host.begin(WAIT, metadata=metadata.address)
    until(lambda: metadata.asked)
    metadata.preempt()
    ended = host.ended()
    assert (ended["signal"], ended["reason"]) == (signal.SIGTERM, "preempted: the cloud took the machine back")


def test_main_has_time_to_save_and_that_goes_to_the_bucket(host: Host, metadata: Metadata) -> None:
    (host.root / "bucket").mkdir()
    host.begin(SAVES, metadata=metadata.address, bucket=f"file://{host.root}/bucket")
    host.prints("began")
    metadata.preempt()
    until(lambda: host.told()["state"] == "EXITED" and host.told()["sync"]["state"] == "saved", seconds=30)
    assert host.told()["reason"].startswith("preempted")
    assert next((host.root / "bucket").rglob("checkpoints/last")).read_text() == "saved"


def test_one_that_was_taken_back_before_anybody_listened_is_noticed(host: Host, metadata: Metadata) -> None:
    metadata.preempt()
    host.begin(WAIT, metadata=metadata.address)
    assert host.ended()["reason"].startswith("preempted")


def test_a_server_that_does_not_answer_ends_nothing_and_is_asked_again(host: Host, metadata: Metadata) -> None:
    metadata.broken = True
    host.begin(WAIT, metadata=metadata.address)
    until(lambda: len(metadata.asked) > 1)
    assert host.told()["state"] == "RUNNING"
    metadata.broken = False
    metadata.preempt()
    assert host.ended()["reason"].startswith("preempted")


def test_a_run_that_was_not_told_of_a_server_asks_none(host: Host, metadata: Metadata) -> None:
    host.begin(WAIT)
    time.sleep(3)
    assert (metadata.asked, host.attempt.preemption_lock.exists()) == ([], False)


def test_a_proxy_is_not_asked(host: Host, metadata: Metadata) -> None:
    host.environment["http_proxy"] = "http://127.0.0.1:9"
    host.begin(WAIT, metadata=metadata.address)
    metadata.preempt()
    assert host.ended()["reason"].startswith("preempted")


def test_nobody_listens_after_the_end(host: Host, metadata: Metadata) -> None:
    host.end("print('x')", metadata=metadata.address)
    until(lambda: not host.processes())


@pytest.mark.parametrize(("asked", "given"), [(600, 15), (3, 3)])
def test_a_long_grace_is_cut_to_what_the_cloud_leaves(asked: float, given: float) -> None:
    known = Record(1, "", 1, "", "", None, asked, 0, None)
    assert (_grace(known, "preempted: x"), _grace(known, "deadline: x")) == (given, asked)


def test_a_main_that_does_not_listen_is_killed_and_was_taken_back_all_the_same(host: Host, metadata: Metadata) -> None:
    host.begin("import signal\nsignal.signal(15, signal.SIG_IGN)\n" + WAIT, metadata=metadata.address, stop_grace=0.5)
    host.prints("began")
    metadata.preempt()
    ended = host.ended()
    assert (ended["signal"], ended["reason"]) == (signal.SIGKILL, preemption.REASON)


def test_one_that_still_prepares_its_data_was_taken_back_and_has_not_failed(host: Host, metadata: Metadata) -> None:
    host.file("prepare.py", WAIT)
    preprocess = {"command": ["python", "prepare.py"], "files": []}
    host.begin("print('main')", metadata=metadata.address, preprocess=preprocess)
    host.prints("began")
    metadata.preempt()
    assert host.ended()["reason"] == preemption.REASON


# the moment of the end


class Scripted:
    """A main.py whose end is seen at that look, the first being 0."""

    def __init__(self, ended: Ended, look: int) -> None:
        self._ended = ended
        self._left = look

    def poll(self) -> Ended | None:
        self._left -= 1
        return self._ended if self._left < 0 else None

    def end(self, grace: float) -> None:
        """It ends when it does."""

    def clear(self, grace: float) -> None:
        """It leaves nothing behind."""

    def forget(self) -> None:
        """Nothing tells of it."""


class Still(Alarm):
    """One that takes over no signal and waits for none."""

    def __init__(self) -> None:
        self._terminated = False

    def wait(self, seconds: float) -> None:
        """Nobody waits."""


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    """One that goes on."""
    run = Home(tmp_path / "home", "weather-abcdef").run(RUN)
    made = run.attempt(1)
    made.folder.mkdir(parents=True)
    record.write(made, first_record(Launch(run, made, Command(("x",)), None, 2, 0), 1, ""))
    return made


@pytest.mark.parametrize(("look", "why"), [(1, ""), (2, preemption.REASON)])
def test_one_that_ended_well_before_it_was_told_to_has_come_to_its_end(attempt: Attempt, look: int, why: str) -> None:
    request.ask(attempt.stop, preemption.REASON, at="now")
    watch(attempt.run_folder, attempt, Scripted(Ended(0, None, ""), look), Still())
    ended = record.read_end(attempt) or {}
    assert (ended["exit_code"], ended["reason"]) == (0, why)


def test_the_server_is_asked_once_more_in_the_moment_of_a_shutdown(attempt: Attempt, metadata: Metadata) -> None:
    write_json(attempt.metadata, {"server": metadata.address})
    before = preemption.is_on(attempt)
    metadata.preempt()
    assert (before, preemption.is_on(attempt), len(metadata.asked)) == (False, True, 2)


def test_a_machine_of_no_cloud_was_not_taken_back(attempt: Attempt) -> None:
    assert not preemption.is_on(attempt)


def test_nobody_waits_for_a_server_that_says_nothing(attempt: Attempt) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        write_json(attempt.metadata, {"server": f"http://127.0.0.1:{server.getsockname()[1]}"})
        began = time.monotonic()
        assert not preemption.is_on(attempt)
    assert time.monotonic() - began < 1
