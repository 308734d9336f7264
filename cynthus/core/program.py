"""Where the program lies in the user's folder, and what it needs installed."""

from __future__ import annotations

import os
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cynthus.core.misfit import flow, quoted
from cynthus.core.suggest import nearest
from cynthus.errors import DockerfileMissing, MissingProgram, PackageMissing, RequirementsMissing

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from cynthus.core.spec import AppSpec

REQUIREMENTS = "requirements.txt"
DOCKERFILE = "Dockerfile"
USUAL = ("src", ".")
"""Where `source: auto` looks, in this order."""

_PYTHON = re.compile(r"python(3(\.[0-9]+)?)?")


def find_main(folder: Path, spec: AppSpec) -> Path:
    """The source folder: what is packed, and where the command starts.

    Raises:
        MissingProgram: it is not there, or the file that the command names is not in it.
    """
    script = named_script(spec.run)
    sources = USUAL if spec.source == "auto" else (spec.source,)
    if script is not None and ".." in script.split("/"):
        hint = "only that folder is brought to the machine: name a file in it, and its folder under `source:`"
        raise MissingProgram(f"{quoted(script)} leads out of the source folder", hint=hint)
    for source in sources:
        if any(_is_there(folder / source / name) for name in _expected(spec.run, script)):
            return folder / source
    last = folder / sources[-1]
    if not os.path.isdir(last):  # noqa: PTH112 - Path.is_dir raises where a name is too long
        hint = "name the folder that holds the program, or leave the key out"
        raise MissingProgram(f"`source: {spec.source}`: there is no such folder in {folder}", hint=hint)
    if script is None:
        return last
    where = " or ".join(str(folder / name / script) for name in sources)
    raise MissingProgram(f"there is no {where}", hint=_hint(folder, sources, script))


def places_of_main(folder: Path, spec: AppSpec) -> tuple[tuple[str | int, ...], ...]:
    """What in cynthus.yaml a missing program is due to: keys and positions, the likeliest first."""
    script = named_script(spec.run)
    command: tuple[str | int, ...] = ("run", spec.run.index(script)) if script is not None else ("run",)
    no_folder = not os.path.isdir(folder / spec.source)  # noqa: PTH112 - as above
    return (("source",), command) if spec.source != "auto" and no_folder else (command, ("source",))


def check_preprocess(source: Path, spec: AppSpec) -> None:
    """See that what `preprocess:` names is in the source folder.

    Raises:
        MissingProgram: it is not.
    """
    if spec.preprocess is None:
        return
    script = named_script(spec.preprocess.run)
    for name in (*((script,) if script is not None else ()), *spec.preprocess.files):
        if ".." in name.split("/") or not os.path.lexists(source / name):
            found = [file.name for file in sorted(source.glob("*.py")) if _is_there(file)]
            near = nearest(name, found)
            hint = f"did you mean {quoted(near)}?" if near else "create it, or mend the path under `preprocess:`"
            raise MissingProgram(f"`preprocess:` names {quoted(name)}, and there is no {source / name}", hint=hint)


def find_requirements(folder: Path, spec: AppSpec, source: Path) -> str | None:
    """The file of requirements, relative to `folder`; None where nothing is to be installed.

    Raises:
        RequirementsMissing: the spec names one that is not there.
    """
    if spec.requirements == "none":
        return None
    if spec.requirements != "auto":
        if not _is_there(folder / spec.requirements):
            raise RequirementsMissing(
                f"`requirements: {spec.requirements}`: there is no such file in {folder}",
                hint="mend the path, or write `requirements: none`",
            )
        return spec.requirements
    for place in (source, folder):
        if _is_there(place / REQUIREMENTS):
            return (place / REQUIREMENTS).relative_to(folder).as_posix()
    return None


def find_dockerfile(folder: Path, spec: AppSpec, source: Path) -> str | None:
    """The user's own Dockerfile, relative to `folder`; None where there is none, or none is wanted.

    Raises:
        DockerfileMissing: the spec names one that is not there.
    """
    named = spec.image.dockerfile
    if named == "none":
        return None
    if named != "auto":
        if not _is_there(folder / named):
            raise DockerfileMissing(
                f"`image.dockerfile: {named}`: there is no such file in {folder}",
                hint="mend the path, or write `dockerfile: none`",
            )
        return named
    for place in (source, folder):
        if _is_there(place / DOCKERFILE):
            return (place / DOCKERFILE).relative_to(folder).as_posix()
    return None


def check_engine(folder: Path, spec: AppSpec, requirements: str | None, named: Collection[str]) -> None:
    """See that the environment will hold what `engine:` needs; `named` are the packages that the requirements name.

    Raises:
        PackageMissing: it will not.
    """
    # An image of one's own may bring it along.
    if spec.engine == "none" or spec.engine in named or spec.image.base is not None:
        return
    file = requirements or REQUIREMENTS
    if spec.requirements == "none":
        message, fix = "`engine: ray` needs Ray, and `requirements: none` installs nothing", "name a file there, with"
    elif requirements is None:
        message, fix = f"`engine: ray` needs Ray, and there is no {file} in {folder}", "create it, with"
    else:
        message, fix = f"`engine: ray` needs Ray, and {file} does not name it", f"add to {file}"
    raise PackageMissing(message, hint=f"{fix} a line `ray`, or `ray[default]`")


def named_script(command: tuple[str, ...]) -> str | None:
    """The file that the command runs with Python; None where it runs something else, or a file outside the folder."""
    arguments = [word for word in command[1:] if word != "-u"]
    if not arguments or _PYTHON.fullmatch(command[0]) is None:
        return None
    path = PurePosixPath(arguments[0])
    return None if arguments[0].startswith("-") or path.is_absolute() else arguments[0]


def _expected(command: tuple[str, ...], script: str | None) -> tuple[str, ...]:
    """Files by which a source folder is known; without a script, whatever the command may mean."""
    if script is not None:
        return (script,)
    return (*(word for word in command if word and not word.startswith(("-", "/", "../"))), "main.py")


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _hint(folder: Path, sources: tuple[str, ...], script: str) -> str:
    found = [
        (source, file.name) for source in sources for file in sorted((folder / source).glob("*.py")) if _is_there(file)
    ]
    if not found:
        return "create it, or start with `cynthus init NAME`"
    near = nearest(script, [name for _, name in found])
    names = [name for _, name in found]
    best = near or next((name for name in ("train.py", "run.py", "app.py") if name in names), names[0])
    return f"create it, or name the file that is to run: `run: [python, {flow(best)}]`"
