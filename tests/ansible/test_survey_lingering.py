"""What a survey says of users whose units end with their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.ansible.standins import BOOKWORM, StandIn

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def host(tmp_path: Path) -> StandIn:
    """A Debian with systemd and without polkit. This machine asks as root, about somebody else."""
    made = StandIn(tmp_path)
    made.file("etc/os-release", BOOKWORM)
    made.file("run/systemd/system/there", "")
    made.packages()
    made.program("loginctl", ("list-users", "", 0))
    made.program("runuser", otherwise=127)
    return made


def changes(host: StandIn, user: str = "ann", **wish: Any) -> list[str]:
    """What would be done, if lingering is wished for, too."""
    found = host.survey(user=user, lingering=True, **wish)
    assert found["problems"] == []
    return [f"{each['role']}: {each['kind']} {each['what']}{each['needs']}" for each in found["changes"]]


def test_where_only_root_may_switch_it_on_that_is_announced(host: StandIn) -> None:
    assert changes(host) == ["lingering: install lingering for ann"]


def test_nobody_gets_it_unasked(host: StandIn) -> None:
    assert host.survey(user="ann")["changes"] == []


def test_where_it_is_on_nothing_is_changed(host: StandIn) -> None:
    host.file("var/lib/systemd/linger/ann", "")
    assert changes(host) == []


def test_root_needs_none(host: StandIn) -> None:
    assert changes(host, "root") == []


def test_whoever_may_switch_it_on_is_left_to_do_so(host: StandIn) -> None:
    host.script("runuser", 'case "$*" in "-u ann -- sh -c "*set-self-linger*) exit 0;; esac; exit 1\n')
    assert changes(host) == []


def test_without_systemd_there_is_nothing_to_switch(host: StandIn) -> None:
    (host.folder / "root/run/systemd/system/there").unlink()
    (host.folder / "root/run/systemd/system").rmdir()
    assert changes(host) == []


def test_where_the_system_does_not_answer_nothing_is_promised(host: StandIn) -> None:
    host.program("loginctl", otherwise=1)
    assert changes(host) == []
