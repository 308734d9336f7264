from __future__ import annotations

import pytest
import yaml

from cynthus.core.yaml_edit import with_address, with_item
from cynthus.errors import UsageError

ITEM = {"from": "hf://datasets/me/words@v1"}
NAMED = {**ITEM, "as": "words"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "data:\n  - hf://datasets/me/words@v1\n"),
        ("# only this\n", "# only this\ndata:\n  - hf://datasets/me/words@v1\n"),
        ("name: x", "name: x\ndata:\n  - hf://datasets/me/words@v1\n"),
        ("data: []\nname: x\n", "data: [hf://datasets/me/words@v1]\nname: x\n"),
        ("data: [a] # why\n", "data: [a, hf://datasets/me/words@v1] # why\n"),
        ("data: [a,]\n", "data: [a, hf://datasets/me/words@v1,]\n"),
        (
            "data:   # all of it\n- a  # first\n\n# more\nname: x\n",
            "data:   # all of it\n- a  # first\n- hf://datasets/me/words@v1\n\n# more\nname: x\n",
        ),
        (
            "data:\n    - from: a\n      as: b # it\nname: x\n",
            "data:\n    - from: a\n      as: b # it\n    - hf://datasets/me/words@v1\nname: x\n",
        ),
        ("data:\n  - {from: a,\n     as: b}", "data:\n  - {from: a,\n     as: b}\n  - hf://datasets/me/words@v1\n"),
        ("data:\n  - a", "data:\n  - a\n  - hf://datasets/me/words@v1\n"),
    ],
)
def test_an_item_goes_to_the_end_and_all_else_stays(before: str, after: str) -> None:
    assert with_item(before, "data", ITEM) == after


def test_one_with_a_name_is_a_mapping() -> None:
    assert with_item("data: [a]\n", "data", NAMED) == "data: [a, {from: hf://datasets/me/words@v1, as: words}]\n"


@pytest.mark.parametrize("word", ["a b", "a: b", "a #b", "yes, no", "{x}", "[x]", "-", "'", "é", "*.csv", "&a", "https://x/?a=1&b={c}"])
def test_whatever_the_word_is_it_is_read_back(word: str) -> None:
    for text in ("", "data: [a]\n", "data:\n- a\n"):
        read = yaml.safe_load(with_item(text, "data", {"from": word, "as": "b"}))["data"][-1]
        assert read == {"from": word, "as": "b"}


@pytest.mark.parametrize("text", ["data: a\n", "data:\n", "{name: x}\n", "- a\n", "data: {a: b}\n"])
def test_what_is_no_list_is_left_to_a_person(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        with_item(text, "data", ITEM)
    assert caught.value.hint == "add it by hand: hf://datasets/me/words@v1"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("data: [a] # why\n", "data: [../b c] # why\n".replace("../b c", '"../b c"')),
        ("data:\n  - a  # first\nname: x\n", 'data:\n  - "../b c"  # first\nname: x\n'),
        ("data: [{from: 'a', as: b}]\n", 'data: [{from: "../b c", as: b}]\n'),
        ("data:\n  - as: b\n    from: a\n", 'data:\n  - as: b\n    from: "../b c"\n'),
    ],
)
def test_the_only_items_address_is_replaced_and_nothing_else(before: str, after: str) -> None:
    assert with_address(before, "data", "../b c") == after


@pytest.mark.parametrize("text", ["", "name: x\n", "data: [a, b]\n", "data: []\n", "data: a\n", "data: [{as: b}]\n"])
def test_where_there_is_no_only_address_none_is_replaced(text: str) -> None:
    with pytest.raises(UsageError):
        with_address(text, "data", "b")


@pytest.mark.parametrize("text", ["\ufeffname: x\r\n", "name: x\r\ndata:\r\n  - a\r\n"])
def test_lines_end_as_they_did(text: str) -> None:
    fresh = with_item(text, "data", ITEM)
    assert (fresh.startswith(text), fresh.count("\n"), fresh.count("\r\n")) == (True, *[fresh.count("\n")] * 2)


@pytest.mark.parametrize("name", ["null", "true", "no", "2024"])
def test_a_name_that_means_something_else_is_quoted(name: str) -> None:
    assert yaml.safe_load(with_item("", "data", {"from": name})) == {"data": [name]}
