from __future__ import annotations

import pytest

from cynthus.core.amounts import files, size


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1_234_567, "1.2 MB"), (5 * 10**9, "5.0 GB"), (2 * 10**15, "2.0 PB")],
)
def test_sizes_are_said_in_decimal_units(count: int, said: str) -> None:
    assert size(count) == said


@pytest.mark.parametrize(("count", "said"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_files_are_counted_in_good_grammar(count: int, said: str) -> None:
    assert files(count) == said
