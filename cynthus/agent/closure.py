"""Which files of the source decide what a command does.

Of a Python file or module of the source that is run: it, what it imports of the source, and what the command names too.
Modules are found by reading, and nothing is run. Where reading does not tell (a module named by a computed text, or
another syntax than that of this Python), all modules of the source count; of any other program (a script of a shell, a
Makefile, `-c`) the whole source does: to prepare once too often costs time, once too seldom gives wrong results.
"""

from __future__ import annotations

import ast
import os
import warnings
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import python_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cynthus.agent.python_program import Program

_UNCLEAR = frozenset([
    "import_module", "__import__", "exec", "run_path", "run_module", "spec_from_file_location", "SourceFileLoader",
])
_SETS_PATH = f"{python_program.PATH}="
_AT_ONCE = ("sitecustomize", "usercustomize")
"""What Python imports by itself, from PYTHONPATH."""


class _Imported(NamedTuple):
    """A module as it is written: `level` dots before it."""

    name: str
    level: int = 0


def closure(
    app: Path, command: Sequence[str], source: Sequence[str], inside: str = "", path: str = ""
) -> tuple[str, ...]:
    """The paths, below the app's folder. `source` are those of all of the source's files; `inside` is where the command
    finds the app's folder, if not where it lies; `path` is its PYTHONPATH.

    Of a folder that the command names all files count.
    """
    words = _Words(app, inside)
    named = {path for word in command if not word.startswith(_SETS_PATH) for path in words.paths(word)}
    program = python_program.read(command)
    if program is None or "" in named:
        return tuple(sorted(source))
    told = (*python_program.entries(path), *program.path)
    roots = {found for each in told for found in words.paths(each)}
    begun = _begun(words, program, {"", *roots})
    if not begun:
        return tuple(sorted(source))
    folders = tuple(f"{each}/" for each in named)
    # An entry of PYTHONPATH may be an archive.
    files = {*begun, *filter(words.file, named | roots)}
    plain = files.union(each for each in source if each.startswith(folders))
    walk = _Walk(app, {"", *roots, *(os.path.dirname(each) for each in files)})  # noqa: PTH120 - texts, relative
    try:
        walk.take_all(iter(plain))
        for module in filter(None, (program.module, *(_AT_ONCE if told else ()))):
            walk.take_all(walk.found(_Imported(module), ""))
    except _Unclear:
        walk.seen.update(plain, (each for each in source if each.endswith(".py")))
    return tuple(sorted(walk.seen))


def _begun(words: _Words, program: Program, roots: set[str]) -> list[str]:
    """The file with which Python begins, if the source has it; more than one where more roots have it."""
    if not program.module:
        return [path for path in words.paths(program.file) if words.file(path)]
    below = program.module.replace(".", "/")
    files = {f"{root}/{below}{end}".lstrip("/") for root in roots for end in (".py", "/__main__.py")}
    return sorted(filter(words.file, files))


class _Words:
    """What of the source the words of a command name."""

    def __init__(self, app: Path, inside: str) -> None:
        self._top = os.path.realpath(app)
        self._inside = inside or self._top

    def paths(self, word: str) -> Iterator[str]:
        """The paths that it may mean, also behind a `=`: below the app's folder, '' for itself, links followed."""
        while word:
            path = "/" if "\0" in word else os.path.normpath(os.path.join(self._inside, word))  # noqa: PTH118 - texts
            if path == self._inside or path.startswith(f"{self._inside}/"):
                path = os.path.realpath(self._top + path[len(self._inside) :])
                if path == self._top or path.startswith(f"{self._top}/"):
                    yield path[len(self._top) + 1 :]
            word = word.partition("=")[2]

    def file(self, path: str) -> bool:
        return os.path.isfile(f"{self._top}/{path}")  # noqa: PTH113 - a name may be too long for Path.is_file


class _Unclear(Exception):
    """Reading does not tell what a file imports."""


class _Walk:
    """The files found so far. `roots` are where Python looks for a module: folders below the app's, '' for itself."""

    def __init__(self, app: Path, roots: set[str]) -> None:
        self._app = app
        self._roots = sorted(roots)
        self.seen: set[str] = set()

    def take(self, path: str) -> None:
        """One more, with all that it imports."""
        if path in self.seen:
            return
        self.seen.add(path)
        if path.endswith(".py"):
            folder = os.path.dirname(path)  # noqa: PTH120 - as above
            for imported in _imports(self._app / path):
                self.take_all(self.found(imported, folder))

    def take_all(self, paths: Iterator[str]) -> None:
        for each in paths:
            self.take(each)

    def found(self, imported: _Imported, folder: str) -> Iterator[str]:
        """The files of the source that a module in `folder` loads for it: the packages that it is in, and its own."""
        steps = imported.name.split(".") if imported.name else []
        for root in self._roots_of(imported.level, folder):
            for count in range(len(steps) + 1):
                below = "/".join([*([root] if root else []), *steps[:count]])
                candidates = (f"{below}/__init__.py" if below else "__init__.py", f"{below}.py")
                yield from (each for each in candidates[0 if count or imported.level else 1 :] if self._there(each))

    def _roots_of(self, level: int, folder: str) -> list[str]:
        if not level:
            # A script that is run by `-m`, or from elsewhere, may look beside itself.
            return sorted({*self._roots, folder})
        steps = folder.split("/") if folder else []
        return ["/".join(steps[: len(steps) - level + 1])] if level <= len(steps) + 1 else []

    def _there(self, path: str) -> bool:
        return os.path.isfile(self._app / path)  # noqa: PTH113 - as above


def _imports(file: Path) -> Iterator[_Imported]:
    """Every module that is imported anywhere in it. Raises: _Unclear."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        raise _Unclear from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (_Imported(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield _Imported(module, node.level)
            for alias in node.names:
                yield _Imported(f"{module}.{alias.name}" if module else alias.name, node.level)
        elif _is_unclear(node):
            raise _Unclear


def _is_unclear(node: ast.AST) -> bool:
    """Whether it may import by a computed name, or change where modules are looked for."""
    if isinstance(node, ast.Attribute):
        return node.attr in _UNCLEAR or (node.attr == "path" and getattr(node.value, "id", "") == "sys")
    return isinstance(node, ast.Name) and node.id in _UNCLEAR
