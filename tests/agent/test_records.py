"""The small files that an attempt's processes leave for each other."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import clock, lock, record, request, reserve, status, version
from cynthus.agent.failure import Failure, of_system
from cynthus.agent.home import Home, RunFolder
from cynthus.agent.main_process import UNKNOWN, MainProcess
from cynthus.agent.record import Ended, Record
from cynthus.process import Command, birth, start
from tests import damage as damages
from tests.agent.host import until
from tests.damage import like_everybody
from tests.state.disks import fill, mounted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cynthus.agent.attempt import Attempt

NOW = "2026-01-02T03:04:05.000Z"


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return Home(tmp_path / "home", "weather-abcdef").run("r1")


@pytest.fixture
def attempt(run: RunFolder) -> Attempt:
    made = run.attempt(1)
    made.folder.mkdir(parents=True)
    return made


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "small", "size=256k") as folder:
        yield folder


def known(**changes: object) -> Record:
    fields = {
        "pid": os.getpid(), "born": birth(os.getpid()), "supervisor_pid": os.getpid(),
        "supervisor_born": birth(os.getpid()), "started_at": NOW, "deadline": None, "stop_grace": 2.0, "gpus": 0,
        "container": None, **changes,
    }  # fmt: skip
    return Record(**fields)  # type: ignore[arg-type]  # the fields that a test does not name are right


def state(attempt: Attempt) -> tuple[object, object]:
    told = status.evaluate(attempt, at=NOW)
    return told["state"], told["reason"]


def test_a_record_comes_back_as_it_was_written(attempt: Attempt) -> None:
    record.write(attempt, known(deadline=12.5))
    assert record.read(attempt) == known(deadline=12.5)


def test_before_a_start_there_is_no_record(attempt: Attempt) -> None:
    assert record.read(attempt) is None


@pytest.mark.parametrize("harm", damages.EVERY)
def test_a_damaged_record_is_told_from_a_missing_one(attempt: Attempt, harm: Callable[[Path], None]) -> None:
    record.write(attempt, known())
    harm(attempt.record)
    with like_everybody():
        found = record.read(attempt)
    assert found is not None
    assert (found.damaged, found.pid, found.supervisor_lives, found.main_lives) == (True, 0, False, False)


def test_a_record_that_is_set_aside_is_there_until_another_one_replaces_it(attempt: Attempt) -> None:
    record.write(attempt, known())
    damages.truncated(attempt.record)
    record.set_aside(attempt)
    found = record.read(attempt)
    assert found is not None
    assert found.damaged


@pytest.mark.parametrize("harm", [damages.truncated, damages.a_folder])
def test_what_was_set_aside_is_kept_beside_the_record_that_replaces_it(
    attempt: Attempt, harm: Callable[[Path], None]
) -> None:
    record.write(attempt, known())
    harm(attempt.record)
    record.set_aside(attempt)
    record.write(attempt, known(gpus=2))
    assert record.read(attempt) == known(gpus=2)
    assert len(list(attempt.folder.glob("run.pid.damaged-*"))) == 1


def test_a_damaged_record_that_comes_and_goes_is_read_at_every_moment(attempt: Attempt) -> None:
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            attempt.record.write_text("{")
            attempt.record.unlink()

    mover = threading.Thread(target=come_and_go)
    mover.start()
    try:
        found = {None if read is None else read.damaged for read in (record.read(attempt) for _ in range(4000))}
    finally:
        over.set()
        mover.join()
    assert found == {None, True}


def test_of_a_damaged_record_the_time_of_the_start_is_left(attempt: Attempt) -> None:
    attempt.record.write_text("{")
    os.utime(attempt.record, (1767323045, 1767323045))
    found = record.read(attempt)
    assert found is not None
    assert found.started_at == "2026-01-02T03:04:05.000Z"


def test_of_a_damaged_record_of_a_container_its_name_is_left(attempt: Attempt) -> None:
    attempt.record.write_text("{")
    attempt.engine.write_text("{}")
    found = record.read(attempt)
    assert found is not None
    assert found.container == "cynthus-weather-abcdef-r1-1"


def test_with_a_damaged_record_an_attempt_runs_as_long_as_its_supervisor_does(attempt: Attempt) -> None:
    attempt.record.write_text("{")
    with lock.locked(attempt.lock):
        assert state(attempt) == ("RUNNING", "")
    assert "unknown" in str(state(attempt)[1])


@pytest.mark.parametrize("harm", damages.EVERY)
def test_a_damaged_end_is_an_end_all_the_same(attempt: Attempt, harm: Callable[[Path], None]) -> None:
    record.write(attempt, known())
    record.write_end(attempt, Ended(0, None, ""), at=NOW)
    harm(attempt.exit)
    with like_everybody():
        told = state(attempt)
    assert told[0] == "EXITED"


def test_nobody_is_found_below_a_pid_that_is_not_known() -> None:
    assert MainProcess(0, "", "no/such/1/0", ours=False).poll() == Ended(None, None, UNKNOWN)
    assert MainProcess(0, "", "no/such/1/0", ours=False)._living() == set()


def test_attempts_are_in_order_and_nothing_else_is_one(run: RunFolder) -> None:
    for name in ("10/0", "2/0", "2/1", "x/0", "3/y"):
        (run.folder / "attempts" / name).mkdir(parents=True)
    assert [(each.number, each.rank) for each in run.attempts()] == [(2, 0), (2, 1), (10, 0)]


def test_an_attempt_that_somebody_starts_just_now_is_starting(attempt: Attempt) -> None:
    with lock.locked(attempt.lock):
        assert state(attempt) == ("STARTING", "")


def test_an_attempt_whose_start_was_cut_off_never_began(attempt: Attempt) -> None:
    assert state(attempt) == ("EXITED", status.NEVER_BEGAN)


def test_an_attempt_whose_main_lives_is_running(attempt: Attempt) -> None:
    record.write(attempt, known(supervisor_born="other"))
    assert state(attempt) == ("RUNNING", "")


def test_an_attempt_whose_supervisor_lives_is_running_until_it_says_otherwise(attempt: Attempt) -> None:
    record.write(attempt, known(born="other"))
    assert state(attempt) == ("RUNNING", "")


def test_with_neither_alive_it_has_ended_and_nobody_knows_how(attempt: Attempt) -> None:
    record.write(attempt, known(born="other", supervisor_born="other"))
    assert "unknown" in str(state(attempt)[1])


def test_the_end_on_record_counts_whoever_lives(attempt: Attempt) -> None:
    record.write(attempt, known())
    record.write_end(attempt, Ended(3, None, "because"), at=NOW)
    assert state(attempt) == ("EXITED", "because")


def test_a_pid_that_was_given_again_is_another_process(attempt: Attempt) -> None:
    assert not known(born="an earlier one").main_lives


def test_the_deadline_is_when_it_says() -> None:
    assert not known(deadline=None).overdue
    assert known(deadline=0.0).overdue
    assert not known(deadline=1e12).overdue


def test_a_wish_is_kept_with_its_reason(tmp_path: Path) -> None:
    assert request.ask(tmp_path / "deep/stop", "enough", at=NOW)
    assert request.reason(tmp_path / "deep/stop") == "enough"


def test_the_first_wish_counts(tmp_path: Path) -> None:
    request.ask(tmp_path / "stop", "first", at=NOW)
    assert not request.ask(tmp_path / "stop", "second", at=NOW)
    assert request.reason(tmp_path / "stop") == "first"


def test_without_a_wish_there_is_no_reason(tmp_path: Path) -> None:
    assert request.reason(tmp_path / "stop") == ""


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_damaged_wish_is_one_all_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "stop").write_text(text)
    assert request.reason(tmp_path / "stop") == "cancelled"


def test_the_end_can_be_written_on_a_full_disk(full_disk: Path) -> None:
    reserve.make(full_disk / "exit")
    fill(full_disk)
    reserve.write(full_disk / "exit", b"the end")
    assert (full_disk / "exit").read_bytes() == b"the end"


def test_without_room_set_aside_a_full_disk_is_an_error(full_disk: Path) -> None:
    fill(full_disk)
    with pytest.raises(OSError, match=r"."):
        reserve.write(full_disk / "exit", b"the end")


def test_room_that_was_not_needed_is_given_back(tmp_path: Path) -> None:
    reserve.make(tmp_path / "exit")
    reserve.write(tmp_path / "exit", b"the end")
    assert [each.name for each in tmp_path.iterdir()] == ["exit"]


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with lock.locked(tmp_path / "lock"):
        assert lock.held(tmp_path / "lock")
        assert lock.acquire(tmp_path / "lock", wait=False) is None


def test_a_lock_that_was_let_go_can_be_had(tmp_path: Path) -> None:
    with lock.locked(tmp_path / "lock"):
        pass
    assert not lock.held(tmp_path / "lock")
    descriptor = lock.acquire(tmp_path / "lock", wait=False)
    assert descriptor is not None
    os.close(descriptor)


def test_a_lock_that_nobody_ever_had_is_free(tmp_path: Path) -> None:
    assert not lock.held(tmp_path / "lock")
    assert not (tmp_path / "lock").exists()


def test_a_lock_ends_with_the_process_that_inherited_it(tmp_path: Path) -> None:
    with open(os.devnull, "wb") as nothing, lock.locked(tmp_path / "lock") as descriptor:
        heir = start(Command(("sleep", "600")), stdout=nothing, stderr=nothing, inherit=(descriptor,))
    try:
        assert lock.held(tmp_path / "lock")
    finally:
        heir.kill()
        heir.wait()
    until(lambda: not lock.held(tmp_path / "lock"))


def test_times_are_utc_with_milliseconds() -> None:
    assert clock.stamp(1767323045.1239) == "2026-01-02T03:04:05.123Z"


def test_runs_sort_by_when_they_were_minted() -> None:
    ids = [clock.mint_run(1767323045 + seconds, b"\xff\x00") for seconds in (0, 1, 60, 86400)]
    assert ids == sorted(ids)
    assert ids[0] == "20260102-030405-ff00"


def test_a_version_comes_back_as_it_was_written(run: RunFolder) -> None:
    run.folder.mkdir(parents=True)
    made = version.Version("e", "s", None, (version.Mount("a", "/b"),))
    version.write(run, made)
    assert version.read(run) == made


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"data": [1]}', '{"data": [], "x": 1}'])
def test_a_damaged_version_is_an_error(run: RunFolder, text: str) -> None:
    run.folder.mkdir(parents=True)
    run.version.write_text(text)
    with pytest.raises(Failure, match="cannot be read"):
        version.read(run)


@pytest.mark.parametrize(("number", "code"), [(28, "CYN-504"), (122, "CYN-504"), (13, "CYN-420"), (2, "CYN-420")])
def test_an_error_of_the_system_has_a_hint_and_a_code(number: int, code: str) -> None:
    failure = of_system(OSError(number, os.strerror(number), "/x"))
    assert (failure.code, failure.message.startswith("/x: "), bool(failure.hint)) == (code, True, True)


def test_an_error_is_a_document() -> None:
    said = json.loads(json.dumps(Failure("m", hint="h", details=["d"]).document()))
    assert said == {"error": {"code": "CYN-420", "message": "m", "hint": "h", "details": ["d"]}}
