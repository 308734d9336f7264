from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from cynthus.agent.record import Record
from cynthus.agent.supervisor import _grace
from cynthus.testing.metadata import Metadata, metadata_server
from tests.agent.host import until

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    assert (ended["signal"], ended["reason"]) == (signal.SIGTERM, "preempted: the cloud takes the machine back")


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
