from __future__ import annotations

import pytest

from tests.terraform.hcl import Block, parse


def test_arguments_and_blocks_are_told_apart() -> None:
    text = 'resource "a" "b" {\n  x = 1 # one\n  y {\n    z = "}"\n  }\n}\n'
    (found,) = parse(text).blocks
    assert found == Block("resource", ("a", "b"), {"x": "1 # one"}, [Block("y", (), {"z": '"}"'})])


@pytest.mark.parametrize(
    "value",
    [
        '"${join("}", [for x in y : "\\"${x}"])}"',
        "{\n    a = [\n      1,\n    ]\n  }",
        'x == null ? {} : { a = "b" }',
        "<<-EOT\n  } not the end\n  EOT",
        '"$${not} %%{a} template"',
        "1 /* } */ + 2",
    ],
)
def test_a_value_ends_where_it_ends(value: str) -> None:
    (found,) = parse(f"a {{\n  before = {value}\n  after = 2\n}}\n").blocks
    assert found.arguments == {"before": value, "after": "2"}


def test_a_block_may_stand_on_one_line() -> None:
    (found,) = parse("a {}\n").blocks
    assert found == Block("a")


@pytest.mark.parametrize("text", ["a\n", "a {\n", "}\n", '"a" = 1\n', "a {\n  x = [1\n"])
def test_what_it_does_not_know_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        parse(text)
