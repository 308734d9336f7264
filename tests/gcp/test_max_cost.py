"""What machines cost in the end that may cost so much, with nobody there who looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.operations.status import status
from tests.gcp.laptop import SPEC, Laptop, laptop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MONTH = 30 * 86400


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptop]:
    monkeypatch.chdir(tmp_path)
    with laptop(tmp_path) as made:
        yield made


def make(person: Laptop, limits: str) -> float:
    """Have a machine made; gives its price by the hour, with its disk."""
    text = SPEC.format(key=person.place / "key").replace("{max_duration: 1h}", limits)
    (person.app / "cynthus.yaml").write_text(text)
    person.up(person.app)
    price = person.tools.index.by_folder(person.app)[0].per_hour
    assert price is not None
    return price


def hours(person: Laptop) -> float:
    """How long machines have run."""
    now = person.cloud.clock.timestamp()
    return sum(each.hours(now) for each in person.cloud.ledger() if each.kind == "instances")


@pytest.mark.parametrize("dollars", ["0.20", "1.50", "40"])
def test_a_machine_that_nobody_removes_costs_no_more_than_was_said(person: Laptop, dollars: str) -> None:
    price = make(person, f"{{max_cost: {dollars}}}")
    person.cloud.advance(MONTH)
    assert person.cloud.instances() == []
    assert 0.8 * float(dollars) < hours(person) * price <= float(dollars)


def test_nor_does_it_live_longer_than_the_run_may_take(person: Laptop) -> None:
    make(person, "{max_cost: 40, max_duration: 2h}")
    person.cloud.advance(MONTH)
    assert hours(person) == pytest.approx(2.5)


def test_what_status_tells_it_can_come_to_is_no_more_than_that(person: Laptop) -> None:
    make(person, "{max_cost: 1.50}")
    entry = status(person.tools, str(person.app)).site.entry
    assert entry is not None
    assert entry.at_most is not None
    assert 1.4 < entry.at_most <= 1.5
