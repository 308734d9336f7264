"""The token of a run's cluster."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from cynthus.operations.cluster_token import cluster_token

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_that_is_started_again_has_the_same_token(tmp_path: Path) -> None:
    assert cluster_token(tmp_path / "run", Random(1)) == cluster_token(tmp_path / "run", Random(2))


def test_runs_have_tokens_of_their_own(tmp_path: Path) -> None:
    random = Random(1)
    assert cluster_token(tmp_path / "one", random) != cluster_token(tmp_path / "two", random)


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    cluster_token(tmp_path, Random(1))
    assert (tmp_path / "token.json").stat().st_mode & 0o077 == 0


def test_it_cannot_be_guessed(tmp_path: Path) -> None:
    assert len(cluster_token(tmp_path, Random(1))["RAY_AUTH_TOKEN"]) == 64
