"""What a survey of a host is read as."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cynthus.core.survey import Change, Obstacle, read
from tests.ansible.standins import BOOKWORM, StandIn

if TYPE_CHECKING:
    from pathlib import Path

INSTALL = {"what": "Docker", "kind": "install", "why": "there is none", "needs": "", "role": "docker"}
REBOOT = {"what": "this host", "kind": "reboot", "why": "nouveau has the GPUs", "needs": "reboot", "role": "nvidia"}


def said(*changes: dict[str, str], **more: object) -> str:
    return json.dumps({"changes": changes, "problems": [], "host": {}, "docker": {}, "nvidia": {}, **more})


def test_a_change_is_read_with_its_reason() -> None:
    assert read(said(INSTALL)).changes == (Change("Docker", "install", "there is none", ""),)


def test_a_change_is_a_sentence() -> None:
    assert str(read(said(REBOOT)).changes[0]) == "reboot this host: nouveau has the GPUs"


def test_what_everybody_expects_is_never_refused() -> None:
    assert read(said(INSTALL)).refused(()) == ()


@pytest.mark.parametrize(("allowed", "refused"), [((), 1), (("disrupt",), 1), (("reboot",), 0)])
def test_what_was_not_allowed_is_refused(allowed: tuple[str, ...], refused: int) -> None:
    assert len(read(said(INSTALL, REBOOT)).refused(allowed)) == refused


def test_what_stands_in_the_way_is_read_with_what_to_do() -> None:
    problems = [{"message": "no luck", "hint": "mend it", "role": "docker"}]
    assert read(said(problems=problems)).obstacles == (Obstacle("no luck", "mend it"),)


@pytest.mark.parametrize("text", ["", "no luck", "[]", "{}", '{"changes": [{}]}', "null"])
def test_anything_else_is_no_survey(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)


def test_what_the_role_says_can_be_read(tmp_path: Path) -> None:
    host = StandIn(tmp_path)
    host.file("etc/os-release", BOOKWORM)
    host.packages()
    survey = read(json.dumps(host.docker(user="alice")))
    assert [change.kind for change in survey.changes] == ["install", "install"]
    assert survey.facts["host"]["system"]["codename"] == "bookworm"
