"""The benchmarks measure what they say."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.memory import peak
from benchmarks.million_lines import count_in_order
from benchmarks.place import BY_HAND
from cynthus.process import Command, run

if TYPE_CHECKING:
    from pathlib import Path

BURN = "import time\nwhile time.process_time() < 0.3: pass"


def measured(program: str, tmp_path: Path) -> dict[str, float]:
    """What `measure` tells of a Python program; asked in a process of its own, for it adopts orphans."""
    script = (
        "import dataclasses, json, os, pathlib, sys; from benchmarks.measure import measure; "
        f"cost = measure((sys.executable, '-c', {program!r}), cwd=pathlib.Path({str(tmp_path)!r}), "
        "environment=os.environ); print(json.dumps(dataclasses.asdict(cost)))"
    )
    answer = run(Command((sys.executable, "-c", script), cwd=BY_HAND.parents[1]))
    assert answer.returncode == 0, answer.stderr
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def test_cpu_is_that_of_the_command(tmp_path: Path) -> None:
    assert measured(BURN, tmp_path)["own"] >= 0.3


def test_the_cpu_of_a_detached_process_counts(tmp_path: Path) -> None:
    cost = measured(f"import os\nif os.fork() == 0:\n    os.setsid()\n    exec({BURN!r})", tmp_path)
    assert cost["cpu"] >= 0.3 > cost["own"]


def test_a_command_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="exit code 7"):
        measured("raise SystemExit(7)", tmp_path)


def test_all_lines_in_order_are_counted() -> None:
    assert count_in_order([b"line 0\n", b"line 1\n", b"line 2\n"]) == 3


def test_counting_stops_at_a_line_that_is_missing() -> None:
    assert count_in_order([b"line 0\n", b"line 2\n", b"line 3\n"]) == 1


def test_what_comes_twice_is_not_counted_twice() -> None:
    assert count_in_order([b"line 0\n", b"line 0\n", b"line 1\n"]) == 2


def test_the_memory_of_a_process_is_in_megabytes() -> None:
    assert 5 < peak(os.getpid()) < 5000


def test_a_process_that_is_gone_has_no_memory() -> None:
    assert peak(2**22 + 1) == 0


def test_the_work_by_hand_is_a_valid_script() -> None:
    assert run(Command(("bash", "-n", str(BY_HAND)))).returncode == 0
