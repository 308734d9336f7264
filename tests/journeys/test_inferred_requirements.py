"""A program without a list of requirements gets what it imports, and the list is the user's from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.agent.wheels import wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import Ended, User

MAIN = "import tinything\nprint(tinything.VERSION)\n"
LISTED = "infra/local/compute/requirements.txt"


@pytest.fixture(scope="module")
def folder(visitor: User) -> Path:
    wheels = visitor.place / "wheels"
    for version in ("1.0", "2.0"):
        wheel(wheels, "tinything", version=version)
    visitor.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    return visitor.folder("inferred", main=MAIN)


@pytest.fixture(scope="module")
def first(visitor: User, folder: Path) -> Ended:
    return visitor.cynthus("up", folder, "-y")


@pytest.fixture(scope="module")
def second(visitor: User, folder: Path, first: Ended) -> Ended:
    """After an edit of the line that was inferred."""
    assert first.code == 0, first
    file = folder / LISTED
    lines = file.read_text().splitlines()
    edited = ["tinything==1.0  # mine" if line.startswith("tinything") else line for line in lines]
    file.write_text("\n".join([*edited, ""]))
    return visitor.cynthus("up", folder, "-y")


def test_what_main_py_imports_is_there(first: Ended) -> None:
    assert (first.code, first.out) == (0, "2.0\n"), first


def test_the_list_is_told(first: Ended) -> None:
    assert f"requirements: tinything (from the imports) -> {LISTED}\n" in first.err


def test_an_edited_line_counts_in_the_next_up(second: Ended) -> None:
    assert (second.code, second.out) == (0, "1.0\n"), second


def test_the_edit_is_still_there_after_it(second: Ended, folder: Path) -> None:
    assert "tinything==1.0  # mine" in (folder / LISTED).read_text(), second


def test_with_nothing_changed_nothing_is_done(visitor: User, folder: Path, second: Ended) -> None:
    assert "nothing has changed" in visitor.cynthus("up", folder, "-y").err, second
