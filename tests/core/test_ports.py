"""The part `ports:` of cynthus.yaml."""

from __future__ import annotations

import pytest

from cynthus.errors import BadValue, CynthusError, KeysExclude, UnknownKey, WrongType
from tests.core.reading import place, problem, read


def ports(text: str) -> list[tuple[int, str | None]]:
    return [(each.port, each.health) for each in read(f"ports: {text}").ports]


def test_a_number_is_a_port_without_a_path() -> None:
    assert ports("[8000]") == [(8000, None)]


def test_a_mapping_says_how_its_health_is_asked_for() -> None:
    said = "[{port: 8000, health: '/v1/models?x=1'}, 9000]"
    assert ports(said) == [(8000, "/v1/models?x=1"), (9000, None)]


def test_a_port_may_stand_in_quotes() -> None:
    assert ports('["8000"]') == [(8000, None)]


def test_without_the_key_there_are_none() -> None:
    assert read("name: weather").ports == ()


CASES: list[tuple[str, type[CynthusError], int, str]] = [
    # text, kind, column (all in line 1), part of the hint
    ("ports: 8000", WrongType, 8, "ports: [8000]"),
    ("ports: [0]", BadValue, 9, "from 1 to 65535"),
    ("ports: [65536]", BadValue, 9, "from 1 to 65535"),
    ("ports: [-1]", BadValue, 9, "from 1 to 65535"),
    ("ports: [80.5]", BadValue, 9, "from 1 to 65535"),
    ("ports: [http]", BadValue, 9, "from 1 to 65535"),
    ("ports: [8000:80]", BadValue, 9, "from 1 to 65535"),
    ("ports: [true]", WrongType, 9, ""),
    ("ports: [{health: /}]", WrongType, 9, "port: and a value"),
    ("ports: [{port: 80, helth: /}]", UnknownKey, 20, 'did you mean "health"?'),
    ("ports: [{port: 80, health: health}]", BadValue, 28, "health: /health"),
    ("ports: [{port: 80, health: '/a b'}]", BadValue, 28, "health: /health"),
    ("ports: [80, 80]", KeysExclude, 13, "delete one"),
    ("ports: [80, {port: 80, health: /}]", KeysExclude, 20, "delete one"),
    ("port: [80]", UnknownKey, 1, 'did you mean "ports"?'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "column", "hint"), CASES)
def test_a_mistake_is_told_where_it_is_with_what_to_do(
    text: str, kind: type[CynthusError], column: int, hint: str
) -> None:
    found = problem(text)
    assert (found.code, place(text)) == (kind.code, (1, column))
    assert hint in found.hint


def test_a_misspelt_key_is_asked_about() -> None:
    assert problem("prots: [80]").hint == 'did you mean "ports"?'
