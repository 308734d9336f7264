"""The program's texts as they are at one moment: everything that is told of them is told of the same bytes."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LARGEST = 20_000_000
"""Bytes of a text that somebody has written."""

_START = re.compile(
    r"(?:^|[;:])[ \t\f]*(?:from[ \t]+(?P<module>\w[\w.]*)|import[ \t]+(?P<names>[^;#\n]*))", re.MULTILINE
)
_INDENTED = re.compile(r"(?:^[ \t\f]+|[;:][ \t\f]*)(?:from|import)\b|import[ \t]*\\", re.MULTILINE)
_UNCLEAR = re.compile(r"import_module|__import__|\b(?:from|import)[ \t]*\\")


class Text(NamedTuple):
    """One file; `path` is relative to the source. A notebook has a text for each of its cells."""

    path: str
    content: bytes


class Snapshot(NamedTuple):
    """The texts that could be read, and what is to be told of the others."""

    texts: tuple[Text, ...]
    warnings: tuple[str, ...]


def take(source: Path, paths: Iterable[str]) -> Snapshot:
    """Read Python files and notebooks. What cannot be read, is huge, or is no plain file any more is left out."""
    texts, warnings = list[Text](), list[str]()
    for path in paths:
        try:
            content = _content(source / path)
        except OSError as error:
            warnings.append(f"{shown(path)} cannot be read: {(error.strerror or str(error)).lower()}")
            continue
        if content is None:
            warnings.append(f"{shown(path)} is over {LARGEST // 1_000_000} MB, so nobody looked for imports in it")
        elif path.endswith(".ipynb"):
            _add_cells(path, content, texts, warnings)
        else:
            texts.append(Text(path, content))
    return Snapshot(tuple(texts), tuple(warnings))


def shown(path: str) -> str:
    """A path as it can be printed on one line."""
    return path if path.isprintable() else ascii(path)


def names_in(text: Text) -> frozenset[str] | None:
    """The modules that it may import, by a quick look that rather finds too many; None where only a parser can tell."""
    source = text.content.decode("utf-8-sig", errors="replace").replace("\r", "\n")
    if _UNCLEAR.search(source):
        return None
    found = set[str]()
    for match in _START.finditer(source):
        listed = [match["module"]] if match["module"] else match["names"].split(",")
        found |= {name.strip().partition(" ")[0].partition(".")[0] for name in listed}
    return frozenset(found - {""})


def is_flat(text: Text) -> bool:
    """Whether every import stands at the beginning of its line, and so under no condition."""
    return not _INDENTED.search(text.content.decode("utf-8-sig", errors="replace").replace("\r", "\n"))


def _content(file: Path) -> bytes | None:
    """Its bytes; None if it is too large.

    Raises:
        OSError: it is gone, cannot be read, or is something else by now.
    """
    # Whoever opens a pipe for reading waits for a writer.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is no plain file")
        if found.st_size > LARGEST:
            return None
        content = stream.read(LARGEST + 1)
    return content if len(content) <= LARGEST else None


def _add_cells(path: str, content: bytes, texts: list[Text], warnings: list[str]) -> None:
    """The code of a notebook, without what is IPython's own: `%magic`, `!command` and `name?`."""
    import json

    try:
        document = json.loads(content)
        language = document.get("metadata", {}).get("language_info", {}).get("name", "python")
        cells = [_code(cell) for cell in document["cells"] if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        warnings.append(f"{shown(path)} is no notebook that can be read")
        return
    if str(language).lower() in ("python", "ipython"):
        texts += [Text(path, cell.encode("utf-8", "surrogatepass")) for cell in cells if cell]


def _code(cell: dict[str, object]) -> str:
    source = cell["source"]
    text = source if isinstance(source, str) else "".join(str(line) for line in source)  # type: ignore[attr-defined]  # what is no list is told as no notebook
    lines = text.splitlines()
    if lines and lines[0].startswith("%%") and not lines[0].startswith(("%%time", "%%capture", "%%prun")):
        return ""
    return "\n".join("" if _is_magic(line) else line for line in lines)


def _is_magic(line: str) -> bool:
    return line.lstrip().startswith(("%", "!")) or line.rstrip().endswith("?")
