"""Installs an app's requirements in a container that is kept as an image, without BuildKit.

Where BuildKit is missing, or would keep what is private: whatever the classic `docker build` is told of a private index
stays in the image's layers or its history. Here it goes over stdin into memory, and is gone with the container.
"""

from __future__ import annotations

import io
import json
import tarfile
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from cynthus.agent import apt, beside, lock, requirements
from cynthus.agent.container_argv import mount
from cynthus.agent.dockerfile import PACKAGES, TEXTS
from cynthus.agent.failure import Failure
from cynthus.agent.image_name import LABEL
from cynthus.agent.image_settings import PLACE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.engine import Engine
    from cynthus.agent.image_build import Build
    from cynthus.agent.image_settings import Settings
    from cynthus.agent.steps import Steps

_ROOT = PurePosixPath("/cynthus")
_UNPACK = "import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode='r|').extractall(sys.argv[1])"
_BY_PYTHON = f'python -W ignore -c "{_UNPACK}" {_ROOT}'
_BY_TAR = f"mkdir -p {_ROOT} && tar -x -f - -C {_ROOT}"
"""A system that has packages has `tar`, too, and may be about to get its Python."""
_PIP = "python -m pip install --no-cache-dir --disable-pip-version-check --no-input"
_ENTRY = f"""\
eval "$1" && . {PLACE}/environment && cd "$2" || exit
exec 3<&0 </dev/null
/bin/sh -c "$3" 3<&- &
install=$!
{{ cat <&3 >/dev/null; kill -s KILL $install; }} 2>/dev/null &
wait $install
"""
"""Installs, as long as somebody holds the other end of its stdin: a container outlives the command that runs it."""


def container_of(deployment: str, name: str) -> str:
    """The container that an image is made in: the same whoever makes it, so that one that was cut off is found."""
    return f"cynthus-build-{deployment}-{name}"


def clear_leftovers(engine: Engine, deployment: str, locks: Path) -> None:
    """Delete what builds that were cut off have left; one that goes on holds the lock of its image.

    Raises:
        Failure: the engine does not answer, or refuses.
    """
    beginning = container_of(deployment, "")
    answer = engine.told("container", "ls", "--all", "--format", "{{.Names}}", "--filter", f"name={beginning}")
    for name in answer.split():
        if not lock.held(locks / f"{name.removeprefix(beginning)}.lock"):
            engine.ask("rm", "--force", "--volumes", name)


def make(
    engine: Engine, steps: Steps, build: Build, settings: Settings, of_docker: Mapping[str, str],
    config: Mapping[str, Any],
) -> None:
    """Make the image, with what pip and Docker were told. Nobody else builds the same. `config` is the base's.

    Raises:
        Failure: the engine does not answer, or a requirement cannot be installed; no image is left then.
    """
    container = container_of(build.deployment, build.name)
    engine.ask("rm", "--force", "--volumes", container)
    try:
        steps.run(
            _run_argv(build, container, settings, of_docker), build.problem, feed=partial(_pack, build, settings)
        )
        steps.run(
            _commit_argv(build, container, config),
            f"no image could be made of what was installed on {build.base}",
        )
    finally:
        # One that is left all the same is found by its label, by the verb `remove`.
        with suppress(Failure):
            engine.ask("rm", "--force", "--volumes", container)


def _run_argv(
    build: Build, container: str, settings: Settings, of_docker: Mapping[str, str]
) -> tuple[str, ...]:
    place, text = _place_of(build.file)
    unpack = _BY_TAR if build.extras.apt else _BY_PYTHON
    return (
        "docker", "run", "--interactive", "--name", container, "--label", f"{LABEL}={build.deployment}",
        "--pull", "never", "--user", "0", "--entrypoint", "/bin/sh", "--log-driver", "none",
        "--tmpfs", f"{PLACE}:mode=0700",
        *(("--network", "host") if settings.nearby else ()),
        # What Docker would put into the container's settings, and so into the image's, comes with ours.
        *(word for name in of_docker for word in ("--env", f"{name}=")),
        *(word for place, path in settings.links.items() for word in mount(str(path), place, read_only=True)),
        build.base, "-c", _ENTRY, "cynthus", unpack, place, _installs(build, text),
    )  # fmt: skip


def _installs(build: Build, text: str) -> str:
    """The words of a shell that install all of it; `text` is the requirements file as the container has it."""
    extras = build.extras
    steps = [apt.command(extras.apt)] if extras.apt else []
    if build.file is not None:
        steps.append(beside.words(_PIP, TEXTS, text, extras.beside, extras.tools))
    return " && ".join(steps)


def _commit_argv(build: Build, container: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Keeps what was installed, and of the base what it starts."""
    changes = [f"{name.upper()} {json.dumps(config.get(name) or [])}" for name in ("Entrypoint", "Cmd")]
    changes += [f"LABEL {name}={json.dumps(value)}" for name, value in build.labels.items()]
    changes += [f"USER {config.get('User') or build.user}"]
    changed = (word for each in changes for word in ("--change", each))
    return ("docker", "commit", *changed, container, build.tag)


def _place_of(file: Path | None) -> tuple[str, str]:
    """The folder in which pip is started, and the requirements file."""
    if file is None:
        return PACKAGES, ""
    below = file.parent.relative_to(requirements.root(file))
    return str(PurePosixPath(PACKAGES) / below), str(PurePosixPath(TEXTS) / below / file.name)


def _pack(build: Build, settings: Settings, stream: IO[bytes]) -> None:
    """Write a tar of the settings, the requirements file and what it names, each where it lies to the others."""
    file = build.file
    named, brought = (requirements.files(file), requirements.packages(file)) if file is not None else ([], [])
    with tarfile.open(fileobj=stream, mode="w|", dereference=True) as tar:
        for name, text in settings.texts.items():
            _add_text(tar, f"{PLACE}/{name}", text)
        for name, path in settings.copies.items():
            tar.add(path, _below(f"{PLACE}/{name}"), filter=_anybodys)
        _add_folder(tar, _place_of(file)[0])
        for each in named:
            below = each.relative_to(requirements.root(named[0])).as_posix()
            place = PurePosixPath(PACKAGES if each in brought else TEXTS) / below
            tar.add(each, _below(str(place)), filter=_anybodys)


def _add_text(tar: tarfile.TarFile, place: str, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    entry = tarfile.TarInfo(_below(place))
    entry.size, entry.mode = len(data), 0o600
    tar.addfile(entry, io.BytesIO(data))


def _add_folder(tar: tarfile.TarFile, place: str) -> None:
    entry = tarfile.TarInfo(_below(place))
    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    tar.addfile(entry)


def _below(place: str) -> str:
    return str(PurePosixPath(place).relative_to(_ROOT))


def _anybodys(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """The entry as root's, who installs; None for what a package's folder has beside the package."""
    if entry.isdir() and PurePosixPath(entry.name).name in requirements.NOT_OF_A_PROJECT:
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
