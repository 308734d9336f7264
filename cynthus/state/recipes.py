"""What environments were made of, kept at home: a folder for each, named by its hash, with the files that were read."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from cynthus.files import write_json
from cynthus.writing import writing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

_RECORD = "recipe.json"
_FILES = "files"


class Recipe(Struct, frozen=True):
    """How an environment is made. `requirements` and `dockerfile` are paths below the folder `files`, or None.

    All else is as it was then.
    """

    runtime: Literal["venv", "container"]
    requirements: str | None = None
    dockerfile: str | None = None
    python: str | None = None
    base: str | None = None
    apt: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


class Recipes:
    """The recipes below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, recipe: Recipe, files: Mapping[str, Path]) -> None:
        """Keep the recipe of the environment `name`, with a copy of each file by its path below `files`; once.

        Raises:
            FolderNotWritable, DiskFull: it cannot be written.
            OSError: a file cannot be read.
        """
        if self.load(name) is not None:
            return
        fresh = self._folder / f".{name}.{os.urandom(4).hex()}.part"
        try:
            with writing(fresh):
                (fresh / _FILES).mkdir(parents=True)
                for path, file in files.items():
                    (fresh / _FILES / path).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, fresh / _FILES / path)
                write_json(fresh / _RECORD, msgspec.to_builtins(recipe))
                # What is left of one that was damaged gives way.
                shutil.rmtree(self._folder / name, ignore_errors=True)
                os.replace(fresh, self._folder / name)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def load(self, name: str) -> tuple[Recipe, Path] | None:
        """The recipe of that name and the folder of its files; None where there is none that can be read."""
        folder = self._folder / name
        try:
            recipe = msgspec.json.decode((folder / _RECORD).read_bytes(), type=Recipe)
        except (OSError, msgspec.MsgspecError):
            return None
        named = [each for each in (recipe.requirements, recipe.dockerfile) if each is not None]
        files = folder / _FILES
        return (recipe, files) if all((files / each).is_file() for each in named) else None

    def forget(self, name: str) -> None:
        """Delete the recipe of that name; fine where there is none."""
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def prune(self, wanted: Collection[str]) -> None:
        """Delete all but those that are wanted, and what was cut off."""
        if self._folder.is_dir():
            for each in list(self._folder.iterdir()):
                if each.name not in wanted:
                    shutil.rmtree(each, ignore_errors=True)
