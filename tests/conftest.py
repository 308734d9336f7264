"""What all tests share."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

pytest_plugins = ["tests.summary"]

# How long an example takes, or the making of one, says something about the machine and nothing about Cynthus.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# The table of machines is that of this version, whatever `cynthus catalog update` has made for who runs the tests.
os.environ["XDG_STATE_HOME"] = f"{tempfile.gettempdir()}/cynthus-tests-have-no-state"

LONG = frozenset({"cloud", "crash", "engine", "hosts"})
"""Markers of tests that take seconds each."""
LONG_ROOMS = frozenset({"journeys", "terraform"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes come first, so that no worker is left alone with one at the end."""
    long = {item.path for item in items if _takes_seconds(item)}
    # Whole files: the tests of some build on each other.
    items.sort(key=lambda item: item.path not in long)


def _takes_seconds(item: pytest.Item) -> bool:
    return any(mark.name in LONG for mark in item.iter_markers()) or not LONG_ROOMS.isdisjoint(item.path.parts)
