"""What a second `up` does depends on what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User


def ready(user: User, **files: str) -> Path:
    folder = user.folder(**files)
    first = user.cynthus("up", folder, "-y")
    assert first.code == 0, first
    return folder


def configured(err: str) -> str:
    """What the play said that it changed."""
    return next(line for line in err.splitlines() if line.startswith("Configure and deploy: "))


def test_a_changed_main_py_restarts_only_the_run(user: User) -> None:
    folder = ready(user)
    (folder / "main.py").write_text("print('changed')\n")
    again = user.cynthus("up", folder, "-y")
    assert (again.code, again.out) == (0, "changed\n"), again
    assert "environment" not in configured(again.err)
    assert "nothing to change" in next(line for line in again.err.splitlines() if line.startswith("Plan: "))


def test_changed_requirements_rebuild_only_the_environment(user: User) -> None:
    folder = ready(user)
    wheel = user.place / "wheels"
    make_package(wheel, "greeting")
    (folder / "requirements.txt").write_text(f"--no-index\n--find-links {wheel}\ngreeting\n")
    (folder / "main.py").write_text("import greeting; print(greeting.WORD)\n")
    again = user.cynthus("up", folder, "-y")
    assert (again.code, again.out) == (0, "hello from greeting\n"), again
    assert "environment" in configured(again.err)
    assert "Apply" not in again.err


def test_changed_data_is_worth_a_run(user: User) -> None:
    folder = ready(user)
    (folder / "data/words.txt").write_text("just two")
    again = user.cynthus("up", folder, "-y")
    assert again.out == "counting\n2 words\n", again


def test_other_arguments_are_worth_a_run(user: User) -> None:
    folder = ready(user, main="import sys; print(sys.argv[1:])\n")
    again = user.cynthus("up", folder, "-y", "--", "--epochs", "3", "a b")
    assert again.out == "['--epochs', '3', 'a b']\n", again


def test_update_brings_changed_source_to_what_stands(user: User) -> None:
    folder = ready(user)
    (folder / "main.py").write_text("print('updated')\n")
    again = user.cynthus("update", folder, "-y")
    assert (again.code, again.out) == (0, "updated\n"), again


def test_update_data_leaves_the_source_as_it_was_started(user: User) -> None:
    folder = ready(user)
    (folder / "main.py").write_text("print('not yet')\n")
    (folder / "data/words.txt").write_text("one more word here")
    again = user.cynthus("update-data", folder, "-y")
    assert (again.code, again.out) == (0, "counting\n4 words\n"), again


def test_prepare_stops_short_of_main_py_and_up_goes_on_from_there(user: User) -> None:
    folder = user.folder()
    prepared = user.cynthus("prepare", folder, "-y")
    assert (prepared.code, prepared.out) == (0, ""), prepared
    run = user.status(folder)["run"]["id"]
    assert user.cynthus("up", folder, "-y").out == "counting\n3 words\n"
    assert user.status(folder)["run"]["id"] == run


def test_a_mended_main_py_runs_after_one_that_failed(user: User) -> None:
    folder = user.folder(main="print('no'); raise SystemExit(3)\n")
    assert user.cynthus("up", folder, "-y").code == 3
    (folder / "main.py").write_text("print('yes')\n")
    assert user.cynthus("up", folder, "-y").out == "yes\n"


def test_update_where_nothing_stands_says_what_to_do(user: User) -> None:
    answer = user.cynthus("update", user.folder(), "-y")
    assert answer.code == 1
    assert "`cynthus up` makes it" in answer.err


def make_package(folder: Path, name: str) -> None:
    """A wheel in `folder`, made by hand: no index is asked for anything."""
    import zipfile

    folder.mkdir()
    meta = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f'WORD = "hello from {name}"\n')
        wheel.writestr(f"{meta}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{meta}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{meta}/RECORD", f"{name}.py,,\n{meta}/METADATA,,\n{meta}/WHEEL,,\n{meta}/RECORD,,\n")
