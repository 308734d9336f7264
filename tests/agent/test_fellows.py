"""What main.py is told of the other hosts of its run."""

from __future__ import annotations

import pytest

from cynthus.agent import fellows
from cynthus.agent.failure import Failure

TWO = fellows.parse("10.0.0.1,10.0.0.2", 1)


def test_alone_there_is_nothing_to_tell() -> None:
    assert fellows.parse("10.0.0.1", 0).variables("r1", 1) == {}


def test_main_py_knows_its_place_and_how_many_there_are() -> None:
    told = TWO.variables("r1", 0)
    assert (told["RANK"], told["WORLD_SIZE"], told["MASTER_ADDR"]) == ("1", "2", "10.0.0.1")


def test_torchrun_starts_a_process_for_each_gpu() -> None:
    told = TWO.variables("r1", 4)
    assert [told[f"PET_{name}"] for name in ("NNODES", "NODE_RANK", "NPROC_PER_NODE")] == ["2", "1", "4"]


def test_all_hosts_of_a_run_are_told_the_same_port() -> None:
    first = fellows.parse("10.0.0.1,10.0.0.2", 0)
    assert first.variables("r1", 0)["MASTER_PORT"] == TWO.variables("r1", 0)["MASTER_PORT"]


def test_runs_meet_at_ports_of_their_own() -> None:
    assert fellows.port_of("20260102-030405-0001") != fellows.port_of("20260102-030405-0002")


def test_a_rank_that_nobody_has_is_refused() -> None:
    with pytest.raises(Failure, match="rank 2 of 2 hosts"):
        fellows.parse("10.0.0.1,10.0.0.2", 2)
