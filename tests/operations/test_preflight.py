"""What is asked of a place while Terraform plans: what stops, what is warned of, what is mended, what is left out."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from cynthus.core.finding import Finding
from cynthus.errors import CloudFailed, ConfirmationNeeded, ProjectUnfit, UsageError
from cynthus.operations.plan import plan
from cynthus.operations.preflight import PATIENCE
from cynthus.operations.up import Request, prepare, run
from tests.operations.clouds import Cloud, Clouded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

QUOTA = Finding("quotas", "error", "GPUS_ALL_REGIONS: 0", "ask for more")
BILLING = Finding("billing", "error", "nobody pays", "link an account")
USED_UP = Finding("quotas", "warning", "1 of 1 in use", "wait")
OFF = Finding("services", "error", "not enabled: a.googleapis.com", "enable it", enables=("a.googleapis.com",))


@dataclass
class Answers:
    """A place that gives these answers, one question each."""

    findings: list[Finding] = field(default_factory=list)
    behind: list[Finding] = field(default_factory=list)
    """What only shows once all is enabled."""
    asked: int = 0
    enabled: list[str] = field(default_factory=list)
    hangs: threading.Event = field(default_factory=threading.Event)
    slow: bool = False

    @property
    def questions(self) -> Mapping[str, Callable[[], tuple[Finding, ...]]]:
        own: dict[str, Callable[[], tuple[Finding, ...]]] = {
            f"question {number}": lambda each=each: self._answer(each)  # type: ignore[misc]  # its own of each
            for number, each in enumerate(self.findings)
        }
        odd = {"what nobody knows": self._unknown, "what is no answer": self._strange}
        return {**own, **odd, **({"what takes long": self._wait} if self.slow else {})}

    def enable(self, names: Sequence[str], activity: Callable[[str], None]) -> None:
        self.enabled += names
        self.findings = [each for each in self.findings if not each.enables] + self.behind

    def _answer(self, finding: Finding) -> tuple[Finding, ...]:
        self.asked += 1
        return (finding,)

    def _unknown(self) -> tuple[Finding, ...]:
        raise CloudFailed("you may not ask", hint="do not")

    def _strange(self) -> tuple[Finding, ...]:
        raise KeyError("quotas")

    def _wait(self) -> tuple[Finding, ...]:
        self.hangs.wait()
        return (QUOTA,)


@pytest.fixture
def answers() -> Iterator[Answers]:
    made = Answers()
    yield made
    made.hangs.set()


@pytest.fixture
def world(tmp_path: Path, answers: Answers) -> Iterator[Clouded]:
    made = Clouded(tmp_path, Cloud(preflight=answers))
    yield made
    made.home()


@pytest.fixture
def folder(world: Clouded) -> Path:
    return world.folder()


def test_what_cannot_be_had_ends_it_before_anything_is_made(world: Clouded, folder: Path, answers: Answers) -> None:
    answers.findings = [USED_UP, QUOTA, BILLING]
    with pytest.raises(ProjectUnfit) as caught:
        world.up(folder)
    assert (caught.value.message, caught.value.hint) == (QUOTA.message, "ask for more; nothing was made")
    assert caught.value.details == ("billing: nobody pays; link an account",)
    assert world.asked("apply") == []


def test_what_is_doubtful_is_a_warning_and_no_end(world: Clouded, folder: Path, answers: Answers) -> None:
    answers.findings = [USED_UP]
    assert world.up(folder).ending == "started"
    assert world.progress.warnings == ["quotas: 1 of 1 in use; wait"]


def test_what_somebody_has_edited_is_not_known_so_well_that_it_would_end_anything(
    world: Clouded, folder: Path, answers: Answers
) -> None:
    plan(world.tools, Request(str(folder)))
    (folder / "infra/gcp/compute/custom.tf").write_text("# another machine\n")
    answers.findings = [QUOTA]
    assert world.up(folder).ending == "started"
    assert world.progress.warnings == ["quotas: GPUS_ALL_REGIONS: 0; ask for more"]


def test_what_nobody_can_tell_is_no_matter(world: Clouded, folder: Path) -> None:
    assert world.up(folder).ending == "started"
    assert world.progress.warnings == []


def test_one_that_does_not_answer_is_left_out_after_a_moment(world: Clouded, folder: Path, answers: Answers) -> None:
    answers.slow, begun = True, time.monotonic()
    assert world.up(folder).ending == "started"
    assert time.monotonic() - begun < PATIENCE + 5
    assert "not known, for nobody has answered yet: what takes long" in world.progress.notes


def test_where_hosts_stand_and_nothing_changes_nothing_is_asked(
    world: Clouded, folder: Path, answers: Answers
) -> None:
    world.up(folder)
    answers.findings = [QUOTA]
    assert run(world.tools, Request(str(folder), yes=True)).ending == "started"
    assert answers.asked == 0


def test_what_hosts_that_stand_use_is_no_warning(world: Clouded, folder: Path, answers: Answers) -> None:
    world.up(folder)
    answers.findings = [USED_UP]
    (folder / "cynthus.yaml").write_text("target: gcp\nruntime: venv\nresources: {zone: us-central1-b}\n")
    world.with_person(answer=True)
    assert run(world.tools, Request(str(folder))).ending == "started"
    assert (answers.asked, world.progress.warnings) == (1, [])


def test_it_can_be_switched_off(tmp_path: Path, answers: Answers) -> None:
    world = Clouded(tmp_path, Cloud(preflight=answers), CYNTHUS_PREFLIGHT="off")
    answers.findings = [QUOTA]
    assert world.up(world.folder()).ending == "started"
    world.home()


def test_prepare_asks_too(world: Clouded, folder: Path, answers: Answers) -> None:
    answers.findings = [BILLING]
    with pytest.raises(ProjectUnfit, match="nobody pays"):
        prepare(world.tools, Request(str(folder), yes=True))


def test_a_plan_tells_and_does_not_fail(world: Clouded, folder: Path, answers: Answers) -> None:
    answers.findings = [QUOTA, OFF]
    found = plan(world.tools, Request(str(folder)))
    assert (found.amiss, answers.enabled) == ((QUOTA, OFF), [])


# what is off


def test_what_is_off_is_shown_and_enabled_by_who_said_yes(world: Clouded, folder: Path, answers: Answers) -> None:
    answers.findings = [OFF]
    assert world.up(folder).ending == "started"
    assert answers.enabled == ["a.googleapis.com"]
    assert "  ! not enabled: a.googleapis.com" in world.progress.notes


def test_who_is_there_is_asked_before_anything_is_enabled(world: Clouded, folder: Path, answers: Answers) -> None:
    answers.findings = [OFF]
    world.with_person(answer=False)
    with pytest.raises(UsageError, match="nothing was made: you said no"):
        world.up(folder, yes=False)
    assert (world.person.questions, answers.enabled) == (["Enable them?"], [])


def test_without_anybody_and_without_a_yes_nothing_is_enabled(world: Clouded, folder: Path, answers: Answers) -> None:
    answers.findings = [OFF]
    with pytest.raises(ConfirmationNeeded):
        world.up(folder, yes=False)
    assert answers.enabled == []


def test_nothing_is_enabled_where_nothing_can_be_had_all_the_same(
    world: Clouded, folder: Path, answers: Answers
) -> None:
    answers.findings = [OFF, BILLING]
    with pytest.raises(ProjectUnfit):
        world.up(folder)
    assert answers.enabled == []


def test_what_only_shows_once_all_is_enabled_is_seen_before_anything_is_made(
    world: Clouded, folder: Path, answers: Answers
) -> None:
    answers.findings, answers.behind = [OFF], [QUOTA]
    with pytest.raises(ProjectUnfit, match="GPUS_ALL_REGIONS"):
        world.up(folder)
    assert answers.enabled == ["a.googleapis.com"]
    assert world.asked("apply") == []
