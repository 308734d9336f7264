"""Hosts that stand already: nothing is changed there that was not shown and accepted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.core.placement import Placement
from cynthus.errors import ConfirmationNeeded, HostError, HostUnfit, NotAllowed, PasswordNeeded, UsageError
from cynthus.operations.at_work import journal_of
from cynthus.operations.host_lock import HostLock
from cynthus.operations.readying import Allowed, make_hosts_ready
from cynthus.state.index import Entry
from cynthus.testing.ansible import FakeAnsible, Step
from tests.operations.host import ID, site_in
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.operations.site import Site
    from cynthus.testing.ansible import Played

HOST = Host("host-0", "127.0.0.1", "127.0.0.1", None, 22, 0, ConnectionInfo("local"))
ASKS = Placement("local", "container", unready=("Docker Engine on host-0",), asking=("host-0",))
LACKS = Placement("local", "container", unready=("Docker Engine on host-0",))
DOCKER = {"what": "Docker Engine (docker.io)", "kind": "install", "why": "there is none", "needs": "", "role": "docker"}


class Lab:
    """A machine that the survey finds in a certain state; `played` are the extravars of each play."""

    def __init__(
        self, place: Path, *, answer: bool | None = None, types: str | None = None, variable: str | None = None,
        **told: Any,
    ) -> None:
        self.shop = Workshop(place).with_person(answer=answer, types=types)
        self.told = {"changes": [], "problems": [], "host": {}, "docker": {}, "nvidia": {}, **told}
        self.ansible = FakeAnsible(self._steps)
        settings = self.shop.tools.settings._replace(sudo_password=variable)
        self.tools = replace(self.shop.tools, ansible=self.ansible, settings=settings)
        site = site_in(place / "app")
        entry = Entry(
            id=ID, name="weather", target="local", folder=str(site.folder), runtime="container", home="/h",
            created_at="2026-01-02T03:04:05Z", phase="up", hosts=(HOST,), last_run=None,
            updated_at="2026-01-02T03:04:05Z", per_hour=0.0,
        )  # fmt: skip
        self.site: Site = replace(site, entry=entry)

    def _steps(self, played: Played) -> tuple[Step, ...]:
        return (Step("survey", "Look at what is there", json.dumps(self.told)),)

    def ready(self, placement: Placement = LACKS, *, yes: bool = True, allowed: Allowed | None = None) -> None:
        journal = journal_of(self.tools, self.site, "up", HostLock(self.tools, "up"))
        make_hosts_ready(self.tools, self.site, placement, journal, yes=yes, allowed=allowed or Allowed())

    @property
    def passwords(self) -> list[str | None]:
        """What each play was given for sudo."""
        return [play.sudo_password for play in self.ansible.plays]

    @property
    def played(self) -> list[dict[str, object]]:
        return [dict(play.extravars) for play in self.ansible.plays]


def test_hosts_that_lack_nothing_are_not_even_looked_at(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.ready(Placement("local", "container"))
    assert lab.played == []


def test_what_would_be_changed_is_shown_before_it_is_done(tmp_path: Path) -> None:
    lab = Lab(tmp_path, changes=[DOCKER])
    lab.ready()
    assert lab.shop.progress.notes == ["  ! host-0: install Docker Engine (docker.io), since there is none"]


def test_first_it_is_only_looked_then_it_is_done(tmp_path: Path) -> None:
    lab = Lab(tmp_path, changes=[DOCKER])
    lab.ready()
    assert lab.played == [{"survey_only": True}, {"cynthus_allow_reboot": False, "cynthus_allow_disrupt": False}]


def test_where_the_look_finds_nothing_to_change_nothing_is_done(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.ready()
    assert lab.played == [{"survey_only": True}]


def test_what_was_allowed_is_handed_on(tmp_path: Path) -> None:
    lab = Lab(tmp_path, changes=[DOCKER])
    lab.ready(allowed=Allowed(reboot=True, disrupt=True))
    assert lab.played[1] == {"cynthus_allow_reboot": True, "cynthus_allow_disrupt": True}


def test_no_changes_nothing(tmp_path: Path) -> None:
    lab = Lab(tmp_path, answer=False, changes=[DOCKER])
    with pytest.raises(UsageError, match="you said no"):
        lab.ready(yes=False)
    assert lab.played == [{"survey_only": True}]


def test_where_nobody_can_be_asked_nothing_is_changed(tmp_path: Path) -> None:
    lab = Lab(tmp_path, changes=[DOCKER])
    with pytest.raises(ConfirmationNeeded, match="1 change to machines of yours"):
        lab.ready(yes=False)
    assert lab.played == [{"survey_only": True}]


def test_what_stands_in_the_way_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    problem = {"message": "tester may not become root", "hint": "let them use sudo", "role": "docker"}
    lab = Lab(tmp_path, answer=True, changes=[DOCKER], problems=[problem])
    with pytest.raises(HostUnfit, match="host-0: tester may not become root") as caught:
        lab.ready(yes=False)
    assert (caught.value.hint, lab.shop.person.questions) == ("let them use sudo", [])


REBOOT = {"what": "a driver", "kind": "reboot", "why": "another runs", "needs": "reboot", "role": "nvidia"}


def test_what_would_disrupt_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    lab = Lab(tmp_path, changes=[DOCKER, REBOOT])
    with pytest.raises(NotAllowed, match="host-0: reboot a driver") as caught:
        lab.ready(allowed=Allowed(disrupt=True))
    assert ("--allow-reboot" in caught.value.hint, lab.played) == (True, [{"survey_only": True}])


def test_what_was_allowed_is_shown_and_done(tmp_path: Path) -> None:
    lab = Lab(tmp_path, changes=[REBOOT])
    lab.ready(allowed=Allowed(reboot=True))
    assert len(lab.played) == 2


@pytest.mark.parametrize("said", ["", "no JSON", "[]"])
def test_where_nobody_can_tell_nothing_is_changed(tmp_path: Path, said: str) -> None:
    lab = Lab(tmp_path)
    lab.ansible.script = (Step("survey", "Look at what is there", said),)
    with pytest.raises(HostError, match="nobody can tell"):
        lab.ready()
    assert lab.played == [{"survey_only": True}]


# sudo with a password


def test_whoever_is_there_is_asked_once_for_all_plays(tmp_path: Path) -> None:
    lab = Lab(tmp_path, types="correct horse", changes=[DOCKER])
    lab.ready(ASKS)
    assert lab.shop.person.questions == ["Password for sudo on host-0"]
    assert lab.passwords == ["correct horse", "correct horse"]


def test_the_password_is_tried_while_nothing_is_changed(tmp_path: Path) -> None:
    lab = Lab(tmp_path, types="correct horse")
    lab.ready(ASKS)
    assert lab.played == [{"survey_only": True, "survey_try_root": True}]


def test_a_password_of_the_environment_is_taken_and_nobody_is_asked(tmp_path: Path) -> None:
    lab = Lab(tmp_path, variable="correct horse", changes=[DOCKER])
    lab.ready(ASKS)
    assert (lab.shop.person.questions, lab.passwords) == ([], ["correct horse", "correct horse"])


@pytest.mark.parametrize("password", [" correct horse", "correct horse\n"])
def test_a_password_that_would_not_arrive_as_it_is_is_refused(tmp_path: Path, password: str) -> None:
    lab = Lab(tmp_path, variable=password, changes=[DOCKER])
    with pytest.raises(UsageError, match="begins or ends with a space"):
        lab.ready(ASKS)
    assert lab.played == []


def test_where_sudo_asks_nothing_no_play_gets_a_password(tmp_path: Path) -> None:
    lab = Lab(tmp_path, variable="correct horse", changes=[DOCKER])
    lab.ready()
    assert lab.passwords == [None, None]


@pytest.mark.parametrize("types", [None, ""])
def test_without_a_password_the_hosts_are_not_even_looked_at(tmp_path: Path, types: str | None) -> None:
    lab = Lab(tmp_path, types=types)
    with pytest.raises(PasswordNeeded, match="host-0") as caught:
        lab.ready(ASKS)
    assert ("CYNTHUS_SUDO_PASSWORD" in caught.value.hint, lab.played) == (True, [])
