"""What `--json` prints is as docs/reference/schema says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from docs.generate import REFERENCE
from docs.generate.documents import KINDS
from tests.journeys.user import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import User


@pytest.fixture(scope="module")
def folder(visitor: User) -> Path:
    """An app that has run, and a rendered file with an edit."""
    folder = visitor.folder()
    assert visitor.cynthus("up", folder, "-y").code == 0
    with (folder / "infra/local/compute/README.md").open("a") as file:
        file.write("an edit\n")
    return folder


def complaints(document: dict[str, Any]) -> list[str]:
    """Where a document is not as its schema says."""
    import jsonschema  # type: ignore[import-untyped]  # it ships no types

    schema = closed(json.loads((REFERENCE / "schema" / f"{document['kind']}.json").read_text()))
    return [problem.message for problem in jsonschema.Draft202012Validator(schema).iter_errors(document)]


def closed(schema: Any) -> Any:
    """The schema without room for anything that it does not name. Readers are to pass over what they do not know; here
    that would hide a part that nobody has described."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {name: closed(part) for name, part in schema.items()}
    return {**parts, "additionalProperties": False} if "properties" in parts else parts


REPORTS = [
    ["status"], ["plan"], ["render"], ["render", "--check"], ["diff"], ["pull"], ["doctor"], ["data", "ls"], ["run"],
    ["update"], ["build"], ["versions"],
]  # fmt: skip


@pytest.mark.parametrize("words", REPORTS, ids=" ".join)
def test_a_report_is_as_its_schema_says(visitor: User, folder: Path, words: list[str]) -> None:
    answer = visitor.cynthus(*words, folder, "--json")
    assert complaints(answer.document) == [], answer


@pytest.mark.parametrize("words", [["version"], ["explain"], ["init", "fresh"], ["gpus"]], ids=" ".join)
def test_so_is_that_of_a_verb_without_a_deployment(visitor: User, words: list[str]) -> None:
    answer = visitor.cynthus(*words, "--json")
    assert complaints(answer.document) == [], answer


def test_so_is_a_failed_run(user: User) -> None:
    answer = user.cynthus("up", user.folder(main="raise SystemExit(7)"), "-y", "--json")
    assert complaints(answer.document) == [], answer


def test_so_is_what_ends_a_run(user: User) -> None:
    folder = user.folder(main="import time\ntime.sleep(600)\n")
    user.cynthus("up", folder, "-y", "--detach")
    answer = user.cynthus("cancel", folder, "--json")
    assert complaints(answer.document) == [], answer


@pytest.mark.parametrize("verb", ["down", "destroy"])
def test_so_is_what_removes(user: User, verb: str) -> None:
    folder = user.folder()
    user.cynthus("up", folder, "-y")
    answer = user.cynthus(verb, folder, "-y", "--json")
    assert complaints(answer.document) == [], answer


def test_so_is_nothing_to_remove(user: User) -> None:
    assert complaints(user.cynthus("down", user.folder(), "--json").document) == []


def test_a_part_that_is_missing_is_noticed() -> None:
    assert complaints({"schema": 1, "kind": "init"}) == ["'folder' is a required property"]


def test_every_kind_of_document_is_checked_here() -> None:
    printed = set[str]()
    for file in (REPOSITORY / "cynthus/cli").rglob("*.py"):
        printed |= {kind for kind in KINDS if f'document("{kind}"' in file.read_text().replace("\n        ", "")}
    assert printed == KINDS.keys()
