from __future__ import annotations

from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.render.merge import merge, merge_lines

BASE = b"1\n2\n3\n4\n5\n6\n7\n"


def changed(old: bytes, new: bytes, text: bytes = BASE) -> bytes:
    assert old in text
    return text.replace(old, new, 1)


def test_changes_in_different_places_come_together() -> None:
    ours, theirs = changed(b"2\n", b"two\n"), changed(b"6\n", b"six\n")
    assert merge_lines(BASE, ours, theirs) == b"1\ntwo\n3\n4\n5\nsix\n7\n"


def test_many_changes_from_both_sides_come_together() -> None:
    ours = b"0\n1\n2\n3\nfour\n5\n6\n7\n"
    theirs = b"1\n3\n4\n5\n6\n7\n8\n"
    assert merge_lines(BASE, ours, theirs) == b"0\n1\n3\nfour\n5\n6\n7\n8\n"


def test_insertions_and_deletions_come_together() -> None:
    ours, theirs = b"0\n" + BASE, changed(b"6\n", b"")
    assert merge_lines(BASE, ours, theirs) == b"0\n1\n2\n3\n4\n5\n7\n"


def test_one_line_changed_in_two_ways_is_a_conflict() -> None:
    assert merge_lines(BASE, changed(b"4\n", b"four\n"), changed(b"4\n", b"vier\n")) is None


def test_one_line_changed_in_the_same_way_is_none() -> None:
    same = changed(b"4\n", b"four\n")
    assert merge_lines(BASE, same, same) == same


def test_the_same_change_here_and_another_there_come_together() -> None:
    ours = changed(b"2\n", b"two\n")
    theirs = changed(b"6\n", b"six\n", ours)
    assert merge_lines(BASE, ours, theirs) == theirs


def test_changes_side_by_side_are_a_conflict() -> None:
    assert merge_lines(BASE, changed(b"4\n", b"four\n"), changed(b"5\n", b"five\n")) is None


def test_two_insertions_at_one_place_are_a_conflict() -> None:
    assert merge_lines(BASE, changed(b"4\n", b"4\na\n"), changed(b"4\n", b"4\nb\n")) is None


def test_a_line_deleted_here_and_changed_there_is_a_conflict() -> None:
    assert merge_lines(BASE, changed(b"4\n", b""), changed(b"4\n", b"four\n")) is None


def test_a_long_deletion_around_a_change_is_a_conflict() -> None:
    assert merge_lines(BASE, changed(b"2\n3\n4\n5\n6\n", b""), changed(b"4\n", b"four\n")) is None


def test_a_missing_last_newline_glues_no_lines_together() -> None:
    assert merge_lines(b"1\n2\n3\n4", b"0\n1\n2\n3\n4", b"1\n2\n3\nfour") == b"0\n1\n2\n3\nfour"


def test_windows_line_ends_of_an_untouched_line_stay() -> None:
    base, theirs = b"1\r\n2\r\n3\r\n4\r\n", b"1\r\n2\r\n3\r\nfour\r\n"
    assert merge_lines(base, b"one\r\n2\r\n3\r\n4\r\n", theirs) == b"one\r\n2\r\n3\r\nfour\r\n"


def test_what_is_no_text_does_not_merge() -> None:
    assert merge("x", b"\0" + BASE, b"\0" + BASE + b"8\n", b"\x000\n" + BASE) is None


def test_what_is_no_text_but_was_not_changed_by_one_side_is_no_conflict() -> None:
    assert merge("x", b"\0", b"\0", b"\0theirs") == b"\0theirs"


@pytest.mark.parametrize("path", ["x.json", "modules/x/y.json"])
def test_json_merges_by_its_keys(path: str) -> None:
    assert merge(path, b'{"a": 1, "b": 1}', b'{"a": 2, "b": 1}', b'{"a": 1, "b": 3}') == b'{\n  "a": 2,\n  "b": 3\n}\n'


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n", b"\n", b"e\r\n"]), max_size=9)
TEXTS = st.tuples(LINES, st.sampled_from([b"", b"tail"])).map(lambda pair: b"".join(pair[0]) + pair[1])


@given(TEXTS, TEXTS)
def test_without_an_edit_the_new_version_is_taken(base: bytes, ours: bytes) -> None:
    assert merge_lines(base, ours, base) == ours


@given(TEXTS, TEXTS)
def test_without_a_new_version_the_edit_stays(base: bytes, theirs: bytes) -> None:
    assert merge_lines(base, base, theirs) == theirs


@given(TEXTS, TEXTS)
def test_the_same_change_twice_is_that_change(base: bytes, both: bytes) -> None:
    assert merge_lines(base, both, both) == both


@given(TEXTS, TEXTS, TEXTS)
def test_it_does_not_matter_which_side_is_which(base: bytes, one: bytes, other: bytes) -> None:
    assert merge_lines(base, one, other) == merge_lines(base, other, one)


def keeps(merged: list[bytes], wanted: list[bytes]) -> bool:
    """Whether all of `wanted` is in `merged`, in its order."""
    rest = iter(merged)
    return all(line in rest for line in wanted)


@st.composite
def edited(draw: st.DrawFn, name: str, size: int) -> tuple[list[bytes], set[int], list[bytes]]:
    """An edit of lines 0 to `size`: the new lines, what was deleted, and what was put in. No line is there twice."""
    deleted = draw(st.sets(st.integers(0, max(size - 1, 0)), max_size=3)) if size else set()
    places = sorted(draw(st.lists(st.integers(0, size), max_size=3)))
    lines: list[bytes] = []
    added: list[bytes] = []
    for number in range(size + 1):
        for _ in range(places.count(number)):
            added.append(f"{name}{len(added)}\n".encode())
            lines.append(added[-1])
        if number < size and number not in deleted:
            lines.append(f"{number}\n".encode())
    return lines, deleted, added


@given(st.data(), st.integers(0, 12))
def test_no_line_of_an_edit_is_lost_or_comes_back_without_a_conflict(data: st.DataObject, size: int) -> None:
    base = b"".join(f"{number}\n".encode() for number in range(size))
    ours, gone_ours, added_ours = data.draw(edited("ours", size))
    theirs, gone_theirs, added_theirs = data.draw(edited("theirs", size))
    merged = merge_lines(base, b"".join(ours), b"".join(theirs))
    if merged is None:
        return
    lines = merged.splitlines(keepends=True)
    assert keeps(lines, added_theirs)
    assert keeps(lines, added_ours)
    assert not {f"{number}\n".encode() for number in gone_ours | gone_theirs} & set(lines)
    kept = [number for number in range(size) if number not in gone_ours | gone_theirs]
    assert keeps(lines, [f"{number}\n".encode() for number in kept])
    assert Counter(lines).total() == len(kept) + len(added_ours) + len(added_theirs)


@given(st.integers(1, 6), st.data())
def test_edits_with_an_untouched_line_between_them_always_merge(gap: int, data: st.DataObject) -> None:
    sizes = list(accumulate([2, gap, 2]))
    old = [f"{number}\n".encode() for number in range(sizes[-1])]
    new = data.draw(st.lists(st.sampled_from([b"x\n", b"y\n"]), max_size=3))
    other = data.draw(st.lists(st.sampled_from([b"z\n", b"w\n"]), max_size=3))
    ours, theirs = [*new, *old[2:]], [*old[: sizes[1]], *other]
    assert merge_lines(b"".join(old), b"".join(ours), b"".join(theirs)) == b"".join([*new, *old[2 : sizes[1]], *other])
