"""Which table of machines counts: that of this version, or the user's own."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.errors import CatalogBroken, StateTooNew
from cynthus.process import Command, run
from cynthus.targets.gcp.catalog import TABLE
from cynthus.targets.gcp.own import newest, own_copy, to_renew
from cynthus.targets.gcp.table import VERSION, catalog_of, contradictions, load

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.process import Completed


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}


def own(environment: dict[str, str], **parts: Any) -> Path:
    """A copy of the shipped table with other parts."""
    path = own_copy(environment)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**json.loads(TABLE.read_text()), **parts}))
    return path


def typed(environment: dict[str, str], tmp_path: Path, *words: str) -> Completed:
    return run(Command((sys.executable, "-m", "cynthus", *words), tmp_path, environment))


def test_without_a_copy_the_shipped_table_counts(environment: dict[str, str]) -> None:
    assert newest(environment) == load(TABLE)


def test_a_copy_of_a_later_day_counts(environment: dict[str, str]) -> None:
    own(environment, as_of="2031-01-01")
    assert newest(environment).as_of == "2031-01-01"


def test_a_copy_of_an_earlier_day_does_not(environment: dict[str, str]) -> None:
    own(environment, as_of="2020-01-01")
    assert newest(environment).as_of == load(TABLE).as_of


def test_of_the_same_day_it_is_the_users_own(environment: dict[str, str]) -> None:
    own(environment, zones={**json.loads(TABLE.read_text())["zones"], "moon-east1": "a"})
    assert "moon-east1" in newest(environment).zones


def test_a_copy_gets_the_series_that_only_a_newer_cynthus_knows(environment: dict[str, str]) -> None:
    families = [each for each in json.loads(TABLE.read_text())["families"] if each["name"] != "g2"]
    prices: dict[str, Any] = {}
    own(environment, as_of="2031-01-01", families=families, prices=prices)
    found = newest(environment)
    assert "g2" in [each.name for each in found.families]
    assert next(contradictions(found), None) is None


def test_how_a_machine_is_bought_is_as_this_version_says(environment: dict[str, str]) -> None:
    families = [{**each, "ways": ["spot"]} for each in json.loads(TABLE.read_text())["families"]]
    own(environment, as_of="2031-01-01", families=families)
    assert [each.ways for each in newest(environment).families] == [each.ways for each in load(TABLE).families]


def test_the_prices_of_a_copy_count_more_than_those_of_this_version(environment: dict[str, str]) -> None:
    whole = json.loads(TABLE.read_text())
    sources = {**whole["sources"], "google": {"date": "2031-01-01", "what": "asked"}}
    prices = {"google": {"g2-standard-4": {"us-central1": [7.5, None, None]}}}
    own(environment, as_of="2031-01-01", sources=sources, prices=prices)
    (machine,) = (each for each in catalog_of(newest(environment)).machines if each.name == "g2-standard-4")
    assert machine.price("us-central1", "on-demand") == 7.5
    assert machine.price("us-east1", "on-demand") is not None


def test_a_price_of_this_version_for_a_place_that_a_machine_has_left_is_none(environment: dict[str, str]) -> None:
    families = json.loads(TABLE.read_text())["families"]
    left = [{**each, "places": {"us-east1": "b"}} if each["name"] == "g2" else each for each in families]
    own(environment, as_of="2031-01-01", families=left, prices={})
    assert next(contradictions(newest(environment)), None) is None


def test_a_broken_copy_says_where_it_is_and_how_to_make_it_anew(environment: dict[str, str]) -> None:
    path = own(environment, gpus={})
    with pytest.raises(CatalogBroken) as caught:
        newest(environment)
    assert str(path) in caught.value.message
    assert "cynthus catalog update" in caught.value.hint


def test_a_broken_copy_is_no_reason_to_make_none(environment: dict[str, str]) -> None:
    path = own(environment, gpus={})
    file, notes = to_renew(environment)
    assert file == load(TABLE)
    assert [str(path) in each for each in notes] == [True]


@pytest.mark.parametrize("does", [newest, to_renew])
def test_a_copy_of_a_newer_cynthus_is_never_taken_for_another(environment: dict[str, str], does: Any) -> None:
    own(environment, version=VERSION + 1)
    with pytest.raises(StateTooNew) as caught:
        does(environment)
    assert "or remove the file" in caught.value.hint


def test_commands_go_by_the_users_own(environment: dict[str, str], tmp_path: Path) -> None:
    own(environment, as_of="2031-01-01")
    assert json.loads(typed(environment, tmp_path, "gpus", "--json").stdout)["as_of"] == "2031-01-01"


def test_a_broken_copy_is_told_by_whoever_needs_it(environment: dict[str, str], tmp_path: Path) -> None:
    own(environment, gpus={})
    said = typed(environment, tmp_path, "gpus")
    assert said.returncode == 1
    assert b"cynthus catalog update" in said.stderr
