"""`cynthus gc` as it is typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.cli import leftovers_document
from cynthus.cli.leftovers_text import ending, lines
from cynthus.core.leftover import Leftover
from cynthus.operations.gc import Swept
from cynthus.process import Command, Completed, run
from tests.gcp.yard import ID
from tests.journeys.test_schemas import complaints

if TYPE_CHECKING:
    from tests.gcp.yard import Yard

WENT = Leftover("repository", ID, "us-central1", ID, "p/repositories/x", "1", goes=True, why="no record claims it")


def typed(yard: Yard, *words: str) -> Completed:
    environment = {**yard.workshop.tools.settings.environment, "PYTHONWARNINGS": "ignore"}
    return run(Command((sys.executable, "-m", "cynthus", "gc", *words), Path.cwd(), environment))


def test_a_person_sees_what_would_go_and_what_stays(yard: Yard) -> None:
    yard.estate.deployment(ID)
    said = typed(yard, "--dry-run")
    assert said.returncode == 0, said.stderr
    table = said.stdout.decode().splitlines()
    assert table[0].split() == ["KIND", "NAME", "PLACE", "WHY"]
    assert table[1].split()[:4] == ["stays", "router", ID, "us-central1"]
    assert b"9 stay" in said.stderr


def test_a_program_gets_one_document_of_the_shape_that_is_promised(yard: Yard) -> None:
    yard.estate.deployment(ID)
    said = typed(yard, "--json", "--dry-run", "--project", "rehearsal")
    document = json.loads(said.stdout)
    assert complaints(document) == []
    assert (document["place"], {each["became"] for each in document["leftovers"]}) == (
        "cloud project rehearsal", {"stays"}
    )  # fmt: skip


def test_of_what_was_not_tried_any_more_nobody_says_that_it_is_gone() -> None:
    swept = Swept("p", [WENT, WENT], {"repository": 2}, removed=1, tried=1)
    became = leftovers_document.leftovers(swept, dry_run=False)["leftovers"]
    assert [each["became"] for each in became] == ["removed", "failed"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("going", "dry_run", "said"),
    [
        ({}, False, "nothing is left over in p that is to be removed; 1 stays"),
        ({"repository": 2}, True, "`cynthus gc` would remove 2 repositories in p; 1 stays; nothing was removed"),
        ({"repository": 2}, False, "1 of 2 removed in p; 1 stays"),
    ],
)
def test_the_last_line_says_what_came_of_it(going: dict[str, int], *, dry_run: bool, said: str) -> None:
    assert ending(Swept("p", (), going, staying=1, removed=1), dry_run=dry_run) == said


def test_where_nothing_was_found_there_is_no_table() -> None:
    assert list(lines(())) == []


def test_the_reason_stands_at_the_end_of_a_line() -> None:
    assert list(lines([WENT]))[1].endswith(" us-central1              no record claims it")
