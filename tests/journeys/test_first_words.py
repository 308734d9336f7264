"""The words of those who never wrote a cynthus.yaml: where the program is, and where its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.journeys.terminal import terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User

SHOWS = "import pathlib\nprint(*sorted(path.name for path in pathlib.Path('data').rglob('*')))\n"


def program(user: User) -> Path:
    """A folder with a main.py and no data."""
    folder = user.place / "program"
    folder.mkdir()
    (folder / "main.py").write_text(SHOWS)
    return folder


def pictures(user: User, name: str) -> Path:
    folder = user.place / name
    folder.mkdir()
    (folder / f"{name}.png").write_text("a picture")
    return folder


def test_prepare_run_update_and_destroy_are_complete_by_flags(user: User) -> None:
    folder, first, second = program(user), pictures(user, "first"), pictures(user, "second")
    prepared = user.cynthus("prepare", "--src_path", folder, "--data_path", first, "-y")
    assert prepared.code == 0, prepared
    ran = user.cynthus("run", folder, "-y")
    updated = user.cynthus("update-data", "--src_path", folder, "--data_path", second, "-y")
    assert (ran.out, updated.out) == ("first.png\n", "second.png\n"), updated
    (folder / "main.py").write_text("print('other')\n")
    assert user.cynthus("update-src", "--src_path", folder, "-y").out == "other\n"
    assert [user.cynthus(verb, folder, "-y").code for verb in ("destroy",)] == [0]
    assert user.on_host() == []


def test_prepare_asks_for_data_where_there_is_none(user: User) -> None:
    folder, first = program(user), pictures(user, "first")
    with terminal(user, "prepare", "--src_path", folder) as screen:
        screen.until("Which data?")
        screen.type(f"{first}\n")
        screen.until("Make it?")
        screen.type("\n")
        assert screen.end() == 0, screen.screen
    assert (folder / "cynthus.yaml").read_text() == "data:\n  - ../first\n"


def test_update_data_asks_where_it_lies_now(user: User) -> None:
    folder, first, second = program(user), pictures(user, "first"), pictures(user, "second")
    user.cynthus("prepare", "--src_path", folder, "--data_path", first, "-y")
    with terminal(user, "update-data", folder) as screen:
        screen.until("[l]ocal or [e]xternal")
        screen.type("l\n")
        screen.until("Its path")
        screen.type(f"{second}\n")
        screen.until("second.png")
        assert screen.end() == 0, screen.screen


def test_two_folders_are_one_too_many(user: User) -> None:
    refused = user.cynthus("prepare", "one", "--src_path", "other", "-y")
    assert (refused.code, "leave one of them out" in refused.err) == (2, True), refused
