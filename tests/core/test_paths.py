from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.misfit import Misfit
from cynthus.core.paths import RESERVED, inside, overlap, plain, writable
from cynthus.errors import PathRefused

PARTS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("outputs/", "outputs"),
        ("./a//b/", "a/b"),
        (".", "."),
        ("./", "."),
        ("a/./b", "a/b"),
        ("a b", "a b"),
        ("ä", "ä"),
    ],
)
def test_a_path_loses_what_says_nothing(text: str, path: str) -> None:
    assert inside(text) == path


@pytest.mark.parametrize("text", ["../x", "a/../../x", "a/..", "..", "/etc", "//x"])
def test_a_path_that_leads_out_of_the_folder_is_refused(text: str) -> None:
    with pytest.raises(Misfit, match="leads out of the folder"):
        inside(text)


@pytest.mark.parametrize("text", ["a\0b", "a\nb", "a\x1b[31mb", "a\u2028b", "\ud800"])
def test_a_path_with_an_unseen_character_is_refused(text: str) -> None:
    with pytest.raises(Misfit, match="cannot be seen"):
        plain(text)


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_an_empty_path_is_refused(text: str) -> None:
    with pytest.raises(Misfit, match="empty"):
        plain(text)


def test_a_tilde_is_refused_because_nothing_expands_it() -> None:
    with pytest.raises(Misfit, match="not expanded") as caught:
        plain("~/data")
    assert caught.value.kind is PathRefused


@pytest.mark.parametrize("text", ["/data/imagenet", "../shared"])
def test_data_may_lie_anywhere(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("text", [*RESERVED, *(f"{name}/sub" for name in RESERVED), "./infra"])
def test_the_app_writes_nothing_into_a_folder_with_another_use(text: str) -> None:
    with pytest.raises(Misfit, match="another use"):
        writable(text)


def test_the_app_does_not_write_into_the_whole_folder() -> None:
    with pytest.raises(Misfit, match="whole folder"):
        writable("./")


def test_a_folder_whose_name_begins_like_a_reserved_one_is_fine() -> None:
    assert writable("database") == "database"


@pytest.mark.parametrize(("one", "other"), [("a", "a"), ("a", "a/b"), ("a/b/c", "a/b")])
def test_a_path_and_one_below_it_overlap(one: str, other: str) -> None:
    assert overlap(one, other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("a", "ab"), ("a/b", "a/c"), ("b/a", "a")])
def test_paths_beside_each_other_do_not_overlap(one: str, other: str) -> None:
    assert not overlap(one, other)


@given(PARTS, PARTS)
def test_overlapping_goes_both_ways(one: str, other: str) -> None:
    assert overlap(one, other) == overlap(other, one)


@given(st.text(max_size=40))
def test_a_path_that_is_taken_stays_in_the_folder(text: str) -> None:
    try:
        path = inside(text)
    except Misfit:
        return
    assert not path.startswith("/")
    assert ".." not in path.split("/")
    assert inside(path) == path
