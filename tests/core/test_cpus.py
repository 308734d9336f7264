from __future__ import annotations

import pytest

from cynthus.core.cpus import Cpus
from cynthus.core.misfit import Misfit


@pytest.mark.parametrize(("word", "cpus"), [("4", Cpus(4)), ("4+", Cpus(4, at_least=True)), ("9999", Cpus(9999))])
def test_a_number_may_ask_for_more(word: str, cpus: Cpus) -> None:
    assert Cpus.parse(word) == cpus


@pytest.mark.parametrize("word", ["1", "16+"])
def test_it_prints_as_the_user_wrote_it(word: str) -> None:
    assert str(Cpus.parse(word)) == word


def test_one_made_in_code_prints_as_one_could_write_it() -> None:
    assert str(Cpus(2, at_least=True)) == "2+"


@pytest.mark.parametrize("word", ["", "0", "-1", "+4", "4++", "1.5", "four", "10000", " 4", "4\n"])
def test_what_is_no_number_of_processors_is_refused(word: str) -> None:
    with pytest.raises(Misfit, match="is no number of processors"):
        Cpus.parse(word)
