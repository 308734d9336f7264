"""Reads a text as cynthus.yaml would be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.core.load import parse
from cynthus.errors import Problem, SpecError

if TYPE_CHECKING:
    from cynthus.core.spec import AppSpec

TARGETS = ("local", "ssh")


def read(text: str) -> AppSpec:
    return parse(text, file="cynthus.yaml", name="folder", known_targets=TARGETS)


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        read(text)
    return caught.value.problems


def problem(text: str) -> Problem:
    """The only one."""
    (found,) = problems(text)
    return found


def place(text: str) -> tuple[int, int]:
    found = problem(text)
    return found.line, found.column
