from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.document import DEEPEST, MOST_VALUES, Composer
from cynthus.core.nodes import Mapping, Mark, Node, Scalar, Sequence, locate
from cynthus.core.report import Report
from cynthus.errors import NotYaml, SpecTooLarge
from tests.core.reading import place, problem

BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def compose(text: str) -> Node | None:
    return Composer(text, Report("cynthus.yaml", text)).compose()


def texts(node: Node) -> object:
    """The tree without its places, keys as text."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [texts(item) for item in node.items]
    return {str(texts(key)): texts(value) for key, value in node.entries}


def test_an_empty_text_has_no_root() -> None:
    assert compose("# nothing\n") is None


def test_every_part_knows_its_line_and_column() -> None:
    root = compose("a:\n  - b\n  - {c: d}\n")
    assert root is not None
    assert locate(root, ("a", 1, "c"))[0] == Mark(3, 9)
    assert locate(root, ("a", 1, "c"), key=True)[0] == Mark(3, 6)


def test_an_emoji_as_json_writes_it_is_one_character() -> None:
    root = compose('{"a": "\\ud83d\\ude00"}')
    assert root is not None
    assert texts(root) == {"a": "😀"}


def test_columns_count_characters_and_not_bytes() -> None:
    root = compose("{ä: 天, b: c}")
    assert root is not None
    assert locate(root, ("b",))[0] == Mark(1, 11)


def test_a_path_that_the_text_lacks_leads_as_far_as_it_can() -> None:
    root = compose("a: {b: c}")
    assert root is not None
    assert locate(root, ("a", "x", 3))[0] == Mark(1, 4)
    assert locate(root, ("a", "b", 0))[0] == Mark(1, 8)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a", "text"),
        ("'1'", "text"),
        ('"no"', "text"),
        ("!!str 1", "text"),
        ("no", "bool"),
        ("~", "null"),
        ("3.10", "number"),
        ("12:30", "number"),
        (".inf", "not finite"),
        ("-.INF", "not finite"),
        (".nan", "not finite"),
        ("2026-01-02", "text"),
    ],
)
def test_a_value_keeps_its_text_and_what_yaml_takes_it_for(text: str, kind: str) -> None:
    root = compose(f"[{text}]")
    assert isinstance(root, Sequence)
    (item,) = root.items
    assert isinstance(item, Scalar)
    assert item.kind == kind


def test_an_alias_is_the_value_that_it_names() -> None:
    assert texts(compose("a: &x [1, 2]\nb: *x") or Mapping(Mark())) == {"a": ["1", "2"], "b": ["1", "2"]}


def test_a_bomb_of_aliases_is_refused_without_following_them() -> None:
    found = problem(BOMB)
    assert found.code == SpecTooLarge.code
    assert "once its aliases are followed" in found.message


def test_levels_hidden_in_aliases_count() -> None:
    half = "[" * (DEEPEST // 2 + 1)
    found = problem(f"a: &a {half}1{half.replace('[', ']')}\nb: {half}*a{half.replace('[', ']')}\n")
    assert (found.code, found.line) == (SpecTooLarge.code, 2)
    assert "levels once its aliases" in found.message


def test_as_many_values_as_are_allowed_are_read() -> None:
    root = compose("[" + "1," * (MOST_VALUES - 1) + "]")
    assert isinstance(root, Sequence)
    assert root.weight == MOST_VALUES


def test_one_value_too_many_is_refused() -> None:
    assert problem("[" + "1," * MOST_VALUES + "]").code == SpecTooLarge.code


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_ten_thousand_levels_are_refused_at_the_first_one_too_many(opening: str) -> None:
    found = problem(opening * 10_000)
    assert found.code == SpecTooLarge.code
    assert found.column == DEEPEST * len(opening) + 1


def test_as_many_levels_as_are_allowed_are_read() -> None:
    assert compose("[" * DEEPEST + "]" * DEEPEST) is not None


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: *nowhere"])
def test_an_alias_of_nothing_above_it_is_refused(text: str) -> None:
    assert "names nothing that stands above it" in problem(text).message


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!custom", "!!binary", "!!set", "!!int"])
def test_a_tag_is_refused(tag: str) -> None:
    found = problem(f"name: {tag} x")
    assert (found.code, found.column) == (NotYaml.code, 7)
    assert "the tag" in found.message


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("name: a: b", (1, 8)),
        ("name: 'a\nrun: x", (1, 7)),
        ("run: [a\n", (1, 6)),
        ("a: 1\n b: 2", (2, 3)),
        ("a: 1\n\tb: 2", (2, 1)),
        ("a: b\r\nc: ]", (2, 4)),
        ("a: b\nc: \x07", (2, 4)),
        ("a: 1\n---\nb: 2", (2, 1)),
        ('a: "\\q"', (1, 6)),
    ],
)
def test_what_is_not_yaml_is_refused_where_it_stops_being_it(text: str, mark: tuple[int, int]) -> None:
    assert place(text) == mark
    assert problem(text).code == NotYaml.code


def test_a_tab_is_called_a_tab() -> None:
    found = problem("resources:\n\tgpu: L4\n")
    assert (found.message, found.hint) == ("a tab stands where YAML wants spaces", "indent with spaces")


def test_an_open_quote_is_answered_with_close_it() -> None:
    assert problem('name: "a').hint == "close the quote or bracket that is open"


@pytest.mark.parametrize("text", ['a: "\\UFFFFFFFF"', "%YAML 1." + "9" * 5000 + "\n---\na: b"])
def test_numbers_that_the_parser_chokes_on_are_not_yaml(text: str) -> None:
    assert problem(text).code == NotYaml.code


LEAVES = st.text("abc_", min_size=1, max_size=6)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LEAVES, inner, max_size=4), max_leaves=30
)


@given(TREES, st.booleans())
def test_any_tree_that_is_written_is_read_again(tree: object, flow: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    root = compose(yaml.safe_dump(tree, default_flow_style=flow))
    assert root is not None
    assert texts(root) == tree
