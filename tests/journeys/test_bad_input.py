"""Bad input is refused in words, with exit code 2, before anything is touched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.journeys.user import User

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.journeys.user import Ended


@pytest.fixture
def user(tmp_path: Path) -> User:
    """Nothing is made, so nothing has to be removed."""
    return User(tmp_path)


def refused(user: User, folder: Path) -> Ended:
    """What `up` says of a folder that it must refuse."""
    before = sorted(listing(folder))
    answer = user.cynthus("up", folder, "-y")
    assert answer.code == 2, answer
    assert "Traceback" not in answer.err
    assert "next: " in answer.err
    assert sorted(listing(folder)) == before
    return answer


def listing(folder: Path) -> Iterator[str]:
    for above, folders, names in os.walk(folder):
        yield from (f"{above}/{name}" for name in (*folders, *names))


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)
)
SPECS = {
    "binary": (b"\x00\x01\x02\xff", "CYN-112"),
    "10 MB": (b"name: a\n" + b"# \n" * 3_500_000, "CYN-113"),
    "not UTF-8": ("name: café\n".encode("latin-1"), "CYN-112"),
    "duplicate key": (b"name: a\nname: b\n", "CYN-114"),
    "alias bomb": (BOMB.encode(), "CYN-113"),
    "unknown key": (b"naem: a\n", "CYN-115"),
    "wrong type": (b"data: {a: b}\nenv: [1]\n", "CYN-116"),
    "a tab": (b"name: a\n\tdata: b\n", "CYN-111"),
    "unknown target": (b"target: lokal\n", "CYN-125"),
    "unknown gpu": (b"resources: {gpu: L44}\n", "CYN-118"),
}


@pytest.mark.parametrize("case", SPECS)
def test_a_spec_that_cannot_be_used(user: User, case: str) -> None:
    folder = user.folder()
    data, code = SPECS[case]
    (folder / "cynthus.yaml").write_bytes(data)
    assert f"[{code}]" in refused(user, folder).err


def test_several_errors_are_all_shown_with_their_places(user: User) -> None:
    folder = user.folder(cynthus_yaml="naem: a\ndata:\n  - {form: x}\nlimits: {max_duration: soon}\n")
    err = refused(user, folder).err
    for place in (":1:1:", ":3:6:", ":4:24:"):
        assert f"cynthus.yaml{place}" in err


def test_a_caret_stands_below_what_is_wrong(user: User) -> None:
    lines = refused(user, user.folder(cynthus_yaml="name: a\n  \ntaget: local\n")).err.splitlines()
    line = next(index for index, text in enumerate(lines) if "| taget" in text)
    assert lines[line + 1].index("^") == lines[line].index("taget")


def test_a_misspelt_key_is_answered_with_the_right_one(user: User) -> None:
    assert 'did you mean "target"?' in refused(user, user.folder(cynthus_yaml="taget: local\n")).err


NAMES = [
    "two words", "it's", 'a "quote"', "${file('/etc/hostname')}", "%{ if true }", "two\nlines", "😀", "x" * 300, "Ab",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_no_machine_can_have(user: User, name: str) -> None:
    import json

    folder = user.folder(cynthus_yaml=f"name: {json.dumps(name)}\n")
    assert "[CYN-117]" in refused(user, folder).err


def test_a_folder_without_a_program(user: User) -> None:
    folder = user.folder()
    (folder / "main.py").unlink()
    assert "there is no" in refused(user, folder).err


def test_an_empty_folder(user: User) -> None:
    folder = user.place / "empty"
    folder.mkdir()
    assert "CYN-120" in refused(user, folder).err


def test_data_that_is_not_there(user: User) -> None:
    assert "[CYN-131]" in refused(user, user.folder(cynthus_yaml="data: [nowhere]\n")).err


def test_data_that_leads_round_in_a_circle(user: User) -> None:
    folder = user.folder()
    (folder / "data/loop").symlink_to(folder / "data")
    assert "[CYN-132]" in refused(user, folder).err


@pytest.mark.parametrize("address", ["s3://bucket/x", "ftp://example.org/x"])
def test_data_from_a_place_that_this_version_cannot_reach(user: User, address: str) -> None:
    assert "[CYN-133]" in refused(user, user.folder(cynthus_yaml=f"data: ['{address}']\n")).err


def test_more_than_the_machine_has(user: User) -> None:
    folder = user.folder(cynthus_yaml="resources: {cpus: '4096+'}\n")
    answer = user.cynthus("up", folder, "-y")
    assert (answer.code, "CYN-130" in answer.err) == (2, True), answer


def test_a_runtime_that_nothing_answers_for(user: User) -> None:
    answer = user.cynthus("up", user.folder(cynthus_yaml="runtime: container\n"), "-y")
    assert (answer.code, "CYN-136" in answer.err) == (2, True), answer


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["stauts"], 'did you mean "status"?'),
        (["up", "--detahc"], "--detach"),
        (["up", "no/such/folder"], "does not exist"),
        (["up", "main.py"], "is a file"),
        (["logs", "nothing-of-that-name"], "there is no deployment"),
        (["explain", "CYN-121x"], 'did you mean "CYN-121"?'),
        (["up", "--target", "lokal"], 'did you mean "local"?'),
        (["logs", "--tail", "-1"], "--tail"),
    ],
)
def test_a_command_line_that_makes_no_sense(user: User, words: list[str], said: str) -> None:
    folder = user.folder()
    answer = user.cynthus(*words, cwd=folder)
    assert answer.code == 2, answer
    assert said in answer.err


def test_without_a_terminal_the_question_is_not_taken_for_answered(user: User) -> None:
    folder = user.folder()
    answer = user.cynthus("up", folder)
    assert (answer.code, "add -y" in answer.err) == (2, True), answer
    assert user.on_host() == []


def test_a_file_in_the_way_of_our_folder(user: User) -> None:
    folder = user.folder()
    (folder / ".cynthus").write_text("a file")
    answer = user.cynthus("up", folder, "-y")
    assert "CYN-122" in answer.err, answer
    assert "Traceback" not in answer.err


def test_debug_shows_the_traceback(user: User) -> None:
    answer = user.cynthus("up", user.folder(cynthus_yaml="naem: a\n"), "--debug")
    assert "Traceback" in answer.err


def test_a_spec_with_names_of_every_kind_in_its_values_runs(tmp_path: Path) -> None:
    user = User(tmp_path)
    odd = "a ${b} %{c} {{ d }} 'e' \"f\" $(g) \\h é😀"
    import json

    main, spec = "import os; print(os.environ['ODD'])\n", f"env: {{ODD: {json.dumps(odd)}}}\n"
    folder = user.folder(main=main, cynthus_yaml=spec)
    try:
        assert user.cynthus("up", folder, "-y").out == odd + "\n"
    finally:
        user.cynthus("destroy", folder, "-y")
