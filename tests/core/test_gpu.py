from __future__ import annotations

import pytest

from cynthus.core.gpu import KNOWN, Gpu
from cynthus.core.misfit import Misfit


def test_a_gpu_is_a_model_and_a_count() -> None:
    assert Gpu.parse("L4:2") == Gpu("L4", 2)


def test_one_is_meant_where_no_count_is_given() -> None:
    assert Gpu.parse("H100").count == 1


@pytest.mark.parametrize("word", ["L4", "L4:1", "l4:1", "a100-80gb:8", "rtx4090"])
def test_a_gpu_prints_as_the_user_wrote_it(word: str) -> None:
    assert str(Gpu.parse(word)) == word


def test_a_gpu_made_in_code_prints_as_one_could_write_it() -> None:
    assert str(Gpu("T4", 4)) == "T4:4"


@pytest.mark.parametrize(("word", "name"), [("l4", "L4"), ("rtx4090", "RTX-4090"), ("a100_80gb", "A100-80GB")])
def test_capitals_and_dashes_do_not_matter(word: str, name: str) -> None:
    assert Gpu.parse(word).name == name


def test_two_spellings_of_one_wish_are_equal() -> None:
    assert Gpu.parse("l4:1") == Gpu.parse("L4")


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_name_is_taken_as_it_is(name: str) -> None:
    assert Gpu.parse(name).name == name


@pytest.mark.parametrize(
    ("word", "name"), [("H10O", "H100"), ("A100-80G", "A100-80GB"), ("RTX-PRO-600", "RTX-PRO-6000")]
)
def test_a_misspelt_gpu_is_answered_with_the_right_one(word: str, name: str) -> None:
    with pytest.raises(Misfit) as caught:
        Gpu.parse(word)
    assert caught.value.hint == f'did you mean "{name}"?'


@pytest.mark.parametrize("word", ["Gaudi3", "TPU-v5e", "Quadro"])
def test_a_gpu_unlike_any_known_one_is_believed(word: str) -> None:
    assert Gpu.parse(word).name == word


@pytest.mark.parametrize(
    "word", ["", ":1", "L4:", "L4:0", "L4:-1", "L4:1.5", "L4:1000", "2", "L 4", "L4:1:1", "L4\n", "L4:\u0661"]
)
def test_what_is_no_gpu_is_refused(word: str) -> None:
    with pytest.raises(Misfit, match="is no GPU"):
        Gpu.parse(word)
