"""Which Python an app runs on, where cynthus.yaml does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.images.python import Wanted, choose, contradiction

if TYPE_CHECKING:
    from tests.images.folder import Folder


def wanted(specifier: str) -> list[Wanted]:
    return [Wanted(specifier, "pyproject.toml")]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.12\n", "3.12"), ("3.12.4\n", "3.12"), ("# mine\n\n  cpython-3.10.2  # old\n3.9\n", "3.10"),
        ("python3.13\n", "3.13"), ("pypy3.10\n", None), ("3\n", None), ("", None), ("system\n", None),
    ],
)  # fmt: skip
def test_a_pinned_version_counts(app: Folder, text: str, version: str | None) -> None:
    app.write(".python-version", text)
    assert choose([app.path], [], "3.11").version == version


@pytest.mark.parametrize(
    ("specifier", "version"),
    [
        (">=3.10", None), (">=3.12", "3.14"), (">=3.12,<3.13", "3.12"), ("<3.11", "3.10"), ("==3.11.*", None),
        ("~=3.12.3", "3.12"), (">=3.11.4", None), ("==3.10.13", "3.10"), ("", None), ("!=3.11.*,<3.13", "3.12"),
    ],
)  # fmt: skip
def test_the_machines_own_is_taken_where_it_will_do_else_the_newest_that_does(
    app: Folder, specifier: str, version: str | None
) -> None:
    assert choose([app.path], wanted(specifier), "3.11").version == version


def test_a_pinned_version_that_the_project_does_not_allow_is_told_and_does_not_count(app: Folder) -> None:
    app.write(".python-version", "3.9\n")
    chosen = choose([app.path], wanted(">=3.12"), "3.11")
    assert (chosen.version, "names 3.9" in chosen.warnings[0]) == ("3.14", True)


def test_a_pinned_version_that_the_project_allows_counts_more_than_the_machines(app: Folder) -> None:
    app.write(".python-version", "3.12\n")
    assert choose([app.path], wanted(">=3.10"), "3.11").version == "3.12"


@pytest.mark.parametrize("specifier", [">=4", "three", "<3"])
def test_what_no_python_is_is_told(app: Folder, specifier: str) -> None:
    chosen = choose([app.path], wanted(specifier), "3.11")
    assert (chosen.version, len(chosen.warnings)) == (None, 1)


def test_a_version_that_the_user_names_against_the_project_is_told() -> None:
    assert contradiction("3.9", wanted(">=3.10")) == "pyproject.toml asks for Python >=3.10, not for 3.9"
    assert contradiction("3.11", wanted(">=3.10")) == ""
