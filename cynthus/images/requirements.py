"""Where an app's requirements stand if there is no requirements.txt, and which Python its files ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.images import conda, lock, project
from cynthus.images.found import Found, Place, unreadable
from cynthus.images.python import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FOR = "the requirements of this app"


def find(places: Sequence[Path], written_in: Path) -> Found | None:
    """The requirements of the first file that has any: in each place uv.lock with its pyproject.toml, pyproject.toml,
    environment.yml. None where none has; without an origin where one leaves them to a build.

    Paths in the lines are written from `written_in`.

    Raises:
        RequirementsUnreadable: one of them is there and cannot be read, or is wrong.
    """
    left: Found | None = None
    for file in _files(places):
        found = translate(file, written_in)
        if found is not None and found.origin:
            return found
        left = left or found
    return left


def translate(file: Path, written_in: Path) -> Found | None:
    """What one such file lists; None where it lists no requirements.

    Raises:
        RequirementsUnreadable: as above.
    """
    place = Place(file.parent, written_in)
    if file.suffix in (".yml", ".yaml"):
        return conda.read(file, place).found
    locked, beside = file.with_name(lock.NAME), file.with_name(project.NAME)
    content = project.toml(beside)
    name = project.table(content, "project").get("name")
    # A lock of a workspace whose root is no project says nothing about what lies here.
    if not name or not _is_there(locked):
        return project.read(beside, place)
    return lock.read(locked, str(name), place, project.named_indexes(content).values())


def is_foreign(name: str) -> bool:
    """Whether a file of that name lists requirements in a way that pip does not read."""
    return name in (project.NAME, lock.NAME) or name.endswith((".yml", ".yaml"))


def python_of(places: Sequence[Path]) -> tuple[Wanted, ...]:
    """What the files of all places ask of Python.

    Raises:
        RequirementsUnreadable: as above.
    """
    return tuple(wanted for file in _files(places) if (wanted := _python_of(file)) is not None)


def document(found: Found) -> bytes:
    """The lines as a file that is the user's to read, edit and keep: the same bytes for the same lines."""
    first = (
        f"# Written by Cynthus from {found.origin}: {_FOR}, for pip and uv.",
        "# Edit it: your lines stay when it is written again. Moved to ./requirements.txt it is yours alone.",
    )
    return "\n".join((*first, *found.lines, "")).encode("utf-8", "replace")


def _files(places: Sequence[Path]) -> list[Path]:
    files = [place / name for place in dict.fromkeys(places) for name in (project.NAME, *conda.NAMES)]
    return [file for file in files if _is_there(file)]


def _python_of(file: Path) -> Wanted | None:
    if file.name in conda.NAMES:
        specifier = conda.read(file, Place(file.parent, file.parent)).python
        return Wanted(specifier, file.name) if specifier else None
    content = project.toml(file)
    told = project.table(content, "project").get("requires-python")
    poetry = project.table(content, "tool", "poetry", "dependencies").get("python")
    if isinstance(told, str):
        return Wanted(told, f"{file.name} (requires-python)")
    return Wanted(_of_poetry(file, poetry), f"{file.name} (Poetry)") if isinstance(poetry, str) else None


def _of_poetry(file: Path, text: str) -> str:
    from cynthus.images.poetry import constraint

    try:
        return constraint(text)
    except ValueError as error:
        raise unreadable(file, f"[tool.poetry.dependencies] python: {error}") from None


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
