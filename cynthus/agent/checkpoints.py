"""What a deployment's checkpoints begin with, and a record of that: home tells by it what was changed there since."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent.failure import SOURCE, Failure
from cynthus.files import write_atomic

if TYPE_CHECKING:
    from cynthus.agent.home import Home

_SCHEMA = 1
CUT_OFF = re.compile(r"\.[0-9a-f]{8}\.part")
"""What a pull that was cut off leaves at home: no checkpoint."""


def begin(home: Home, saved: Path) -> None:
    """A deployment that is made again goes on from what the last one saved; one that stands keeps its own.

    Pipes, sockets and devices are left out.

    Raises:
        Failure: a saved file cannot be read.
        OSError: the copy cannot be written.
    """
    if home.checkpoints.exists():
        return
    import shutil

    partial = home.folder / f".checkpoints.{os.urandom(4).hex()}.part"
    try:
        signs = _copy(saved, partial) if saved.is_dir() else {}
        # First the record: home would take a checkpoint that is not in it for one of the user's.
        record(home.checkpoints_begun, signs)
        if partial.exists():
            os.replace(partial, home.checkpoints)
    except shutil.Error as error:
        file, _, why = error.args[0][0]
        raise Failure(f"{file}: {why}", hint="mend or remove that checkpoint, and try again", code=SOURCE) from None
    finally:
        if partial.exists():
            shutil.rmtree(partial)


def _copy(saved: Path, target: Path) -> dict[str, list[object]]:
    """Copy a folder; gives what tells each version: a file's bytes and last change in nanoseconds, a link's target."""
    import shutil

    signs: dict[str, list[object]] = {}

    def copy(source: str, into: str) -> None:
        # Looked at before: what is changed while it is copied is another version than this one.
        found = os.lstat(source)
        if not stat.S_ISREG(found.st_mode):
            return
        shutil.copyfile(source, into)
        os.chmod(into, stat.S_IMODE(found.st_mode))  # noqa: PTH101 - copytree gives texts
        os.utime(into, ns=(found.st_atime_ns, found.st_mtime_ns))
        signs[os.path.relpath(source, saved)] = [[found.st_size, found.st_mtime_ns]]

    # A link leads where it leads, or nowhere: both were so at home.
    shutil.copytree(saved, target, symlinks=True, copy_function=copy, ignore=_cut_off)
    for link in _links(target):
        signs[os.path.relpath(link, target)] = [os.readlink(link)]  # noqa: PTH115 - its own words
    return signs


def _cut_off(_: str, names: list[str]) -> set[str]:
    return {name for name in names if CUT_OFF.fullmatch(name)}


def _links(top: Path) -> list[Path]:
    found = [Path(folder, name) for folder, names, files in os.walk(top) for name in (*names, *files)]
    return [path for path in found if path.is_symlink()]


def record(path: Path, signs: dict[str, list[object]]) -> None:
    """As `cynthus.state.known` reads it. ASCII with escapes: a name need not be UTF-8."""
    began = {"schema": _SCHEMA, "began": os.urandom(8).hex(), "files": signs}
    write_atomic(path, json.dumps(began).encode() + b"\n")
