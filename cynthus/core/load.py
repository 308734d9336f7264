"""Reads cynthus.yaml. Everything that is wrong with it is told at once, each thing at its line and column."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec import structs

from cynthus.core.data import check_data as check_data
from cynthus.core.data import check_entry as check_entry
from cynthus.core.data import model_entry as model_entry
from cynthus.core.misfit import Misfit, quoted
from cynthus.core.names import name_from
from cynthus.core.nodes import Mark, Node, locate
from cynthus.core.program import check_engine as check_engine
from cynthus.core.program import check_preprocess as check_preprocess
from cynthus.core.program import find_dockerfile as find_dockerfile
from cynthus.core.program import find_main as find_main
from cynthus.core.program import find_requirements as find_requirements
from cynthus.core.program import places_of_main as places_of_main
from cynthus.core.reading import Reading, nothing
from cynthus.core.report import Report, end_of
from cynthus.core.suggest import did_you_mean
from cynthus.errors import KeysExclude, SpecError, SpecTooLarge, SpecUnreadable, UnknownTarget, WrongType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.core.spec import AppSpec
    from cynthus.core.values import Value

NAMES = ("cynthus.yaml", "cynthus.yml")
LARGEST = 1_000_000
"""In bytes."""


def load(folder: Path, *, target: str | None = None, known_targets: Sequence[str]) -> AppSpec:
    """What the folder asks for, as `read` reads it.

    Raises:
        SpecError: the file cannot be used, with every problem in it.
        UnknownTarget: `target` is none of `known_targets`.
    """
    reading = read(folder, target=target, known_targets=known_targets)
    reading.close()
    return reading.spec


def read(folder: Path, *, target: str | None = None, known_targets: Sequence[str]) -> Reading:
    """What the folder asks for, and what is wrong with it so far: more can be found before the reading is closed.

    Without a file everything has its default, and the name is the folder's. `target` counts more than the file's own.

    Raises:
        SpecError: nothing can be made of the file, with every problem in it.
        UnknownTarget: `target` is none of `known_targets`.
    """
    if target is not None and target not in known_targets:
        raise UnknownTarget(f"there is no target {quoted(target)}", hint=_targets(target, known_targets))
    file = _choose(folder)
    name = name_from(os.path.basename(os.path.realpath(folder)))  # noqa: PTH119 - a circle of links stops Path.resolve
    text = "" if file is None else _read(file)
    reading = _read_text(text, file=str(file or NAMES[0]), name=name, known_targets=known_targets)
    if target is not None:
        reading.spec = structs.replace(reading.spec, target=target)
    return reading


def parse(text: str, *, file: str, name: str, known_targets: Sequence[str]) -> AppSpec:
    """The text of a cynthus.yaml as a value. `name` is used where it has none; `file` is what problems call it.

    Raises:
        SpecError: with every problem in it.
    """
    reading = _read_text(text, file=file, name=name, known_targets=known_targets)
    reading.close()
    return reading.spec


def _read_text(text: str, *, file: str, name: str, known_targets: Sequence[str]) -> Reading:
    from cynthus.core.document import Composer, Unreadable

    report = Report(file, text)
    root: Node | None = None
    try:
        root = Composer(text, report).compose()
    except Unreadable:
        report.close()
    return _build(root or nothing(), report, name, known_targets)


def _build(root: Node, report: Report, name: str, known_targets: Sequence[str]) -> Reading:
    from cynthus.core.building import build
    from cynthus.core.spec import AppSpec

    values = _values(root, report)
    _check_target(values.get("target"), root, report, known_targets)
    if values.get("name") is None:
        values["name"] = name
    # A value that is broken in itself is reported already; what the spec thinks of its remains helps nobody.
    reported = report.marks()
    spec, flaws = build(AppSpec, values)
    if spec is not None:
        return Reading(spec, values, root, report)
    from cynthus.core.wording import worded

    for mark, misfit in (found for flaw in flaws for found in worded(flaw, root)):
        if mark not in reported:
            report.add(mark, misfit)
    broken = frozenset(str(flaw.path[0]) for flaw in flaws)
    return Reading(_without(broken, values, report), values, root, report, broken)


def _without(broken: frozenset[str], values: dict[str, Value], report: Report) -> AppSpec:
    """What the rest of the file asks for, so that what that names can be looked at too.

    Raises:
        SpecError: the rest makes no sense alone.
    """
    from cynthus.core.building import build
    from cynthus.core.spec import AppSpec

    spec, _ = build(AppSpec, {"name": "app"} | {key: value for key, value in values.items() if key not in broken})
    if spec is None:
        raise report.error()
    return spec


def _values(root: Node, report: Report) -> dict[str, Value]:
    from cynthus.core.values import plain

    values = plain(root, report)
    if isinstance(values, dict):
        return values
    if values is not None:
        hint = "write keys with values, e.g. name: my-app"
        report.add(root.mark, Misfit("the file is no mapping of keys to values", hint=hint, kind=WrongType))
    return {}


def _check_target(target: Value, root: Node, report: Report, known: Sequence[str]) -> None:
    if isinstance(target, str) and target not in known:
        misfit = Misfit(f"there is no target {quoted(target)}", hint=_targets(target, known), kind=UnknownTarget)
        report.add(locate(root, ("target",))[0], misfit)


def _targets(word: str, known: Sequence[str]) -> str:
    return did_you_mean(word, known) or f"the installed targets are: {', '.join(known)}"


def _choose(folder: Path) -> Path | None:
    """The file to read. One that is there in name only (a broken link) counts, and reading it tells why not."""
    there = [folder / name for name in NAMES if os.path.lexists(folder / name)]
    if len(there) > 1:
        message = f"both {' and '.join(NAMES)} are there"
        raise _refusal(there[1], Misfit(message, hint="delete one of them", kind=KeysExclude))
    return there[0] if there else None


def _read(file: Path) -> str:
    """The text of the file, without a byte order mark.

    Raises:
        SpecError: it is no file, too large, or no text.
    """
    try:
        found = file.stat()
        # Opening a pipe would wait for ever.
        if not stat.S_ISREG(found.st_mode):
            raise _unreadable(file, "it is no regular file", "put a text file there")
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise _unreadable(file, str(error.strerror), "mend the file, or delete it to use the defaults") from None
    if len(data) > LARGEST:
        hint = "describe the app only; data belongs in a file that `data:` names"
        raise _refusal(file, Misfit("the file is larger than 1 MB", hint=hint, kind=SpecTooLarge))
    return _decode(file, data)


def _decode(file: Path, data: bytes) -> str:
    if b"\0" in data:
        raise _unreadable(file, "it is no text: it holds zero bytes", "write it anew, as UTF-8 text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        problem = Misfit("this is not UTF-8", hint="save the file as UTF-8", kind=SpecUnreadable)
        raise _refusal(file, problem, end_of(before)) from None


def _unreadable(file: Path, why: str, hint: str) -> SpecError:
    return _refusal(file, Misfit(f"the file cannot be read: {why}", hint=hint, kind=SpecUnreadable))


def _refusal(file: Path, misfit: Misfit, mark: Mark = Mark()) -> SpecError:  # noqa: B008 - frozen
    report = Report(str(file), "")
    report.add(mark, misfit)
    return report.error()
