"""What ran can be listed and brought back: its environment and its source, whatever the folder says by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.agent.wheels import wheel
from tests.journeys.user import WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User

MAIN = "import tiny\nprint('{word}', tiny.VERSION)\n"


def versions(user: User, folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = user.cynthus("versions", folder, "--json").document["versions"]
    return found


def requires(folder: Path, version: str) -> None:
    made = wheel(folder / "wheels", "tiny", version=version)
    (folder / "requirements.txt").write_text(f"./wheels/{made.name}\n")


@pytest.fixture(scope="module")
def folder(visitor: User) -> Path:
    """An app that has run in two versions; nothing of the first is in the folder any more."""
    folder = visitor.folder(main=MAIN.format(word="first"), cynthus_yaml="runtime: venv\n")
    requires(folder, "1.0")
    assert visitor.cynthus("up", folder, "-y").out == "first 1.0\n"
    for wheels in (folder / "wheels").iterdir():
        wheels.unlink()
    (folder / "main.py").write_text(MAIN.format(word="second"))
    requires(folder, "2.0")
    assert visitor.cynthus("up", folder, "-y").out == "second 2.0\n"
    return folder


def test_versions_are_listed_the_last_first(visitor: User, folder: Path) -> None:
    found = versions(visitor, folder)
    assert [(each["kept"], [run["state"] for run in each["runs"]]) for each in found] == [(True, ["SUCCEEDED"])] * 2


def test_a_person_gets_a_table(visitor: User, folder: Path) -> None:
    lines = visitor.cynthus("versions", folder).out.splitlines()
    assert (lines[0].split()[:3], len(lines)) == (["VERSION", "KEPT", "RUNS"], 3)


@pytest.mark.parametrize(
    ("wanted", "said"), [("beef", "there is no 'beef'"), ("", "may be")], ids=["of no version", "of all"]
)
def test_a_name_that_is_no_versions_is_refused(visitor: User, folder: Path, wanted: str, said: str) -> None:
    refused = visitor.cynthus("up", folder, "-y", "--version", wanted)
    assert (refused.code, "CYN-149" in refused.err, said in refused.err) == (2, True, True), refused


def test_a_version_is_brought_back_with_its_environment_and_its_source(visitor: User, folder: Path) -> None:
    before = versions(visitor, folder)[1]
    back = visitor.cynthus("up", folder, "-y", "--version", before["name"])
    assert (back.code, back.out) == (0, "first 1.0\n"), back
    now = versions(visitor, folder)[0]
    assert (now["name"], len(now["runs"])) == (before["name"], 2)


def test_a_version_that_is_there_already_is_not_started_again(visitor: User, folder: Path) -> None:
    again = visitor.cynthus("up", folder, "-y", "--version", versions(visitor, folder)[0]["runs"][0]["id"])
    assert (again.code, again.out, "nothing has changed" in again.err) == (0, "", True), again


def test_another_version_does_not_attach_to_a_run_that_goes_on(user: User) -> None:
    app = user.folder(main="print('short')\n", cynthus_yaml="runtime: venv\n")
    user.cynthus("up", app, "-y")
    (app / "main.py").write_text(WAIT.format(path=str(user.place / "gate")))
    user.cynthus("up", app, "-y", "--detach")
    refused = user.cynthus("up", app, "-y", "--version", versions(user, app)[1]["name"])
    assert (refused.code, "goes on with another version" in refused.err) == (2, True), refused


def test_up_goes_back_to_what_the_folder_says(visitor: User, folder: Path) -> None:
    assert visitor.cynthus("up", folder, "-y").out == "second 2.0\n"


def test_a_version_whose_source_is_gone_is_said_not_to_be_kept(visitor: User, folder: Path) -> None:
    old = versions(visitor, folder)[1]
    next(folder.glob(f".cynthus/*/sources/{old['source']}.tar.gz")).unlink()
    refused = visitor.cynthus("up", folder, "-y", "--version", old["name"])
    assert (refused.code, "is not kept any more" in refused.err) == (2, True), refused
