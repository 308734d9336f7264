from __future__ import annotations

from pathlib import Path, PurePosixPath
from queue import SimpleQueue

import pytest

from cynthus.operations.host_agent import HostAgent
from cynthus.operations.installing import WIDEST, Installing, last_words
from cynthus.targets.local.connection import LocalConnection

INSTALLS = "image: Make the environment that the app needs"


class Unreachable(LocalConnection):
    """A host that does not answer."""

    def read(self, path: PurePosixPath, *, offset: int = 0, limit: int | None = None) -> bytes | None:
        raise OSError("no route to host")


def agent(home: Path, connection: LocalConnection | None = None) -> HostAgent:
    (home / "environments").mkdir(parents=True, exist_ok=True)
    return HostAgent(connection or LocalConnection({}, PurePosixPath(home.parent)), home.name)


def says(home: Path, text: str) -> None:
    with open(home / "environments/current.log", "a") as log:
        log.write(text)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def installing(tmp_path: Path, told: list[str]) -> Installing:
    """Looks when it is told to; a play has begun to install."""
    made = Installing([agent(tmp_path)], told.append)
    made.activity(INSTALLS)
    return made


def test_the_installers_last_line_is_told(tmp_path: Path, told: list[str], installing: Installing) -> None:
    says(tmp_path, "Collecting torch\n  Downloading torch-2.1.0.whl (2.1 GB)\n")
    installing.look()
    assert told == [INSTALLS, "Downloading torch-2.1.0.whl (2.1 GB)"]


def test_layers_that_go_to_a_registry_are_counted(tmp_path: Path, told: list[str], installing: Installing) -> None:
    installing.activity("image: x")
    says(tmp_path, "The push refers to repository [localhost:5000/x]\nbc588769a8b5: Preparing\n")
    installing.look()
    assert told[-1] == "Push the image: 0 of 1 layer"


def test_what_it_says_later_is_told_too(tmp_path: Path, told: list[str], installing: Installing) -> None:
    for line in ("Collecting torch", "Installing collected packages: torch"):
        says(tmp_path, f"{line}\n")
        installing.look()
    assert told == [INSTALLS, "Collecting torch", "Installing collected packages: torch"]


def test_a_line_is_told_again_as_long_as_there_is_no_other(
    tmp_path: Path, told: list[str], installing: Installing
) -> None:
    says(tmp_path, "Collecting torch\n")
    installing.look()
    installing.look()
    assert told == [INSTALLS, "Collecting torch", "Collecting torch"]


def test_before_the_installer_says_anything_nothing_is_told(told: list[str], installing: Installing) -> None:
    installing.look()
    assert told == [INSTALLS]


def test_while_another_task_is_at_work_nothing_is_read(
    tmp_path: Path, told: list[str], installing: Installing
) -> None:
    says(tmp_path, "Collecting torch\n")
    installing.activity("dataset: Bring the data that the app reads")
    installing.look()
    assert told == [INSTALLS, "dataset: Bring the data that the app reads"]


def test_one_of_several_hosts_is_enough(tmp_path: Path, told: list[str]) -> None:
    homes = (tmp_path / "one", tmp_path / "other")
    installing = Installing([agent(home) for home in homes], told.append)
    installing.activity(INSTALLS)
    says(homes[1], "Collecting torch\n")
    installing.look()
    assert told == [INSTALLS, "Collecting torch"]


def test_a_host_that_does_not_answer_is_no_concern_of_it(tmp_path: Path, told: list[str]) -> None:
    installing = Installing([agent(tmp_path, Unreachable({}))], told.append)
    installing.activity(INSTALLS)
    installing.look()
    assert told == [INSTALLS]


def test_it_looks_by_itself_while_the_play_goes_on(tmp_path: Path) -> None:
    told = SimpleQueue[str]()
    with Installing([agent(tmp_path)], told.put, pause=0.01) as installing:
        installing.activity(INSTALLS)
        says(tmp_path, "Collecting torch\n")
        assert [told.get(timeout=10) for _ in range(2)] == [INSTALLS, "Collecting torch"]


def test_a_play_that_takes_no_time_reads_nothing(tmp_path: Path, told: list[str]) -> None:
    home = agent(tmp_path)
    says(tmp_path, "Collecting torch\n")
    with Installing([home], told.append) as installing:
        installing.activity(INSTALLS)
    assert told == [INSTALLS]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"", ""),
        (b"one\ntwo\n\n", "two"),
        (b"one\rtwo\r", "two"),
        (b"\x1b[31mred\x1b[0m\n", "[31mred [0m"),
        (b"\xff\xfe\n", "\ufffd\ufffd"),
        (b"Looking in indexes: https://me:secret@example.org/simple\n", "Looking in indexes: https://example.org/simple"),
        (b"x" * 1000, "x" * (WIDEST - 3) + "..."),
    ],
)
def test_the_last_line_is_fit_for_a_terminal(said: bytes, shown: str) -> None:
    assert last_words(said) == shown
