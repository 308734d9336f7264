from __future__ import annotations

import pytest

from cynthus.core.suggest import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "known"),
    [("lcoal", "local"), ("LOCAL", "local"), ("resource", "resources"), ("requirments", "requirements")],
)
def test_a_misspelt_word_is_answered_with_the_right_one(word: str, known: str) -> None:
    assert did_you_mean(word, ["ssh", known, "something"]) == f'did you mean "{known}"?'


@pytest.mark.parametrize("word", ["kubernetes", "", "42", "\0"])
def test_a_word_like_no_other_is_not_answered(word: str) -> None:
    assert did_you_mean(word, ["local", "ssh"]) == ""


def test_nothing_known_means_no_suggestion() -> None:
    assert nearest("local", []) is None


def test_the_suggestion_keeps_the_known_spelling() -> None:
    assert nearest("rtx-4O90", ["RTX-4090", "L4"]) == "RTX-4090"


def test_a_stricter_cutoff_leaves_a_distant_word_out() -> None:
    assert nearest("A6000", ["A100"], cutoff=0.75) is None


def test_a_word_of_a_million_letters_takes_no_time() -> None:
    assert nearest("a" * 1_000_000, ["local"] * 50) is None
