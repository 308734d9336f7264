"""The examples, as a reader would try them."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from cynthus.testing.huggingface import HuggingFaceHub
from cynthus.testing.kaggle import KaggleHub
from cynthus.testing.web import serving
from tests.journeys.user import EXAMPLES, User
from tests.needs import lacking

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker_engine import DockerEngine


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


@pytest.mark.data
def test_huggingface_text_tells_stories(user: User) -> None:
    story = "Once there was a cat. The cat sat. <|endoftext|> Once there was a dog. The dog sat."
    with serving(HuggingFaceHub()) as hub:
        files = {"TinyStories-valid.txt": story.encode(), "TinyStories-train.txt": b"not this one"}
        hub.commit("datasets/roneneldan/TinyStories", files, licence="cdla-sharing-1.0")
        user.environment["HF_ENDPOINT"] = hub.address
        told = (bring_up(user, "huggingface-text") / "stories.txt").read_text()
    assert told.startswith("Once there was a ")
    assert "not this" not in told


@pytest.mark.data
def test_kaggle_tabular_tells_flowers_apart(user: User) -> None:
    rows = [f"{n},{n % 2 * 5 + 1}.{n % 4},2.0,{'small' if n % 2 == 0 else 'large'}" for n in range(30)]
    table = "\n".join(["Id,SepalLengthCm,SepalWidthCm,Species", *rows])
    with serving(KaggleHub()) as kaggle:
        kaggle.publish("uciml/iris", {"Iris.csv": table.encode(), "database.sqlite": b"-"}, licence="CC0-1.0")
        user.environment["KAGGLE_API_ENDPOINT"] = kaggle.address
        metrics = json.loads((bring_up(user, "kaggle-tabular") / "metrics.json").read_text())
    assert metrics == {"flowers": 30, "kinds": ["large", "small"], "accuracy": 1.0}


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


@pytest.mark.engine
def test_custom_dockerfile_computes_its_table_once(user: User, docker_engine: DockerEngine) -> None:
    user.environment.update({key: docker_engine.environment[key] for key in ("DOCKER_HOST", "DOCKER_CONFIG")})
    folder = copy(user, "custom-dockerfile")
    dockerfile = folder / "Dockerfile"
    # No registry is asked for an image here.
    dockerfile.write_text(dockerfile.read_text().replace("python:3.12-slim", docker_engine.base))
    up = user.cynthus("up", folder, "-y", timeout=280)
    assert (up.code, up.out) == (0, "17984 primes; the widest gap is 86, after 155921\n"), up
    (folder / "main.py").write_text("print('changed')\n")
    again = user.cynthus("up", folder, "-y")
    assert (again.out, "environment" in again.err.split("Configure and deploy")[1]) == ("changed\n", False), again
