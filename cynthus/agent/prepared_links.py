"""Links in what was prepared. They must lead to the same in the next run, when the folder has its final name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def wrong(part: Path, going: Sequence[str], staying: Sequence[str] = ()) -> str | None:
    """What is wrong with one of them. `going` are folders that go with the run or get another name, but for what is
    `staying` of them."""
    for link in _links(part):
        target = os.readlink(link)  # noqa: PTH115 - the text
        name = os.path.relpath(link, part)
        if os.path.isabs(target):  # noqa: PTH117 - as above
            found = (os.path.normpath(target), os.path.realpath(target))
            if any(_within(each, going) and not _within(each, staying) for each in found):
                return f"{name} is a link to {target}, which goes with this run"
        elif _within(os.path.normpath(os.path.join(os.path.dirname(name), target)), [".."]):  # noqa: PTH118, PTH120
            return f"{name} is a link to {target}, which leads out of it"
    return None


def _within(path: str, folders: Sequence[str]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in folders)


def _links(part: Path) -> Iterator[str]:
    for folder, names, files in os.walk(part):
        yield from (path for name in (*names, *files) if os.path.islink(path := f"{folder}/{name}"))  # noqa: PTH114
