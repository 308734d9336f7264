from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import DiskFull, FolderNotWritable, StateCorrupt, TerraformFailed
from cynthus.state.journal import KEPT, Journal
from tests import damage as damages
from tests.damage import like_everybody
from tests.state.disks import fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.testing.clock import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def journal(path: Path, clock: FakeClock) -> Journal:
    return Journal(path, operation="up", clock=clock)


def events(journal: Journal) -> list[tuple[str, str]]:
    return [(record.step, record.event) for record in journal.records()]


def test_a_record_says_when_who_and_what(journal: Journal, path: Path) -> None:
    journal.record("apply", "intent", run="r1")
    assert json.loads(path.read_text()) == {
        "run": "r1",
        "at": "2026-01-02T03:04:05Z",
        "pid": os.getpid(),
        "operation": "up",
        "step": "apply",
        "event": "intent",
    }


def test_the_intent_is_on_disk_before_the_step_is_taken(journal: Journal) -> None:
    with journal.step("apply"):
        assert events(journal) == [("apply", "intent")]


def test_a_step_that_worked_is_done(journal: Journal) -> None:
    with journal.step("apply", run="r1"):
        pass
    assert events(journal) == [("apply", "intent"), ("apply", "done")]
    assert [record.details for record in journal.records()] == [{"run": "r1"}] * 2


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (OSError("the secret is swordfish"), "OSError"),
        (TerraformFailed("the secret is swordfish", hint="x"), "CYN-310"),
    ],
)
def test_a_step_that_failed_says_what_kind_of_error_and_none_of_its_words(
    journal: Journal, path: Path, error: BaseException, name: str
) -> None:
    with pytest.raises(type(error)), journal.step("apply"):
        raise error
    assert events(journal)[-1] == ("apply", "failed")
    assert journal.records()[-1].details == {"error": name}
    assert "swordfish" not in path.read_text()


def test_steps_within_steps_end_inside_out(journal: Journal) -> None:
    with journal.step("outer"), journal.step("inner"):
        pass
    assert [step for step, event in events(journal) if event == "done"] == ["inner", "outer"]


def test_a_journal_that_was_never_written_is_empty(journal: Journal) -> None:
    assert (journal.records(), journal.open_intents()) == ((), ())


def test_a_torn_line_is_passed_over(journal: Journal, path: Path) -> None:
    journal.record("a", "intent")
    with open(path, "ab") as stream:
        stream.write(b'{"at": "20')
    assert [record.step for record in journal.records()] == ["a"]


def test_a_record_after_a_torn_line_is_read(journal: Journal, path: Path) -> None:
    journal.record("a", "intent")
    with open(path, "ab") as stream:
        stream.write(b'{"at": "20')
    journal.record("a", "done")
    assert events(journal) == [("a", "intent"), ("a", "done")]


KILLED = """
import os, signal, sys
from pathlib import Path
from cynthus.core.clock import SystemClock
from cynthus.state.journal import Journal
journal = Journal(Path(sys.argv[1]), operation="up", clock=SystemClock())
with journal.step("render"):
    pass
with journal.step("apply", run="r1"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_its_intent_open(journal: Journal, path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    intents = journal.open_intents()
    assert [(one.operation, one.step, one.details) for one in intents] == [("up", "apply", {"run": "r1"})]


def test_the_next_process_closes_what_was_left_open(journal: Journal, path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    for intent in journal.open_intents():
        journal.record(intent.step, "failed", reason="cut off")
    assert journal.open_intents() == ()


def test_a_journal_that_grew_too_large_begins_anew_with_its_tail(path: Path, clock: FakeClock) -> None:
    journal = Journal(path, operation="up", clock=clock, largest=200 * (KEPT + 100))
    for number in range(2 * KEPT):
        with journal.step(str(number)):
            pass
    assert path.stat().st_size < 200 * (KEPT + 101)
    assert journal.records()[-1].step == str(2 * KEPT - 1)


def test_an_open_intent_outlives_a_new_beginning(path: Path, clock: FakeClock) -> None:
    journal = Journal(path, operation="up", clock=clock, largest=0)
    journal.record("apply", "intent", run="r1")
    for number in range(KEPT):
        journal.record(str(number), "done")
    assert [one.step for one in journal.open_intents()] == ["apply"]


def test_a_small_journal_is_only_added_to(path: Path, clock: FakeClock) -> None:
    journal = Journal(path, operation="up", clock=clock)
    journal.record("a", "intent")
    before = path.stat().st_ino
    journal.record("a", "done")
    assert path.stat().st_ino == before


def test_a_full_disk_is_said_and_leaves_a_good_journal(small_disk: Path, clock: FakeClock) -> None:
    journal = Journal(small_disk / "journal.jsonl", operation="up", clock=clock)
    journal.record("a", "intent")
    fill(small_disk)
    with pytest.raises(DiskFull):
        journal.record("b", "intent", text="x" * 8192)
    assert events(journal) == [("a", "intent")]


def test_a_step_does_not_begin_when_its_intent_cannot_be_written(read_only: Path, clock: FakeClock) -> None:
    begun = False
    with pytest.raises(FolderNotWritable), Journal(read_only / "j", operation="up", clock=clock).step("apply"):
        begun = True
    assert not begun


def lose(folder: Path, error: BaseException) -> None:
    shutil.rmtree(folder)
    raise error


def test_an_end_that_cannot_be_written_does_not_hide_what_went_wrong(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "gone").mkdir()
    journal = Journal(tmp_path / "gone" / "journal.jsonl", operation="up", clock=clock)
    with pytest.raises(KeyboardInterrupt), journal.step("apply"):
        lose(tmp_path / "gone", KeyboardInterrupt())


def test_a_good_end_that_cannot_be_written_is_an_error(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "gone").mkdir()
    journal = Journal(tmp_path / "gone" / "journal.jsonl", operation="up", clock=clock)
    with pytest.raises(FolderNotWritable), journal.step("apply"):
        shutil.rmtree(tmp_path / "gone")


def test_a_folder_in_the_place_of_the_journal_is_said(journal: Journal, path: Path) -> None:
    path.mkdir()
    with pytest.raises(StateCorrupt, match="is a directory"):
        journal.records()
    with pytest.raises(FolderNotWritable, match="in the way"):
        journal.record("a", "intent")


@pytest.mark.parametrize("harm", [damages.closed, damages.a_folder])
def test_a_journal_that_cannot_be_opened_is_set_aside_and_begun_anew(
    journal: Journal, path: Path, harm: Callable[[Path], None]
) -> None:
    journal.record("apply", "intent")
    harm(path)
    with like_everybody():
        kept = journal.set_aside_if_closed()
        journal.record("deploy", "intent")
        assert events(journal) == [("deploy", "intent")]
    assert kept is not None
    assert kept.exists()


@pytest.mark.parametrize("harm", [damages.truncated, damages.empty, damages.zeros, damages.binary, damages.nested])
def test_a_journal_whose_lines_are_damaged_goes_on(journal: Journal, path: Path, harm: Callable[[Path], None]) -> None:
    journal.record("apply", "intent")
    harm(path)
    assert journal.set_aside_if_closed() is None
    journal.record("deploy", "intent")
    assert events(journal)[-1] == ("deploy", "intent")


def test_a_journal_that_was_never_written_is_not_set_aside(journal: Journal) -> None:
    assert journal.set_aside_if_closed() is None
