"""The examples, as a reader would try them."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.journeys.user import EXAMPLES, User
from tests.needs import lacking

if TYPE_CHECKING:
    from pathlib import Path


def copy(user: User, name: str) -> Path:
    ignore = shutil.ignore_patterns("infra", "outputs", ".cynthus")
    return shutil.copytree(EXAMPLES / name, user.place / name, ignore=ignore)


def bring_up(user: User, name: str, *words: str) -> Path:
    """The outputs of an example that succeeds."""
    folder = copy(user, name)
    answer = user.cynthus("up", folder, "-y", *words, timeout=280)
    assert answer.code == 0, answer
    return folder / "outputs/latest"


@pytest.fixture
def index(tmp_path: Path) -> None:
    """Only where packages can be installed."""
    smallest = ("download", "--quiet", "--no-deps", "--dest", str(tmp_path / "index"), "threadpoolctl")
    answer = run(Command((sys.executable, "-m", "pip", *smallest)), timeout=60)
    if answer.returncode:
        lacking("no package index answers")


def test_hello_greets(user: User) -> None:
    assert (bring_up(user, "hello") / "greeting.txt").read_text() == "Hello!\n"


def test_csv_statistics_has_a_line_for_each_station(user: User) -> None:
    with (bring_up(user, "csv-statistics") / "statistics.csv").open() as file:
        assert [row["station"] for row in csv.DictReader(file)] == ["harbour", "hill", "valley"]


def test_multi_data_joins_its_two_kinds(user: User) -> None:
    report = (bring_up(user, "multi-data") / "report.txt").read_text()
    assert [line.partition(" (")[0] for line in report.splitlines()] == ["North Ridge", "South Quay"]


def test_failing_ends_with_exit_code_3(user: User) -> None:
    assert user.cynthus("up", copy(user, "failing"), "-y").code == 3


def test_what_failing_saved_before_is_at_home(user: User) -> None:
    folder = copy(user, "failing")
    user.cynthus("up", folder, "-y")
    assert (folder / "outputs/latest/partial.txt").exists()


@pytest.mark.usefixtures("index")
def test_train_sklearn_learns_and_draws(user: User) -> None:
    outputs = bring_up(user, "train-sklearn", "--", "--epochs", "12")
    metrics = json.loads((outputs / "metrics.json").read_text())
    assert metrics["accuracy"] > 0.9
    assert metrics["epochs"] == 12
    assert (outputs / "training.png").read_bytes().startswith(b"\x89PNG")
