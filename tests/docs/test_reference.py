from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import docs.generate
from cynthus.cli.main import VERBS
from cynthus.core.section import keys_of
from cynthus.core.spec import AppSpec
from cynthus.settings import ENVIRONMENT
from docs.generate import exit_codes, spec
from docs.generate.documents import KINDS
from docs.generate.errors import ours
from docs.generate.markdown import table

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.errors import CynthusError

PAGES = docs.generate.pages()


def test_the_reference_says_what_the_code_does() -> None:
    assert docs.generate.stale() == [], "run `python -m docs.generate` and commit what it writes"


def test_every_page_says_that_it_is_made() -> None:
    assert all(text.startswith(docs.generate.NOTE) for name, text in PAGES.items() if name.endswith(".md"))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_help_in_the_reference(verb: str) -> None:
    assert f"## cynthus {verb}\n\n```\nUsage: cynthus {verb} " in PAGES["cli.md"]


@pytest.mark.parametrize("kind", ours(), ids=lambda kind: str(kind.__name__))
def test_every_error_is_in_the_reference(kind: type[CynthusError]) -> None:
    assert f"## {kind.code} {kind.__name__}\n\nExit code {kind.exit_code}. " in PAGES["errors.md"]


def test_every_exit_code_has_a_meaning() -> None:
    assert {kind.exit_code for kind in ours()} | {0} == exit_codes.MEANINGS.keys()


@pytest.mark.parametrize("variable", ENVIRONMENT)
def test_every_variable_is_in_the_reference(variable: str) -> None:
    assert f"| `{variable}` | " in PAGES["environment.md"]


def test_every_key_of_the_spec_is_in_the_reference() -> None:
    missing = [key for key in keys_of(AppSpec) if f"\n| `{key}` | " not in PAGES["spec.md"]]
    assert missing == []


def test_every_key_has_a_meaning() -> None:
    rows = [line for line in spec.page().splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.split("|")[-2].strip() == ""] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_document_has_a_schema(kind: str) -> None:
    assert f"schema/{kind}.json" in PAGES


def test_a_page_that_was_edited_is_stale(tmp_path: Path) -> None:
    docs.generate.write(tmp_path)
    (tmp_path / "cli.md").write_text("edited")
    (tmp_path / "gone.md").write_text("no page of that name is made any more")
    assert docs.generate.stale(tmp_path) == ["cli.md", "gone.md"]


def test_writing_brings_everything_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("no page of that name is made any more")
    docs.generate.write(tmp_path)
    assert docs.generate.stale(tmp_path) == []


def test_a_bar_does_not_end_a_cell() -> None:
    assert table(["a"], [["x | y"]]) == "| a |\n| --- |\n| x \\| y |\n"
