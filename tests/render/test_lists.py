"""Two changes of one list of requirements are brought together package by package."""

from __future__ import annotations

import pytest

from cynthus.render.merge import merge

HEAD = "# Written by Cynthus\n"


def merged(base: str, ours: str, theirs: str) -> str | None:
    found = merge("requirements.txt", *(f"{HEAD}{text}".encode() for text in (base, ours, theirs)))
    return None if found is None else found.decode().removeprefix(HEAD)


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        ("a\nb\nnew\n", "a==1\nb\n", "a==1\nb\nnew\n"),
        ("a\nb\nnew\n", "a\nb==1\n", "a\nb==1\nnew\n"),
        ("0\na\nb\n", "a==1\nb\n", "0\na==1\nb\n"),
        ("b\n", "a\nb==1\n", "b==1\n"),
        ("b\n", "a==1\nb\n", "a==1\nb\n"),
        ("a\nb\nc\n", "b\n", "b\nc\n"),
        ("a\nb\nc\n", "a\nb\nmine\n", "a\nb\nc\nmine\n"),
        ("a>=2\nb\n", "a\nb==1\n", "a>=2\nb==1\n"),
        ("a\nb\nc\n", "a\nb\nc\n", "a\nb\nc\n"),
    ],
)
def test_each_package_is_as_who_changed_it_wants_it(ours: str, theirs: str, result: str) -> None:
    assert merged("a\nb\n", ours, theirs) == result


@pytest.mark.parametrize("theirs", ["A==1\nb\n", "b\n", "a<2\nb\n"])
def test_where_both_changed_one_package_there_is_no_result(theirs: str) -> None:
    assert merged("a\nb\n", "a>=2\nb\n", theirs) is None
