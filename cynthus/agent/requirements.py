"""A requirements file and everything it names on this machine."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from cynthus.agent.failure import ENVIRONMENT, Failure

_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[\s=]+(.+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PACKED = (".whl", ".tar.gz", ".zip")
_PROJECT_FILES = (".py", ".toml", ".cfg", ".txt", ".c", ".pyx")
NOT_OF_A_PROJECT = ("build", "__pycache__", ".git", ".venv")
"""Folders that are made beside a package and never part of it."""


def files(path: Path) -> list[Path]:
    """The file, those it includes (`-r`, `-c`), and the packages that it names by a path; the file itself first.

    Raises:
        Failure: one of them cannot be read.
    """
    return list(_collected(path))


def packages(path: Path) -> list[Path]:
    """Of these the packages: files and folders to install, not to read.

    Raises:
        Failure: a requirements file cannot be read.
    """
    return [each for each, package in _collected(path).items() if package]


def root(path: Path) -> Path:
    """The folder that holds all of them.

    Raises:
        Failure: a requirements file cannot be read.
    """
    return Path(os.path.commonpath([each.parent for each in files(path)]))


def names(path: Path) -> frozenset[str]:
    """The packages that it names, and those that its includes do, as PyPI spells them.

    Raises:
        Failure: a file cannot be read.
    """
    found = set()
    for file, package in _collected(path).items():
        for statement in [file.name] if package else [_statement(line) for line in _text(file).splitlines()]:
            last = statement.partition(";")[0].strip().rpartition("/")[2]
            packed = re.split(r"-(?=[0-9])", last)[0] if last.endswith(_PACKED) else statement
            named = _NAME.match(packed)
            found |= {re.sub(r"[-_.]+", "-", named[0]).lower()} if named else set()
    return frozenset(found)


def texts(path: Path) -> list[tuple[str, bool]]:
    """What the requirements files say, each with whether it only constrains (`-c`), with lines joined that go on.

    Raises:
        Failure: one of them cannot be read.
    """
    found: dict[Path, tuple[str, bool]] = {}
    waiting = [(path, False)]
    while waiting:
        file, constrains = waiting.pop()
        if file in found and found[file][1] <= constrains:
            continue
        text = _text(file).replace("\\\n", " ")
        found[file] = (text, constrains)
        for line in text.splitlines():
            include = _INCLUDE.fullmatch(_statement(line))
            if include and "://" not in include[1]:
                named = Path(os.path.normpath(file.parent / include[1].strip().strip("\"'")))
                waiting.append((named, constrains or include[0].startswith(("-c", "--c"))))
    return list(found.values())


def digest(path: Path | None) -> str:
    """A hash over all that decides what gets installed; of nothing where there is no file.

    Raises:
        Failure: a file cannot be read.
    """
    total = hashlib.sha256()
    for each in files(path) if path else []:
        for file in _contents(each):
            data = _read(file)
            total.update(f"{os.path.relpath(file, path.parent if path else file)}\0{len(data)}\0".encode())
            total.update(data)
    return total.hexdigest()


def everything(path: Path) -> list[Path]:
    """The same, with all files of a package in the place of its folder: what pip may want to read of it.

    Raises:
        Failure: one of them cannot be read.
    """
    # The app's own folder may hold its data, too.
    return [file for each in files(path) for file in _contents(each, _PROJECT_FILES if each == path.parent else "")]


def is_empty(path: Path) -> bool:
    """Whether nothing is to be installed: only comments and blank lines."""
    return not any(_statement(line) for line in _text(path).splitlines())


def _collected(path: Path) -> dict[Path, bool]:
    """All of them, in order, and whether each is a package."""
    found: dict[Path, bool] = {}
    _collect(path, path.parent, found)
    return found


def _collect(path: Path, folder: Path, found: dict[Path, bool]) -> None:
    if path in found:
        return
    found[path] = False
    for line in _text(path).replace("\\\n", " ").splitlines():
        statement = _statement(line)
        include = _INCLUDE.fullmatch(statement)
        if include and "://" not in include[1]:
            # pip resolves an include against the file that has it, and a package against where it was started.
            _collect(Path(os.path.normpath(path.parent / include[1].strip().strip("\"'"))), folder, found)
        elif statement and not include:
            _collect_package(statement, folder, found)


def _collect_package(statement: str, folder: Path, found: dict[Path, bool]) -> None:
    named = re.sub(r"^(-e|--editable)[\s=]+", "", statement).split(" ;")[0].split(" @ ")[-1].strip()
    named = re.sub(r"\[[^]]*\]$", "", named.removeprefix("file://"))
    if "://" in named or not ("/" in named or named.endswith(_PACKED)):
        return
    path = Path(os.path.normpath(folder / named))
    if path.exists():
        found.setdefault(path, True)


def _contents(path: Path, endings: str | tuple[str, ...] = _PROJECT_FILES) -> list[Path]:
    if not path.is_dir():
        return [path]
    kept: list[Path] = []
    for folder, names, entries in os.walk(path):
        names[:] = sorted(name for name in names if name not in NOT_OF_A_PROJECT and not name.endswith(".egg-info"))
        kept += [Path(folder) / name for name in sorted(entries) if name.endswith(endings)]
    return kept


def _statement(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line).strip()


def _text(path: Path) -> str:
    return _read(path).decode("utf-8", errors="replace")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Failure(f"{path}: {reason}", hint="mend the requirements file", code=ENVIRONMENT) from None
