"""`doctor`: whether this machine and the folder have what `up` needs, each finding with its fix."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.core.finding import Finding
from cynthus.errors import CynthusError, SpecError
from cynthus.operations.app import load_app
from cynthus.operations.side_by_side import side_by_side
from cynthus.operations.site import folder_named, root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cynthus.core.spec import AppSpec
    from cynthus.operations.tools import Tools
    from cynthus.targets.base import Target


def doctor(
    tools: Tools, where: str | None, *, target: str | None = None, programs: Callable[[], Iterator[Finding]],
    enable: bool | None = False,
) -> tuple[Finding, ...]:
    """Look at everything, the programs and the target at the same time. `programs` checks those that Cynthus drives.

    Nothing is changed, but that what is off at the target and can be switched on is, where that is to be (`enable`), or
    where somebody says yes (None).
    """
    folder, spec = folder_named(where, tools.cwd_folder) or Path(tools.index.find(str(where)).folder), None
    findings = []
    if _is_app(folder):
        found, spec = _app(tools, folder, target)
        findings.append(found)
    place = tools.targets.find(target or (spec.target if spec else "local"))
    root = root_of(folder, place.name)
    driven, there = side_by_side([lambda: tuple(programs()), lambda: tuple(place.check(spec, root))])
    here = (_python(), *driven.result(), _memory(tools), _records(tools), *findings)
    off = tuple(name for each in there.result() for name in each.enables)
    if spec is None or not off or not (_asked(tools, off) if enable is None else enable):
        return (*here, *there.result())
    _enable(tools, place, spec, root, off)
    return (*here, *place.check(spec, root))


def _asked(tools: Tools, off: Sequence[str]) -> bool:
    """Whether somebody says yes."""
    tools.progress.note(f"  ! not enabled: {', '.join(off)}")
    tools.progress.note("    enabling that changes the cloud project, and costs nothing by itself")
    return tools.person.confirm("Enable them?", consequence=f"this would enable {', '.join(off)}")


def _enable(tools: Tools, place: Target, spec: AppSpec, root: Path, off: Sequence[str]) -> None:
    preflight = place.preflight(spec, place.place(spec, root), place.roots)
    assert preflight is not None  # noqa: S101 - it has found what is off
    with tools.progress.step(f"Enable {', '.join(off)}") as step:
        preflight.enable(off, step.activity)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info < (3, 15):
        return Finding("python", "ok", f"Python {version}")
    return Finding("python", "warning", f"Python {version} is not one that Cynthus is tested on", "use 3.11 to 3.14")


def _memory(tools: Tools) -> Finding:
    folder = tools.settings.tmpfs
    if str(folder).startswith("/dev/shm"):  # noqa: S108 - it is memory, and the folder below it is private
        return Finding("memory folder", "ok", "secrets stay in memory (/dev/shm)")
    said = f"secrets lie in {folder.parent} while a run starts"
    return Finding("memory folder", "warning", said, "mount a tmpfs on /dev/shm")


def _records(tools: Tools) -> Finding:
    folder = tools.settings.state_dir
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if os.access(there, os.W_OK):
        return Finding("records", "ok", f"deployments are listed in {folder}")
    return Finding("records", "error", f"{there} cannot be written to", "set XDG_STATE_HOME to a folder that can")


def _is_app(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("cynthus.yaml", "cynthus.yml", "main.py", "src/main.py"))


def _app(tools: Tools, folder: Path, target: str | None) -> tuple[Finding, AppSpec | None]:
    try:
        app = load_app(tools, str(folder), target=target)
    except SpecError as error:
        first = error.problems[0]
        return Finding("app", "error", f"{first.place}{first.message}", first.hint), None
    except CynthusError as error:
        return Finding("app", "error", error.message, error.hint), None
    return Finding("app", "ok", f"{app.spec.name}: {' '.join(app.spec.run)} in {app.source}"), app.spec
