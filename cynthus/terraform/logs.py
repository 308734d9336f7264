"""Where Terraform's output is kept, for whoever looks for the cause of a failure."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 20

_NAME = re.compile(r"([0-9]{6})-[a-z]+\.jsonl")


class Log(Struct, frozen=True):
    """The two files of one command: what it said (`-json` lines or text), and its stderr."""

    stdout: Path

    @property
    def stderr(self) -> Path:
        return self.stdout.with_suffix(".stderr")


def new_log(folder: Path, verb: str) -> Log:
    """A place for the output of one more command; of the older ones the newest stay.

    Both files exist afterwards, empty and readable by nobody else: provisioners print what they like.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    logs = _numbered(folder)
    for number in sorted(logs)[: -KEPT + 1]:
        logs[number].stdout.unlink(missing_ok=True)
        logs[number].stderr.unlink(missing_ok=True)
    number = max(logs, default=0) + 1
    while True:
        log = Log(folder / f"{number:06}-{verb}.jsonl")
        try:
            _create(log.stdout)
        except FileExistsError:
            number += 1
            continue
        _create(log.stderr)
        return log


def _create(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _numbered(folder: Path) -> dict[int, Log]:
    found = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return {int(match[1]): Log(path) for match, path in found if match}
