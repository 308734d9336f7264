"""Jinja as it is used here: it decides structure and never carries a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cynthus.errors import InternalError

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,61}\Z")


def environment(templates: Path) -> Environment:
    """An environment for templates that are addressed relative to the folder `templates`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(  # noqa: S701 - the output is HCL and not HTML; no text of the user's gets into it
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["hcl"] = hcl
    return made


def hcl(text: object) -> str:
    """A name for a block. Text cannot be escaped into HCL safely, so what is no plain name is refused.

    Raises:
        InternalError: it is not; a value belongs into terraform.tfvars.json.
    """
    if not isinstance(text, str) or not _IDENTIFIER.match(text):
        raise InternalError(f"a template would write {text!r} as a name", hint="run it with --debug and report this")
    return text
