"""What `--json` prints is one JSON object of a known version, and nothing else is on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User


@pytest.fixture(scope="module")
def folder(visitor: User) -> Path:
    return visitor.folder(main="print('to the log')\nopen('outputs/x', 'w').write('12345')\n")


@pytest.fixture(scope="module")
def up(visitor: User, folder: Path) -> dict[str, Any]:
    return visitor.cynthus("up", folder, "-y", "--json").document


def test_up_tells_the_outcome(up: dict[str, Any]) -> None:
    assert (up["schema"], up["kind"], up["ending"], up["run"]["state"]) == (1, "outcome", "ended", "SUCCEEDED")


def test_up_tells_where_the_outputs_are(up: dict[str, Any], folder: Path) -> None:
    run = up["run"]["id"]
    assert up["outputs"] == {"folder": str(folder / "outputs" / run), "files": 1, "copied": 1, "copied_bytes": 5}


def test_an_unchanged_up_says_so(up: dict[str, Any], visitor: User, folder: Path) -> None:
    again = visitor.cynthus("up", folder, "-y", "--json").document
    assert (again["ending"], again["run"]["id"]) == ("unchanged", up["run"]["id"])


def test_a_run_tells_how_it_got_where_it_is(up: dict[str, Any]) -> None:
    states = [each["state"] for each in up["run"]["transitions"]]
    assert states == ["PROVISIONING", "CONFIGURING", "RUNNING", "SUCCEEDED"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["status"], "status"), (["plan"], "plan"), (["render"], "render"), (["render", "--check"], "render"),
        (["diff"], "diff"), (["pull"], "pull"), (["doctor"], "doctor"), (["prepare", "-y"], "outcome"),
        (["build", "-y"], "build"),
    ],
)
def test_every_verb_that_reports_speaks_json(
    up: dict[str, Any], visitor: User, folder: Path, words: list[str], kind: str
) -> None:
    answer = visitor.cynthus(*words, folder, "--json")
    assert answer.code == 0, answer
    assert (answer.document["schema"], answer.document["kind"]) == (1, kind), up


@pytest.mark.parametrize("verb", ["version", "explain"])
def test_so_do_the_verbs_without_a_folder(visitor: User, verb: str) -> None:
    assert visitor.cynthus(verb, "--json").document["kind"] == verb


def test_a_failed_run_is_in_the_json_with_its_own_exit_code(user: User) -> None:
    answer = user.cynthus("up", user.folder(main="raise SystemExit(42)\n"), "-y", "--json")
    assert (answer.code, answer.document["run"]["exit_code"]) == (3, 42)


def test_a_cancelled_run_and_what_was_removed(user: User) -> None:
    folder = user.folder(main="import time; time.sleep(600)\n")
    user.cynthus("up", folder, "-y", "--detach", "--json")
    assert user.cynthus("cancel", folder, "--json").document["run"]["state"] == "CANCELLED"
    assert user.cynthus("down", folder, "-y", "--json").document["deployment"]["phase"] == "down"


def test_down_where_nothing_is(user: User) -> None:
    assert user.cynthus("down", user.folder(), "-y", "--json").document["deployment"] is None
