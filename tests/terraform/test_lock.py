"""Two at work on one state."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import TerraformLocked
from cynthus.terraform.adapter import Timing
from tests.terraform.driver import drive, result
from tests.terraform.roots import SLOW, cli, planned, root, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.terraform.binary import Binary


@pytest.fixture
def held(tmp_path: Path, binary: Binary) -> Iterator[Path]:
    """A root whose state is locked by an apply that waits for the file `go`."""
    planned(root(tmp_path, SLOW), binary)
    driver = drive(tmp_path, binary)
    wait_for((tmp_path / "started").exists, "the apply")
    yield tmp_path
    (tmp_path / "go").touch()
    result(tmp_path, driver)


def _refused(held: Path, binary: Binary) -> TerraformLocked:
    with pytest.raises(TerraformLocked) as caught:
        cli(held, binary, timing=Timing(lock_timeout=0)).plan(held / "second.tfplan")
    return caught.value


def test_a_held_lock_says_who_holds_it(held: Path, binary: Binary) -> None:
    assert "@" in _refused(held, binary).message


def test_a_held_lock_says_how_to_release_it(held: Path, binary: Binary) -> None:
    assert f"{binary.word} force-unlock " in _refused(held, binary).hint


def test_a_held_lock_is_waited_for(held: Path, binary: Binary) -> None:
    waits, empty = Event(), []

    def activity(words: str) -> None:
        if "lock" in words:
            waits.set()

    def second() -> None:
        terraform = cli(held, binary, activity=activity, timing=Timing(lock_timeout=50))
        empty.append(terraform.plan(held / "second.tfplan").empty)

    thread = Thread(target=second)
    thread.start()
    wait_for(waits.is_set, "waiting for the lock")
    (held / "go").touch()
    thread.join()
    assert empty == [True]
