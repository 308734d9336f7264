"""What others read from the README: blocks of it that have a name."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def readme_block(marker: str) -> str:
    """The lines below `<!-- marker -->`."""
    found = re.search(rf"<!-- {marker} -->\n```\n(.*?)```\n", README.read_text(), re.DOTALL)
    assert found is not None, f"the README has no block {marker!r}"
    return found[1]
