"""The lock of a deployment, as the reader keeps it on a host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.targets.ssh import reader

if TYPE_CHECKING:
    from pathlib import Path

ID = "weather-0a1b2c"
ANN, BOB = {"owner": "ann"}, {"owner": "bob"}


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where deployments lie; nothing is there yet."""
    monkeypatch.setattr(reader, "base", lambda: str(tmp_path / "share/cynthus"))
    return tmp_path / "share/cynthus"


def hold(token: str, holder: dict[str, str], *, seconds: float = 120.0, over: str = "") -> dict[str, Any]:
    return reader.hold(ID, token, holder, seconds, over)


def test_the_first_one_has_it(base: Path) -> None:
    assert hold("a", ANN)["taken"]
    assert base.is_dir()


def test_the_second_one_is_told_who_has_it(base: Path) -> None:
    assert hold("a", ANN)["taken"]
    told = hold("b", BOB)
    assert (told["taken"], told["holder"], told["token"], told["silent"] < 60) == (False, ANN, "a", True), base


def test_asking_twice_is_asking_once(base: Path) -> None:
    assert [hold("a", ANN)["taken"], hold("a", ANN)["holder"]] == [True, None], base


def test_who_was_silent_for_too_long_loses_it_and_is_named(base: Path) -> None:
    hold("a", ANN)
    told = hold("b", BOB, seconds=0.0)
    assert (told["taken"], told["holder"]) == (True, ANN), base
    assert not hold("a", ANN)["taken"]


def test_who_is_known_to_be_gone_is_replaced_at_once(base: Path) -> None:
    hold("a", ANN)
    assert hold("b", BOB, over="a")["taken"], base


def test_somebody_else_than_the_one_who_is_gone_is_not_replaced(base: Path) -> None:
    hold("a", ANN)
    assert not hold("b", BOB, over="c")["taken"], base


def test_two_deployments_have_nothing_to_do_with_each_other(base: Path) -> None:
    hold("a", ANN)
    assert reader.hold("storm-0a1b2c", "b", dict(BOB), 120.0, "")["taken"], base


def test_a_lock_that_was_given_back_leaves_nothing(base: Path) -> None:
    hold("a", ANN)
    reader.let_go(ID, "a")
    assert list(base.parent.iterdir()) == []


def test_what_else_lies_there_stays(base: Path) -> None:
    (base / ID).mkdir(parents=True)
    hold("a", ANN)
    reader.let_go(ID, "a")
    assert [path.name for path in base.iterdir()] == [ID]


def test_only_who_has_it_gives_it_back(base: Path) -> None:
    hold("a", ANN)
    reader.let_go(ID, "b")
    assert not hold("b", BOB)["taken"], base


def test_giving_back_what_is_gone_makes_nothing(base: Path) -> None:
    reader.let_go(ID, "a")
    assert not base.exists()


@pytest.mark.parametrize("said", ["", "{", "[]", '{"token": "a"}', '{"token": 1, "holder": 2, "boot": "", "at": 0}'])
def test_a_lock_that_says_nothing_is_nobodys(base: Path, said: str) -> None:
    base.mkdir(parents=True)
    (base / f".lock-{ID}").write_text(said)
    assert hold("b", BOB)["taken"]


def test_a_lock_from_before_a_reboot_has_the_age_that_the_clock_gives_it(base: Path) -> None:
    hold("a", ANN)
    file = base / f".lock-{ID}"
    lock = json.loads(file.read_text())
    file.write_text(json.dumps({**lock, "boot": "before"}))
    assert not hold("b", BOB)["taken"]
    file.write_text(json.dumps({**lock, "boot": "before", "at": lock["at"] - 200}))
    assert hold("b", BOB)["taken"]


def test_a_clock_that_is_set_does_not_make_a_lock_older(base: Path) -> None:
    hold("a", ANN)
    file = base / f".lock-{ID}"
    file.write_text(json.dumps({**json.loads(file.read_text()), "at": 0.0}))
    assert not hold("b", BOB)["taken"]
