"""What deptry reads of a program: every absolute import, also in a text that the Python that runs us cannot parse.

It runs as a process of its own: there are texts on which its parser ends the process that it is in.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cynthus import process
from cynthus.process import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.images.snapshot import Text

PATIENCE = 120.0
"""Seconds. It reads some ten thousand files in one."""


class Parsed(NamedTuple):
    """The top-level modules that a text imports, each with a line of it; None where it is no Python."""

    modules: tuple[tuple[str, int], ...] | None


def parse(texts: Sequence[Text]) -> list[Parsed]:
    """One answer a text."""
    # It reads files only. Theirs may have names that it does not take, and may change meanwhile.
    with tempfile.TemporaryDirectory(prefix="cynthus-imports-") as folder:
        files = [f"{number}.py" for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            (Path(folder) / file).write_bytes(text.content)
        found = _read(folder, files)
    return [found[file] for file in files]


def _read(folder: str, files: Sequence[str]) -> dict[str, Parsed]:
    """Ask for all at once. Where that ends badly, ask for half of them at a time, until it is known which it is."""
    answer = _asked(folder, files)
    if answer is not None:
        return {file: _parsed(answer.get(file)) for file in files}
    if len(files) == 1:
        return {files[0]: Parsed(None)}
    half = len(files) // 2
    return _read(folder, files[:half]) | _read(folder, files[half:])


def _asked(folder: str, files: Sequence[str]) -> dict[str, object] | None:
    argv = (sys.executable, "-P", "-m", "cynthus.images.deptry_reads", *files)
    # The parser wants the package that runs now, wherever that lies.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        answer = process.run(Command(argv, cwd=Path(folder), env=environment), timeout=PATIENCE)
        found = json.loads(answer.stdout) if answer.returncode == 0 else None
    except (process.CommandTimeout, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _parsed(value: object) -> Parsed:
    if not isinstance(value, list):
        return Parsed(None)
    return Parsed(tuple((str(module), int(line)) for module, line in value))
