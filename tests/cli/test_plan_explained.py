"""What `cynthus plan --explain` says of machines that were not taken."""

from __future__ import annotations

import io

from cynthus.cli.commands.plan import explanation
from cynthus.cli.console import Console
from cynthus.core.placement import Considered


def shown(*considered: Considered) -> list[str]:
    out = io.StringIO()
    explanation(Console(out, io.StringIO(), color=False), ("there, because",), considered)
    return out.getvalue().splitlines()


def test_the_machines_are_told_with_their_prices_and_why_not() -> None:
    found = shown(Considered("g2-standard-4 (1 L4)", 0.7, "taken"), Considered("a3-highgpu-1g (1 H100)", None, "no"))
    assert found == [
        "there, because",
        "CONSIDERED              PRICE    VERDICT",
        "g2-standard-4 (1 L4)    $0.70/h  taken",
        "a3-highgpu-1g (1 H100)  -        no",
    ]


def test_where_there_was_nothing_to_choose_from_only_the_reason_is_told() -> None:
    assert shown() == ["there, because"]
