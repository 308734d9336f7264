"""What main.py wrote outside of its outputs is told before it is lost; it is neither saved nor unsaved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import UsageError
from cynthus.operations.attend import Attendance
from cynthus.operations.down import down
from cynthus.operations.pull import pull
from cynthus.operations.status import status
from cynthus.operations.strays import Strays, described, find_strays
from tests.operations.host import RUN, Host, site_in

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.run import Run
    from tests.operations.workshop import Workshop

STRAYS = "open('outputs/x', 'w').write('1')\nopen('model.pt', 'w').write('12345')\n"
SAID = "1 file outside outputs/ (model.pt 5 B)"


def of(*largest: tuple[str, int], files: int | None = None, complete: bool = True, run: str = "r") -> Strays:
    """The strays of a run, by the largest of them."""
    return Strays(run, files or len(largest), sum(size for _, size in largest), complete, largest)


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    return workshop.folder(main=STRAYS)


@pytest.fixture
def ended(workshop: Workshop, folder: Path) -> Run:
    return workshop.to_the_end(workshop.up(folder))


def test_whoever_follows_a_run_to_its_end_is_told(workshop: Workshop, folder: Path) -> None:
    outcome = workshop.up(folder)
    attendance = Attendance(workshop.tools, outcome.site, outcome.run)
    attendance.watch(lambda _: None)
    pulled = attendance.finish()
    assert pulled is not None
    assert pulled.hint == (
        f"main.py also wrote {SAID}: it stays on the host until `cynthus down`; what it writes to outputs/ comes home"
    )


def test_whoever_pulls_is_told(workshop: Workshop, folder: Path, ended: Run) -> None:
    assert SAID in pull(workshop.tools, str(folder), run_id=ended.id).hint


def test_of_a_run_that_goes_on_nothing_is_told(workshop: Workshop) -> None:
    folder = workshop.folder("sleeper", main=f"{STRAYS}import time\ntime.sleep(600)\n")
    workshop.up(folder)
    assert pull(workshop.tools, str(folder)).hint == ""


def test_where_there_is_nothing_to_tell_nothing_is_told(workshop: Workshop) -> None:
    folder = workshop.folder("tidy")
    workshop.to_the_end(workshop.up(folder))
    assert pull(workshop.tools, str(folder)).hint == ""


def test_the_outputs_are_called_as_the_app_calls_them(workshop: Workshop) -> None:
    main = "open('results/x', 'w').write('1')\nopen('model.pt', 'w').write('12345')\n"
    folder = workshop.folder("other", main=main, spec="outputs: results/\n")
    workshop.to_the_end(workshop.up(folder))
    assert "1 file outside results/ (model.pt 5 B)" in pull(workshop.tools, str(folder)).hint


def test_they_do_not_count_as_not_saved(workshop: Workshop, folder: Path, ended: Run) -> None:
    found = status(workshop.tools, str(folder), strays=True)
    assert (found.unsaved, found.strays) == ((0, 0), (of(("model.pt", 5), run=ended.id),))


def test_who_does_not_ask_for_them_does_not_wait_for_them(workshop: Workshop, folder: Path, ended: Run) -> None:
    assert status(workshop.tools, str(folder)).strays == (), ended


def test_the_question_of_down_names_them(workshop: Workshop, folder: Path, ended: Run) -> None:
    with pytest.raises(UsageError):
        down(workshop.with_person(answer=False).tools, str(folder))
    goes = f"What main.py wrote elsewhere would be lost: {SAID}. "
    assert workshop.person.questions == [f"{goes}Bring outputs home, then remove the hosts of {ended.deployment}?"]


def test_enter_does_not_lose_them(workshop: Workshop, folder: Path, ended: Run) -> None:
    with pytest.raises(UsageError):
        down(workshop.with_person(answer=None).tools, str(folder))
    assert workshop.person.defaults == [False], ended


def test_without_a_question_down_says_what_it_removes(workshop: Workshop, folder: Path, ended: Run) -> None:
    down(workshop.tools, str(folder), yes=True)
    assert workshop.progress.warnings == [f"removed with the host, and not brought home: {SAID}"], ended


def test_after_a_question_it_is_not_said_again(workshop: Workshop, folder: Path, ended: Run) -> None:
    down(workshop.with_person(answer=True).tools, str(folder))
    assert workshop.progress.warnings == [], ended


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([of(("b", 2), ("a", 1))], "2 files outside outputs/ (b 2 B, a 1 B)"),
        ([of(("a", 1), files=9)], "9 files outside outputs/ (a 1 B, ...)"),
        ([of(("a", 9), ("b", 0), complete=False)], "at least 2 files outside outputs/ (a 9 B, b 0 B)"),
        ([of(("a", 9)), of(("b", 10))], "2 files outside outputs/ (b 10 B, a 9 B)"),
        ([of(("a", 9)), of(("a", 10))], "2 files outside outputs/ (a 10 B, ...)"),
        ([of(("\x1b[2J\n", 1))], "1 file outside outputs/ (?[2J? 1 B)"),
    ],
)
def test_they_are_told_in_a_few_words(tmp_path: Path, found: list[Strays], said: str) -> None:
    assert described(found, site_in(tmp_path / "folder")) == said


def test_an_agent_that_cannot_tell_is_no_reason_to_fail(tmp_path: Path) -> None:
    host = Host(tmp_path)
    (tmp_path / "agent.pyz").write_text("raise SystemExit('an older one')")
    assert find_strays(host.agent, RUN.id) == ()
