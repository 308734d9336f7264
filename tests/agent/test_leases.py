"""Runs share the GPUs of a host by index."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import leases, lock
from cynthus.agent.failure import Failure
from cynthus.agent.home import RunFolder
from tests.agent.host import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.agent.attempt import Attempt
    from tests.agent.host import Host


@pytest.fixture(autouse=True)
def three_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for PATH with a stand-in for NVIDIA's tool."""
    tools = tmp_path / "tools"
    tools.mkdir()
    rows = "".join(f"{index}, NVIDIA L4, 0, 1, 23034\\n" for index in range(3))
    (tools / "nvidia-smi").write_text(f'#!/bin/sh\nprintf "{rows}"\n')
    (tools / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return tools


@pytest.fixture
def held() -> Iterator[list[int]]:
    """The locks of attempts that go on, as their supervisors would hold them."""
    descriptors: list[int] = []
    yield descriptors
    for each in descriptors:
        os.close(each)


def attempt(place: Path, name: str, held: list[int]) -> Attempt:
    found = RunFolder(place / "runs" / name, "weather-abcdef").attempt(1)
    found.folder.mkdir(parents=True)
    descriptor = lock.acquire(found.lock, wait=False)
    assert descriptor is not None
    held.append(descriptor)
    return found


def test_each_run_has_gpus_of_its_own(tmp_path: Path, held: list[int]) -> None:
    first = leases.lease(attempt(tmp_path, "r1", held), 1, tmp_path / "gpus")
    second = leases.lease(attempt(tmp_path, "r2", held), 2, tmp_path / "gpus")
    assert (first, second) == ((0,), (1, 2))


def test_where_too_few_are_free_it_is_said_who_has_them(tmp_path: Path, held: list[int]) -> None:
    leases.lease(attempt(tmp_path, "r1", held), 2, tmp_path / "gpus")
    with pytest.raises(Failure, match=r"1 are free.*0 by run r1 of weather-abcdef"):
        leases.lease(attempt(tmp_path, "r2", held), 2, tmp_path / "gpus")


def test_one_that_gets_too_few_keeps_none(tmp_path: Path, held: list[int]) -> None:
    leases.lease(attempt(tmp_path, "r1", held), 2, tmp_path / "gpus")
    with pytest.raises(Failure):
        leases.lease(attempt(tmp_path, "r2", held), 2, tmp_path / "gpus")
    assert leases.lease(attempt(tmp_path, "r3", held), 1, tmp_path / "gpus") == (2,)


def test_a_lease_ends_with_its_run(tmp_path: Path, held: list[int]) -> None:
    ended = attempt(tmp_path, "r1", held)
    leases.lease(ended, 3, tmp_path / "gpus")
    ended.exit.write_text("{}")
    assert leases.lease(attempt(tmp_path, "r2", held), 3, tmp_path / "gpus") == (0, 1, 2)


def test_a_lease_ends_where_nothing_of_its_run_lives(tmp_path: Path, held: list[int]) -> None:
    leases.lease(attempt(tmp_path, "r1", held), 3, tmp_path / "gpus")
    os.close(held.pop())
    assert leases.lease(attempt(tmp_path, "r2", held), 1, tmp_path / "gpus") == (0,)


def test_a_lease_that_makes_no_sense_keeps_nothing(tmp_path: Path, held: list[int]) -> None:
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus/0").write_text("{")
    assert leases.lease(attempt(tmp_path, "r1", held), 1, tmp_path / "gpus") == (0,)


def test_who_asks_for_none_leaves_no_trace(tmp_path: Path, held: list[int]) -> None:
    assert leases.lease(attempt(tmp_path, "r1", held), 0, tmp_path / "gpus") == ()
    assert not (tmp_path / "gpus").exists()


def test_main_py_sees_the_gpus_that_its_run_has_taken(host: Host) -> None:
    host.environment["PATH"] = os.environ["PATH"]
    host.begin("import os, time; print(os.environ['CUDA_VISIBLE_DEVICES'], flush=True); time.sleep(60)", gpus=2)
    until(lambda: "\n" in host.log)
    place = leases.usual_place()
    labels = [json.loads((place / index).read_text())["label"] for index in host.log.strip().split(",")]
    assert labels == [host.attempt.label, host.attempt.label]


@pytest.mark.parametrize(("mode", "used"), [(0o1777, True), (0o755, False)])
def test_root_takes_them_where_everybody_does(tmp_path: Path, mode: int, *, used: bool) -> None:
    tmp_path.chmod(mode)
    assert (leases.usual_place(tmp_path).parent == tmp_path) is used


def test_a_lease_can_be_read_by_others_whatever_the_umask(host: Host, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        leases.lease(host.attempt, 1, tmp_path / "place")
    finally:
        os.umask(before)
    assert (tmp_path / "place/0").stat().st_mode & 0o777 == 0o644
