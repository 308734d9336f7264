from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.render.documents import document, merge_documents, read_document

BASE = {"deployment": "weather-1a2b3c", "gpus": 0, "labels": {"a": 1, "b": 2}}


def merged(base: object, ours: object, theirs: object) -> Any:
    found = merge_documents(*(json.dumps(value).encode() for value in (base, ours, theirs)))
    return None if found is None else json.loads(found)


def test_values_changed_by_either_side_come_together() -> None:
    assert merged(BASE, {**BASE, "gpus": 1}, {**BASE, "deployment": "x-000000"}) == {
        **BASE,
        "gpus": 1,
        "deployment": "x-000000",
    }


def test_values_in_nested_objects_come_together() -> None:
    ours, theirs = {**BASE, "labels": {"a": 9, "b": 2}}, {**BASE, "labels": {"a": 1, "b": 2, "mine": 3}}
    assert merged(BASE, ours, theirs)["labels"] == {"a": 9, "b": 2, "mine": 3}


def test_a_key_of_the_users_stays() -> None:
    assert merged(BASE, {**BASE, "gpus": 1}, {**BASE, "mine": [1]}) == {**BASE, "gpus": 1, "mine": [1]}


def test_a_key_that_the_user_deleted_stays_deleted() -> None:
    assert merged({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1}) == {"a": 2}


def test_a_key_that_is_no_longer_rendered_goes() -> None:
    assert merged({"a": 1, "b": 1}, {"a": 1}, {"a": 3, "b": 1}) == {"a": 3}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [({"a": 2}, {"a": 3}), ({"a": 2}, {}), ({}, {"a": 3}), ({"a": {"x": 1}}, {"a": 3}), ({"a": [1]}, {"a": [2]}),
     ({"a": True}, {"a": 2}), ({"a": {"x": 1}}, {"a": {"x": 2}})],
)  # fmt: skip
def test_one_key_changed_in_two_ways_is_a_conflict(ours: object, theirs: object) -> None:
    assert merged({"a": 1}, ours, theirs) is None


def test_a_key_added_by_both_with_one_value_is_no_conflict() -> None:
    assert merged({}, {"a": 1, "b": 1}, {"a": 1, "c": 1}) == {"a": 1, "b": 1, "c": 1}


def test_true_is_not_one() -> None:
    assert merged({"a": True, "b": 1}, {"a": True, "b": 2}, {"a": 1, "b": 1}) == {"a": 1, "b": 2}


def test_where_the_user_has_it_all_already_their_own_words_stay() -> None:
    theirs = b'{"b":2,   "a":2}'
    assert merge_documents(b'{"a": 1}', b'{"a": 2, "b": 2}', theirs) == theirs


def test_our_order_of_keys_is_kept_and_the_users_come_last() -> None:
    found = merge_documents(b'{"b": 1, "a": 1}', b'{"b": 2, "a": 1, "c": 1}', b'{"mine": 1, "a": 3, "b": 1}')
    assert list(read_document(found or b"")) == ["b", "a", "c", "mine"]


@pytest.mark.parametrize(
    "theirs",
    [b"", b"{", b"[]", b"1", b'{"a": 1} x', b'{"a": 1, "a": 2}', b'{"a": NaN}', b'{"a": 1e999}', b"\xff",
     b"[" * 100_000, b'// comment\n{"a": 1}'],
)  # fmt: skip
def test_what_is_no_json_object_does_not_merge(theirs: bytes) -> None:
    assert merge_documents(b'{"a": 1}', b'{"a": 2}', theirs) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from("abcde"), VALUES, max_size=5)


@given(OBJECTS, OBJECTS)
def test_without_an_edit_the_new_values_are_taken(base: dict[str, Any], ours: dict[str, Any]) -> None:
    assert merged(base, ours, base) == ours


@given(OBJECTS, OBJECTS)
def test_without_new_values_the_edit_stays(base: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert merged(base, base, theirs) == theirs


@given(OBJECTS, OBJECTS, OBJECTS)
def test_no_value_of_the_users_is_lost_without_a_conflict(base: Any, ours: Any, theirs: Any) -> None:
    found = merged(base, ours, theirs)
    for key in theirs if found is not None else ():
        same = key in base and json.dumps(base[key], sort_keys=True) == json.dumps(theirs[key], sort_keys=True)
        if not same and not isinstance(theirs[key], dict):
            assert json.dumps(found[key]) == json.dumps(theirs[key])


@given(OBJECTS)
def test_what_is_written_reads_as_it_was(values: dict[str, Any]) -> None:
    assert read_document(document(values)) == values


def test_a_document_ends_with_a_newline_and_is_indented() -> None:
    assert document({"a": {"b": "é"}}) == '{\n  "a": {\n    "b": "é"\n  }\n}\n'.encode()
