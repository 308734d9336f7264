"""The program's own modules: those that lie in its folder."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cynthus.images.names import NAMESPACES, table

if TYPE_CHECKING:
    from collections.abc import Collection

_ENDINGS = (".py", ".pyx", ".so", ".pyd")


class Local:
    """What can be imported from the folder. `folder` is the app's, `source` the one in it where the program starts.

    Looked at are the folders from the importing file up to the source, `src` and `lib` in each, and the app's folder:
    that a module lies there is enough, also if .gitignore leaves it out. What lies beside a file of a package is found
    only through the package, so a `yaml.py` there does not hide a package that is known. Where the program changes
    `sys.path` (`anywhere`), a module of its own may lie in any folder: `paths` are those of all its files.
    """

    def __init__(self, folder: Path, source: Path, paths: Collection[str], *, anywhere: bool) -> None:
        self._folder, self._source = folder, source
        self._anywhere = _tops(paths) if anywhere else frozenset[str]()
        self._in, self._all_of = cache(_holds), cache(_owns)
        self._is_package = cache(_is_package)

    def has(self, module: str, path: str) -> bool:
        """Whether a file at that path below the source imports a module of the program's own, by its dotted name."""
        top, _, rest = module.partition(".")
        inner = rest.partition(".")[0]
        return self.owns(top, path) or any(self._in(place, top, inner) for place in self._places(path))

    def owns(self, top: str, path: str) -> bool:
        """Whether all modules of that first name are the program's own, for such a file."""
        if top in self._anywhere or any(self._all_of(place, top) for place in self._places(path)):
            return True
        beside = (self._source / path).parent
        return self._is_package(beside) and self._all_of(beside, top) and top not in table()

    def _places(self, path: str) -> list[Path]:
        above = [self._source / each for each in PurePosixPath(path).parents]
        places = [*(each for each in above if not self._is_package(each)), self._source, self._folder]
        return [each for place in dict.fromkeys(places) for each in (place, place / "src", place / "lib")]


def _is_package(folder: Path) -> bool:
    return os.path.lexists(folder / "__init__.py")


def _tops(paths: Collection[str]) -> frozenset[str]:
    """Modules, and folders with modules in them, wherever they lie but in a package."""
    files = [PurePosixPath(path) for path in paths]
    packages = {file.parent for file in files if file.name == "__init__.py"}
    modules = {file.stem for file in files if file.parent not in packages}
    folders = {file.parent.name for file in files if file.parent.parent not in packages}
    return frozenset((modules | folders) - {""})


def _holds(place: Path, name: str, inner: str) -> bool:
    """Whether a module or package of that name, with `inner` in it, can be imported from a folder.

    A folder without `__init__.py`, or of a name that packages are known to share, holds what is in it, and no more.
    """
    package = place / name
    if _owns(place, name):
        return True
    if inner:
        return _is_module(package, inner) or _has_modules(package / inner)
    return _has_modules(package) or any(_has_modules(each) for each in _folders(package) if each.name.isidentifier())


def _owns(place: Path, name: str) -> bool:
    return _is_module(place, name) or (_is_package(place / name) and name not in NAMESPACES)


def _is_module(folder: Path, name: str) -> bool:
    return any(os.path.isfile(folder / f"{name}{ending}") for ending in _ENDINGS)  # noqa: PTH113 - Path.is_file raises


def _has_modules(folder: Path) -> bool:
    """Whether it is a package, with an `__init__.py` or without. A folder of data that is called like one is none."""
    try:
        with os.scandir(folder) as entries:
            return any(entry.name.endswith(_ENDINGS) for entry in entries)
    except OSError:
        return False


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []
