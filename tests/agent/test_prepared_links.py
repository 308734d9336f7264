"""Links in what was prepared lead to the same in the next run, or are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.agent.prepared_links import wrong
from tests.agent.test_preprocess import MAIN, add, again

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.host import Host


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """What was prepared, beside an app's folder with a file of its own and one of the data."""
    for file in ("app/own", "app/data/rows", "part/deep/x"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    (tmp_path / "alias").symlink_to(tmp_path / "app")
    return tmp_path / "part"


def told(part: Path, target: str, name: str = "deep/link") -> str | None:
    """What is wrong with a link to that; a target may begin with the folder that all is in."""
    top = part.parent
    (part / name).symlink_to(target.replace("TOP", str(top)))
    return wrong(part, [str(part), str(top / "app")], [str(top / "app/data")])


@pytest.mark.parametrize(
    "target",
    ["x", "../deep/x", "..", "../gone", "TOP/app/data/rows", "TOP/app/data", "/etc/passwd", "TOP/apple"],
)
def test_a_link_within_it_or_to_what_stays_is_fine(part: Path, target: str) -> None:
    assert told(part, target) is None


@pytest.mark.parametrize("target", ["../..", "../../app/data/rows", "../../part/deep/x", "../../../x"])
def test_a_relative_one_that_leads_out_of_it_is_refused(part: Path, target: str) -> None:
    assert told(part, target) == f"deep/link is a link to {target}, which leads out of it"


@pytest.mark.parametrize(
    "target",
    ["TOP/app/own", "TOP/app", "TOP/part/deep/x", "TOP/app/data/../own", "TOP/alias/own",
     "TOP/app/database"],
)  # fmt: skip
def test_one_to_what_goes_is_refused(part: Path, target: str) -> None:
    assert str(told(part, target)).endswith(", which goes with this run")


def test_links_to_folders_are_looked_at_too(part: Path) -> None:
    assert told(part, "../app", "link") == "link is a link to ../app, which leads out of it"


@pytest.fixture
def prepares(host: Host) -> Host:
    """A host whose app prepares data."""
    return add(host)


def test_a_link_into_the_run_is_refused(prepares: Host) -> None:
    prepares.file("prep.py", "import os; os.symlink(os.path.abspath('data/rows.txt'), 'prepared/rows.txt')\n")
    ended = prepares.end(MAIN)
    assert (ended["exit_code"], "prepared/rows.txt is a link to " in ended["reason"]) == (1, True), ended


def test_a_link_that_leads_out_of_it_is_refused(prepares: Host) -> None:
    prepares.file("prep.py", "import os; os.symlink('../data/rows.txt', 'prepared/rows.txt')\n")
    ended = prepares.end(MAIN)
    assert "prepared/rows.txt is a link to ../data/rows.txt, which leads out of it" in ended["reason"], ended


def test_a_link_into_outputs_of_the_run_is_refused(prepares: Host) -> None:
    prepares.file("prep.py", "import os; os.symlink(os.path.realpath('outputs'), 'prepared/x')\n")
    assert "which goes with this run" in prepares.end(MAIN)["reason"]


def test_a_link_to_where_the_data_is_is_fine(prepares: Host) -> None:
    prepares.file("prep.py", "import os; os.symlink(os.path.realpath('data/rows.txt'), 'prepared/sum.txt')\n")
    prepares.end(MAIN)
    assert prepares.log.endswith("sum 1 2 3\n"), prepares.log


@pytest.mark.engine
def test_in_a_container_a_link_may_lead_to_the_data_and_to_nothing_else_of_the_run(container_host: Host) -> None:
    prepares = add(container_host)
    link = "import os; os.symlink(os.path.realpath({!r}), 'prepared/sum.txt')\n"
    prepares.file("prep.py", link.format("data/rows.txt"))
    prepares.end(MAIN)
    assert prepares.log.endswith("sum 1 2 3\n"), prepares.log
    prepares.file("prep.py", link.format("prep.py"))
    assert "is a link to /app/prep.py, which goes with this run" in str(again(prepares, 2)["reason"])
