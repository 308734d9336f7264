"""Hosts that do not answer any more: what is shown, what is refused, and what forgets them."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus import process
from cynthus.cli.documents import removed as removed_document
from cynthus.cli.status_text import lines, row
from cynthus.core.deployment import ConnectionInfo
from cynthus.core.run import RunState
from cynthus.errors import HostUnreachable, UsageError
from cynthus.operations import silence
from cynthus.operations.cancel import cancel
from cynthus.operations.down import down
from cynthus.operations.logs import logs
from cynthus.operations.pull import pull
from cynthus.operations.status import every_status, status
from cynthus.operations.up import Request, run
from cynthus.process import Command
from cynthus.testing.clock import FakeClock
from cynthus.testing.outage import DOES_NOT_ANSWER, Outage, OutageTargets
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cynthus.operations.up import Outcome

SLEEPS = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"


class Far(Workshop):
    """A world whose hosts are far away: this machine, behind a way that can be cut."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.outage = Outage()
        self.tools = replace(self.tools, targets=OutageTargets(self.tools.targets, self.outage))

    def up(self, folder: Path, *, yes: bool = True) -> Outcome:
        outcome = super().up(folder, yes=yes)
        entry = self.tools.index.by_folder(folder)[0]
        hosts = tuple(replace(host, connection=ConnectionInfo("ssh"), port=2222) for host in entry.hosts)
        self.tools.index.put(replace(entry, hosts=hosts))
        return replace(outcome, site=replace(outcome.site, entry=replace(entry, hosts=hosts)))


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    made = Far(tmp_path)
    yield made
    made.outage.end()
    made.home()
    # What was forgotten is in no index any more.
    for agent in Path(made.tools.settings.data_dir).glob("*/agent.pyz"):
        answer = process.run(Command((sys.executable, "-I", "-S", str(agent), "remove", "--home", str(agent.parent))))
        assert answer.returncode == 0, answer


@pytest.fixture
def running(far: Far) -> Outcome:
    """A run that goes on, on a host that has been looked at and does not answer any more."""
    outcome = far.up(far.folder(main=SLEEPS))
    status(far.tools, outcome.site.id)
    far.outage.begin()
    return outcome


@pytest.fixture
def done(far: Far) -> Outcome:
    """A run that has ended and came home, on a host that does not answer any more."""
    outcome = far.up(far.folder(main="print('ran')\n"))
    far.to_the_end(outcome)
    far.outage.begin()
    return outcome


# status


def test_status_shows_the_last_known_run_of_a_host_that_does_not_answer(far: Far, running: Outcome) -> None:
    found = status(far.tools, running.site.id)
    assert found.run is not None
    assert (found.run.id, found.run.state) == (running.run.id, RunState.RUNNING)


def test_status_says_that_the_host_does_not_answer_and_when_it_did_last(far: Far, running: Outcome) -> None:
    told = next(line for line in lines(status(far.tools, running.site.id), far.tools.clock.now()) if "  host " in line)
    assert "does not answer; last heard of" in told
    assert "(heartbeat of 2" in told


def test_of_a_host_that_does_not_answer_nobody_knows_what_is_not_saved(far: Far, running: Outcome) -> None:
    assert DOES_NOT_ANSWER in status(far.tools, running.site.id).uncounted


def test_the_last_time_that_somebody_looked_counts_also_where_that_was_no_record(far: Far) -> None:
    outcome = far.up(far.folder(main="print('ran')\n"))
    recorded = outcome.site.runs.load(outcome.run.id)
    far.ended(outcome)
    outcome.site.runs.save(recorded)
    status(far.tools, outcome.site.id)
    far.outage.begin()
    found = status(far.tools, outcome.site.id).run
    assert found is not None
    assert found.state is RunState.SUCCEEDED


def test_a_host_that_was_never_looked_at_is_shown_all_the_same(far: Far) -> None:
    outcome = far.up(far.folder(main=SLEEPS))
    for file in outcome.site.paths.heard.glob("*"):
        file.unlink()
    far.outage.begin()
    told = list(lines(status(far.tools, outcome.site.id), far.tools.clock.now()))
    assert any("when it did last is not known" in line for line in told)


def test_one_host_that_does_not_answer_hides_no_other_deployment(far: Far) -> None:
    dead, living = far.up(far.folder("dead")), far.up(far.folder("living"))
    far.to_the_end(living)
    far.outage.begin("dead")
    found, problems = every_status(far.tools)
    shown = {each.site.id: bool(each.hosts[0].silence) for each in found}
    assert (shown, problems) == ({dead.site.id: True, living.site.id: False}, ())


def test_the_table_of_all_deployments_says_it_too(far: Far, running: Outcome) -> None:
    assert running.site.hosts
    found, _ = every_status(far.tools)
    assert "does not answer" in row(found[0], far.tools.clock.now())[-1]


def test_a_host_that_takes_connections_and_says_nothing_is_given_up_in_time(far: Far) -> None:
    outcome = far.up(far.folder(main=SLEEPS))
    far.outage.begin(hangs=True)
    found = silence.silent_hosts(far.tools, outcome.site, seconds=0.05)
    assert "has not answered within" in next(iter(found.values())).message


def test_one_host_that_says_nothing_keeps_nobody_waiting(far: Far) -> None:
    dead, living = far.up(far.folder("dead")), far.up(far.folder("living"))
    far.to_the_end(living)
    far.outage.begin("dead", hangs=True)
    found, _ = every_status(far.tools, patience=5.0)
    assert {each.site.id: bool(each.hosts[0].silence) for each in found} == {dead.site.id: True, living.site.id: False}


def test_a_deployment_whose_folder_is_gone_is_shown_though_its_host_does_not_answer(far: Far) -> None:
    folder = far.folder(main="print('ran')\n")
    outcome = far.up(folder)
    far.to_the_end(outcome)
    moved = folder.rename(far.place / "moved")
    far.outage.begin()
    assert status(far.tools, outcome.site.id).site.id == outcome.site.id
    far.outage.end()
    moved.rename(folder)


def test_a_clock_that_is_a_day_off_makes_nobody_silent_and_no_run_lost(far: Far) -> None:
    outcome = far.up(far.folder(main=SLEEPS))
    clock = FakeClock(far.tools.clock.now() + timedelta(days=1))
    found = status(replace(far.tools, clock=clock), outcome.site.id)
    assert found.run is not None
    assert (found.run.state, found.hosts[0].silence) == (RunState.RUNNING, None)


# what only looks


def test_logs_shows_what_came_home_with_a_word_about_the_host(far: Far, done: Outcome) -> None:
    shown: list[bytes] = []
    logs(far.tools, done.site.id, shown.append)
    assert (b"".join(shown), DOES_NOT_ANSWER in far.progress.warnings[-1]) == (b"ran\n", True)


# what is refused


@pytest.mark.parametrize("verb", ["up", "run", "pull", "cancel"])
def test_what_changes_something_says_who_does_not_answer_and_how_to_do_without(
    far: Far, running: Outcome, verb: str
) -> None:
    folder = str(running.site.folder)
    verbs: dict[str, Callable[[], object]] = {
        "up": lambda: far.up(running.site.folder),
        "run": lambda: run(far.tools, Request(folder, yes=True)),
        "pull": lambda: pull(far.tools, folder),
        "cancel": lambda: cancel(far.tools, folder),
    }
    with pytest.raises(HostUnreachable, match=DOES_NOT_ANSWER) as caught:
        verbs[verb]()
    assert "cynthus down --discard" in caught.value.hint


def test_after_an_outage_everything_goes_on_as_it_was(far: Far, running: Outcome) -> None:
    for attempt in (lambda: far.up(running.site.folder), lambda: down(far.tools, running.site.id, yes=True)):
        with pytest.raises(HostUnreachable):
            attempt()
    far.outage.end()
    again = far.up(running.site.folder)
    assert (again.ending, again.run.id) == ("attached", running.run.id)


def test_down_refuses_and_names_what_forgets_the_host(far: Far, running: Outcome) -> None:
    with pytest.raises(HostUnreachable, match="nothing was removed") as caught:
        down(far.tools, running.site.id, yes=True)
    assert f"cynthus down {running.site.id} --discard" in caught.value.hint
    assert far.tools.index.find(running.site.id).phase == "up"


def test_to_give_up_a_host_is_asked_about_and_enter_means_no(far: Far, running: Outcome) -> None:
    with pytest.raises(UsageError, match="you said no"):
        down(far.with_person(answer=False).tools, running.site.id, discard=True)
    assert far.person.defaults == [False]


# what forgets the host


def test_discarding_takes_the_hosts_out_of_terraforms_state_and_of_the_index(far: Far, running: Outcome) -> None:
    down(far.tools, running.site.id, yes=True, discard=True)
    entry = far.tools.index.find(running.site.id)
    assert (far.terraform.calls[-2:], entry.phase, entry.hosts) == (["destroy", "apply"], "down", ())


def test_discarding_forgets_the_deployment_where_that_was_asked_for(far: Far, running: Outcome) -> None:
    assert down(far.tools, running.site.id, yes=True, discard=True, forget=True).forgotten
    assert far.tools.index.known(running.site.id) is None


def test_a_run_on_a_host_that_was_given_up_is_lost(far: Far, running: Outcome) -> None:
    down(far.tools, running.site.id, yes=True, discard=True)
    assert running.site.runs.load(running.run.id).state is RunState.LOST


def test_what_stays_on_the_host_is_told_with_what_removes_it(far: Far, running: Outcome) -> None:
    home = far.host(running.site.folder)
    left = down(far.tools, running.site.id, yes=True, discard=True).left[0]
    assert left.folder == str(home)
    assert left.command.startswith("ssh -p 2222 ")
    assert f"{home}/agent.pyz remove --home {home}" in left.command
    assert [left.command in warning for warning in far.progress.warnings[-2:]] == [False, True]


def test_what_stays_is_in_the_document(far: Far, running: Outcome) -> None:
    gone = down(far.tools, running.site.id, yes=True, discard=True)
    left = removed_document(gone)["left"]
    assert isinstance(left, list)
    assert set(left[0]) == {"host", "address", "folder", "also", "command"}


def test_a_deployment_whose_folder_is_gone_too_is_forgotten(far: Far, done: Outcome) -> None:
    done.site.folder.rename(far.place / "moved")
    far.outage.end()
    home = Path(far.tools.index.find(done.site.id).home)
    far.outage.begin()
    gone = down(far.tools, done.site.id, yes=True, discard=True)
    assert (gone.forgotten, gone.left[0].folder) == (True, str(home))


def test_a_run_that_goes_on_on_a_host_that_is_back_is_not_started_twice(far: Far, running: Outcome) -> None:
    down(far.tools, running.site.id, yes=True, discard=True)
    far.outage.end()
    again = far.up(running.site.folder)
    assert (again.ending, again.run.id, again.run.state) == ("attached", running.run.id, RunState.RUNNING)
