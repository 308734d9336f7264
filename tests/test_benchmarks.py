"""The benchmarks measure what they say."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.bucket_sync import files
from benchmarks.gcs_apart import BUCKET, gcs_apart
from benchmarks.memory import peak
from benchmarks.million_lines import count_in_order
from benchmarks.place import BY_HAND
from benchmarks.requirements_inference import imported, judge, ratios
from cynthus.process import Command, run
from cynthus.storage.gcs import GcsBucket

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


def test_a_prediction_is_right_wrong_or_passed_over() -> None:
    score = judge({"numpy", "Foo", "extra"}, truth={"numpy", "yaml"}, declared={"numpy", "yaml", "extra"})
    assert [*map(sorted, (score.right, score.wrong, score.missed))] == [["numpy"], ["foo"], ["yaml"]]


def test_packages_that_bring_the_same_module_are_one() -> None:
    assert not judge({"opencv-python"}, truth={"opencv-python-headless"}, declared=()).missed


def test_precision_and_recall_are_those_of_all_together() -> None:
    scores = [judge({"a", "b"}, {"a"}, ()), judge({"c"}, {"c", "d", "e"}, ())]
    assert ratios(scores) == (2 / 3, 2 / 4)


def test_what_a_package_imports_is_told_with_what_it_is_prepared_to_miss(tmp_path: Path) -> None:
    text = "import a.b\nif TYPE_CHECKING:\n    import c\ntry:\n    from d import e\nexcept ImportError:\n    import f\n"
    (tmp_path / "x.py").write_text(text)
    assert [*map(sorted, imported(tmp_path))] == [["a.b", "d.e", "f"], ["a", "f"]]


def test_the_work_by_hand_is_a_valid_script() -> None:
    assert run(Command(("bash", "-n", str(BY_HAND)))).returncode == 0


def test_the_folder_that_is_sent_has_as_many_files_as_it_should(tmp_path: Path) -> None:
    made = [path for path in files(tmp_path / "made", 250, 10).rglob("*") if path.is_file()]
    assert (len(made), {path.stat().st_size for path in made}) == (250, {10})


def test_what_the_service_apart_was_asked_is_counted() -> None:
    with gcs_apart() as there:
        bucket = GcsBucket(BUCKET, endpoint=there.endpoint)
        bucket.put("a", [b"x"], over="")
        list(bucket.list())
        bucket.close()
        assert (there.asked(), there.asked()) == (["POST", "LIST"], [])
