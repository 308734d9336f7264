"""Data that a script prepares: with the real Ansible and the real agent, by the example."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.journeys.user import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import Ended, User

PREPARES = "cynthus: preparing data: python prep.py\nprep.py: 2 texts, 11 different words\n"
FINDS = "main.py: after 'the' comes 'rain', 3 times\n"


@pytest.fixture(scope="module")
def ups(visitor: User) -> list[Ended]:
    """An `up`, one with another main.py, and one with a prep.py that fails; and `data ls` before and after that."""
    folder = shutil.copytree(EXAMPLES / "prepared-data", visitor.place / "prepared-data")
    first = visitor.cynthus("up", folder, "-y")
    _append(folder / "main.py", "print('another')\n")
    second = visitor.cynthus("up", folder, "-y")
    told = visitor.cynthus("data", "ls", folder, "--json")
    _append(folder / "prep.py", "raise SystemExit(7)\n")
    return [first, second, visitor.cynthus("up", folder, "-y"), told, visitor.cynthus("data", "ls", folder, "--json")]


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def test_the_data_is_prepared_before_main_py(ups: list[Ended]) -> None:
    assert (ups[0].code, ups[0].out.startswith(PREPARES), ups[0].out.endswith(FINDS)) == (0, True, True), ups[0]


def test_another_main_py_does_not_prepare_again(ups: list[Ended]) -> None:
    assert (ups[1].code, ups[1].out) == (0, f"{FINDS}another\n"), ups[1]


def test_a_failing_script_is_exit_code_3_and_told_as_what_it_is(ups: list[Ended]) -> None:
    told = "preprocess failed: `python prep.py` ended with exit code 7; main.py was not started"
    assert (ups[2].code, told in ups[2].err, "main.py failed" in ups[2].err, FINDS in ups[2].out) == (
        3, True, False, False
    ), ups[2]  # fmt: skip


def test_data_ls_says_whether_it_is_kept(ups: list[Ended]) -> None:
    items = [each.document["data"][-1] for each in ups[3:]]
    assert [(each["place"], each["source"], each["files"], each["on_host"]) for each in items] == [
        ("prepared", "python prep.py", 3, True), ("prepared", "python prep.py", None, False)
    ]  # fmt: skip
