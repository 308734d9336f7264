"""Hosts can be of another suite than this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bed.debian import NoTree
from tests.bed.suite import sources, usual
from tests.bed.tree import tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.beds import Bed

pytestmark = [pytest.mark.hosts, pytest.mark.usefixtures("bed")]


def test_hosts_are_of_the_suite_that_was_asked_for(bed: Bed) -> None:
    assert f"VERSION_CODENAME={usual()}\n" in (bed.tree.base / "etc/os-release").read_text()


def test_another_suite_comes_from_the_same_mirrors_with_its_updates_too() -> None:
    assert sources("another").replace("another", usual()) == sources(usual())


def test_a_suite_that_the_mirrors_do_not_have_is_told_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CYNTHUS_TEST_CACHE", str(tmp_path))
    with pytest.raises(NoTree, match="no-such-suite"):
        tree("no-such-suite")
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
