from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.core.misfit import Misfit
from cynthus.core.size import Size


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("16GB", 16 * 10**9),
        ("16GiB", 16 * 2**30),
        ("16Gi", 16 * 2**30),
        ("16G", 16 * 10**9),
        ("512MB", 512 * 10**6),
        ("1kB", 1000),
        ("1.5TB", 1_500_000_000_000),
        ("0.1GB", 100_000_000),
        ("2 tb", 2 * 10**12),
    ],
)
def test_a_size_is_a_number_and_a_unit(word: str, number: int) -> None:
    assert Size.parse(word) == Size(number)


def test_a_plus_asks_for_that_or_more() -> None:
    assert Size.parse("16GB+") == Size(16 * 10**9, at_least=True)


@pytest.mark.parametrize("word", ["16GB+", "100gb", "1.5TB"])
def test_it_prints_as_the_user_wrote_it(word: str) -> None:
    assert str(Size.parse(word)) == word


def test_one_made_in_code_prints_as_one_could_write_it() -> None:
    assert str(Size(16 * 10**9, at_least=True)) == "16GB+"


@given(st.integers(1, 999_999), st.sampled_from(["MB", "GB", "TB", "MiB", "GiB", "TiB"]))
def test_a_binary_unit_is_larger_than_its_decimal_one_by_less_than_a_tenth(number: int, unit: str) -> None:
    decimal = Size.parse(f"{number}{unit.replace('i', '')}").bytes
    binary = Size.parse(f"{number}{unit[0]}iB").bytes
    assert decimal < binary < 1.1 * decimal


@pytest.mark.parametrize(
    "word", ["", "16", "GB", "-1GB", "1,5GB", "16 GB +", "16XB", "1e3GB", "16GB\n", ".5GB", "9" * 10 + "GB"]
)
def test_what_is_no_size_is_refused(word: str) -> None:
    with pytest.raises(Misfit, match="is no size"):
        Size.parse(word)


@pytest.mark.parametrize("word", ["0GB", "0.0MB"])
def test_nothing_is_no_size_to_ask_for(word: str) -> None:
    with pytest.raises(Misfit, match="nothing at all"):
        Size.parse(word)
