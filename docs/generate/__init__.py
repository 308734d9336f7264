"""Makes docs/reference from the code, so that it says what the code does.

    python -m docs.generate            writes it
    python -m docs.generate --check    says what is stale, exit code 2
"""

from __future__ import annotations

import json
from pathlib import Path

from docs.generate import cli, documents, environment, errors, exit_codes, simulated_cloud, spec

REFERENCE = Path(__file__).parents[1] / "reference"

NOTE = "<!-- Made by `python -m docs.generate`: change the code, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """The whole reference: each file, relative to docs/reference, with its text."""
    texts = {
        "cli.md": cli.page(),
        "spec.md": spec.page(),
        "errors.md": errors.page(),
        "exit-codes.md": exit_codes.page(),
        "environment.md": environment.page(),
        "json.md": documents.page(),
        "simulated-cloud.md": simulated_cloud.page(),
    }
    schemas = {"cynthus.yaml.json": spec.schema(), **documents.schemas()}
    return {
        **{name: NOTE + text for name, text in texts.items()},
        **{f"schema/{name}": json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()},
    }


def stale(folder: Path = REFERENCE) -> list[str]:
    """The files that differ from what the code says, and those that it no longer has."""
    wanted = pages()
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    different = {name for name, text in wanted.items() if name not in there or _text(folder / name) != text}
    return sorted(different | (there - wanted.keys()))


def write(folder: Path = REFERENCE) -> list[str]:
    """Bring the reference up to date; gives the files that changed."""
    changed, wanted = stale(folder), pages()
    for name in changed:
        path = folder / name
        if name not in wanted:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[name], encoding="utf-8")
    return changed


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
