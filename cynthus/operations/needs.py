"""What the app's environment needs: its requirements, found or inferred, and its Python."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.agent import listing
from cynthus.core.program import named_script
from cynthus.errors import RequirementsUnreadable
from cynthus.images.found import IMPORTS
from cynthus.operations.site import root_of
from cynthus.render.folder import REQUIREMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.core.data import DataSource
    from cynthus.core.spec import AppSpec
    from cynthus.images.found import Found
    from cynthus.images.python import Python

MOST_NAMES = 8
"""How many packages a line names."""

_TRACES = ("pyproject.toml", "environment.yml", "environment.yaml", ".python-version")


class Needs(Struct, frozen=True):
    """`requirements` is the file to install from, relative to the app's folder.

    `listed` is what that file holds where we write it, in the rendered folder, and `origin` where its lines are from.
    `python` None: that of the machine; `asked_by` is the file that asks for another.
    """

    requirements: str | None = None
    listed: bytes | None = None
    origin: str = ""
    python: str | None = None
    asked_by: str = ""
    warnings: tuple[str, ...] = ()
    allowed: str = ""
    """The range of versions of Python that the app allows, where it names a range and the spec names none."""

    @property
    def asked_in(self) -> str | None:
        """The file of the user's that a requirement is to be added to; None where there is none yet."""
        if self.listed is None:
            return self.requirements
        return None if self.origin == IMPORTS else self.origin.partition(" ")[0]

    @property
    def packages(self) -> tuple[str, ...]:
        """What the lines name that we write."""
        return names_in(self.listed or b"")


class _Entry(Struct, frozen=True):
    path: str
    wanted: None = None


class _Layout(Struct, frozen=True):
    source: str
    outputs: str
    checkpoints: str
    data: tuple[_Entry, ...]
    preprocess: tuple[str, ...]


def find_needs(
    folder: Path, spec: AppSpec, source: Path, data: Sequence[DataSource], requirements: str | None
) -> Needs:
    """Look for what the spec leaves open. `requirements` is the file that was found by name already.

    Raises:
        RequirementsUnreadable: a file that decides cannot be read as what it is.
    """
    places = [place for place in (source, folder) if any(os.path.lexists(place / name) for name in _TRACES)]
    decided = requirements is not None or spec.requirements == "none"
    python = _python(places, spec, strict=not decided)
    found = _translated(folder, spec, requirements)
    warnings = python.warnings
    if not decided:
        found, more = _looked_for(folder, spec, source, data, places, python)
        warnings += more
    if found is None or not found.lines:
        warnings += found.warnings if found else ()
        return Needs(
            requirements, python=python.version, asked_by=python.origin, warnings=warnings, allowed=python.specifier
        )
    from cynthus.images.requirements import document

    file = (root_of(folder, spec.target) / REQUIREMENTS).relative_to(folder).as_posix()
    warnings += found.warnings
    return Needs(file, document(found), found.origin, python.version, python.origin, warnings, python.specifier)


def told(needs: Needs, content: bytes) -> str:
    """One line about requirements that we write; `content` is the file with the user's edits in it."""
    names = names_in(content)
    some = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")
    edits = ", with your edits" if content != needs.listed else ""
    return f"requirements: {some or 'none'} (from {needs.origin}{edits}) -> {needs.requirements}"


def names_in(content: bytes) -> tuple[str, ...]:
    """The packages that lines of requirements name."""
    lines = (line.partition(" #")[0].strip() for line in content.decode("utf-8", "replace").splitlines())
    named = (line for line in lines if line and not line.startswith(("#", "-")))
    return tuple(dict.fromkeys(_name(line) for line in named))


def _name(line: str) -> str:
    for end in (";", "@", "[", "=", "<", ">", "!", "~"):
        line = line.partition(end)[0]
    return line.strip()


def _python(places: Sequence[Path], spec: AppSpec, *, strict: bool) -> Python:
    """The version that the files ask for, or what is wrong with the one that the spec names.

    Where the requirements stand elsewhere, a file that cannot be read is no reason to stop (`strict`).
    """
    from cynthus.images.python import Python

    if not places or spec.image.base is not None:
        return Python()
    from cynthus.images import python
    from cynthus.images.requirements import python_of

    try:
        wanted = python_of(places)
    except RequirementsUnreadable as error:
        if strict:
            raise
        return Python(warnings=(f"{error.message}; nothing was read of it",))
    if spec.image.python is None:
        return python.choose(places, wanted)
    wrong = python.contradiction(spec.image.python, wanted)
    return Python(warnings=(f"{wrong}, which `image.python` names",)) if wrong else Python()


def _translated(folder: Path, spec: AppSpec, requirements: str | None) -> Found | None:
    """The lines of a file that the spec names and that pip does not read: a pyproject.toml, say."""
    if requirements is None or requirements.endswith(".txt"):
        return None
    from cynthus.images import requirements as room
    from cynthus.images.found import unreadable

    file = folder / requirements
    if not room.is_foreign(file.name):
        return None
    found = room.translate(file, root_of(folder, spec.target))
    if found is None or not found.origin:
        raise unreadable(file, "it lists no requirements")
    return found


def _looked_for(
    folder: Path, spec: AppSpec, source: Path, data: Sequence[DataSource], places: Sequence[Path], python: Python
) -> tuple[Found | None, tuple[str, ...]]:
    left: tuple[str, ...] = ()
    if places:
        from cynthus.images.requirements import find

        found = find(places, root_of(folder, spec.target))
        if found is not None and found.origin:
            return found, ()
        left = found.warnings if found else ()
    from cynthus.images.imports import Program, infer

    below = os.path.relpath(source, folder)
    entries = tuple(_Entry(each.origin) for each in data)
    layout = _Layout(below, spec.outputs, spec.checkpoints, entries, spec.preprocess.run if spec.preprocess else ())
    version = tuple(map(int, python.version.split("."))) if python.version else sys.version_info[:2]
    program = Program(
        folder, source, listing.files(folder, layout), named_script(spec.run), (version[0], version[1]),
        more_paths="PYTHONPATH" in spec.env,
    )
    return infer(program), left
