from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.misfit import LONGEST, Misfit, flow, quoted
from cynthus.errors import BadName, BadValue


def test_a_misfit_is_a_bad_value_unless_it_says_otherwise() -> None:
    assert Misfit("a", hint="b").kind is BadValue
    assert Misfit("a", hint="b", kind=BadName).kind is BadName


@given(st.text(max_size=500))
def test_a_quoted_word_is_short_and_nothing_a_terminal_obeys(text: str) -> None:
    shown = quoted(text)
    assert shown.isprintable()
    # An unprintable character takes up to ten: \U0010ffff.
    assert len(shown) <= 10 * LONGEST + 2


@pytest.mark.parametrize(
    "word", ["python", "main.py", "src/train.py", "--epochs", "-u", "a b", "a,b", "[x]", "{y", "# no"]
)
def test_a_word_for_a_list_is_read_as_that_word(word: str) -> None:
    assert yaml.safe_load(f"[{flow(word)}]") == [word]
