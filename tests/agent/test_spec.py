from __future__ import annotations

from pathlib import Path

import pytest

from cynthus.agent import arguments, home, spec
from cynthus.agent.failure import Failure
from tests.agent.host import document


def test_a_spec_is_read_whole() -> None:
    entries = [{"name": "a", "from": "x", "mode": "copy"}]
    read = spec.parse(document(data=entries, command=["python", "main.py", "--x"], env={"A": "1"}))
    assert read.data == (spec.DataEntry("a", "x", copied=True),)
    assert (read.command, read.env, read.in_container) == (("python", "main.py", "--x"), {"A": "1"}, False)


@pytest.mark.parametrize("key", sorted(document()))
def test_a_key_with_the_wrong_type_is_refused(key: str) -> None:
    with pytest.raises(Failure, match=r"spec\.json"):
        spec.parse(document(**{key: object()}))


@pytest.mark.parametrize("key", sorted(set(document()) - {"run_id", "requirements", "python", "base", "max_duration"}))
def test_a_missing_key_is_refused(key: str) -> None:
    found = document()
    del found[key]
    with pytest.raises(Failure, match=r"spec\.json"):
        spec.parse(found)


WRONG: list[dict[str, object]] = [
    {"schema": 2}, {"schema": True}, {"deployment": "../x"}, {"deployment": ""}, {"deployment": "A"}, {"runtime": "vm"},
    {"command": []}, {"command": [1]}, {"source": "/etc"}, {"source": "a/../../b"}, {"outputs": "../out"},
    {"checkpoints": "/x"}, {"data": [1]}, {"data": [{}]}, {"secrets": "TOKEN"}, {"gpus": True}, {"max_duration": "4h"},
    {"bucket": "gs://x"}, {"bucket": "gs://abc//x"}, {"bucket": "x"}, {"bucket": 3}, {"metadata": "169.254.169.254"},
    {"linger": "30m"}, {"linger": -1}, {"compute": "http://example.com/compute/v1"}, {"compute": 1},
    {"data": [{"name": "../x", "from": "x", "mode": "copy"}]}, {"data": [{"name": "", "from": "x", "mode": "copy"}]},
]  # fmt: skip


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_what_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Failure) as caught:
        spec.parse(document(**change))
    assert caught.value.hint


@pytest.mark.parametrize("run", ["", "..", "a/b", ".hidden", "x" * 65, "a b", "a\n"])
def test_what_cannot_be_a_runs_id_is_refused(run: str) -> None:
    with pytest.raises(Failure, match="is no run's id"):
        home.Home(Path("/x"), "d").run(run)


def test_options_can_be_written_with_and_without_an_equals_sign() -> None:
    given = arguments.parse(["status", "--home=/a b", "--run", "x"])
    assert given == arguments.Arguments("status", {"home": "/a b", "run": "x"})


def test_what_follows_two_dashes_is_left_alone() -> None:
    assert arguments.parse(["exec", "--run", "x", "--", "ls", "--home", "--"]).rest == ("ls", "--home", "--")


@pytest.mark.parametrize("words", [["x", "y"], ["x", "--nope", "1"], ["x", "--run"], ["x", "-r", "1"]])
def test_a_word_that_means_nothing_is_refused(words: list[str]) -> None:
    with pytest.raises(Failure, match="means nothing"):
        arguments.parse(words)


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "", "٣", "9" * 20])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Failure, match="not a number"):
        arguments.Arguments("start", {"attempt": text}).number("attempt")


def test_an_option_that_was_not_given_is_missed_by_name() -> None:
    with pytest.raises(Failure, match="start needs --home"):
        arguments.Arguments("start", {}).need("home")


def test_without_a_word_there_is_no_verb() -> None:
    assert arguments.parse([]).verb == "help"


DEFAULTS = [
    ({"XDG_DATA_HOME": "/data", "HOME": "/home/x"}, "/data/cynthus/d"),
    ({"XDG_DATA_HOME": "relative", "HOME": "/home/x"}, "/home/x/.local/share/cynthus/d"),
    ({"HOME": "/home/x"}, "/home/x/.local/share/cynthus/d"),
]


@pytest.mark.parametrize(("environment", "expected"), DEFAULTS)
def test_a_deployment_lies_in_the_users_data_folder(environment: dict[str, str], expected: str) -> None:
    assert str(home.default_folder("d", environment)) == expected


def test_without_home_the_system_says_where_the_user_lives() -> None:
    assert home.default_folder("d", {}).is_absolute()
