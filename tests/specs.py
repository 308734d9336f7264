"""Specs as cynthus.yaml would make them."""

from __future__ import annotations

from typing import Any

from cynthus.core.building import build
from cynthus.core.spec import AppSpec


def spec(**keys: Any) -> AppSpec:
    """What a file with these keys asks for; the name is app unless they say another."""
    made, problems = build(AppSpec, {"name": "app", **keys})
    assert made is not None, problems
    return made
