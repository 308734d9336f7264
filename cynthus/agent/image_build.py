"""Installs an app's requirements in a container that is kept as an image.

Not `docker build`: what that is told of a private index stays in the image's layers or its history. Here it goes over
stdin into memory, and is gone with the container.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from cynthus.agent import docker_proxies, image_settings, requirements
from cynthus.agent.container_argv import mount
from cynthus.agent.failure import Failure
from cynthus.agent.image_name import LABEL
from cynthus.agent.image_settings import PLACE, PROXIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.engine import Engine
    from cynthus.agent.image_settings import Settings
    from cynthus.agent.steps import Steps

_ROOT = PurePosixPath("/cynthus")
_PACKAGES = _ROOT / "requirements"
"""Where packages lie that the app brings along. They stay in the image: one may be installed in place."""
_TEXTS = PurePosixPath(PLACE) / "requirements"
"""Where the requirements files lie. They go with the settings: there may be an index with a password in them."""
_UNPACK = f"import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode='r|').extractall('{_ROOT}')"
_ENTRY = f"""\
python -W ignore -c "$1" && . {PLACE}/environment && cd "$2" || exit
exec 3<&0 </dev/null
python -m pip install --no-cache-dir --disable-pip-version-check --no-input -r "$3" 3<&- &
pip=$!
{{ cat <&3 >/dev/null; kill -s KILL $pip; }} 2>/dev/null &
wait $pip
"""
"""Installs, as long as somebody holds the other end of its stdin: a container outlives the command that runs it."""


class Build(NamedTuple):
    """What is to be made: the image `tag` of the image `base`, with what `file` requires."""

    deployment: str
    base: str
    file: Path
    tag: str

    @property
    def container(self) -> str:
        return container_of(self.deployment, self.tag.rpartition(":")[2])


def container_of(deployment: str, name: str) -> str:
    """The container that an image is made in: the same whoever makes it, so that one that was cut off is found."""
    return f"cynthus-build-{deployment}-{name}"


def make(engine: Engine, steps: Steps, build: Build, environment: Mapping[str, str]) -> None:
    """Make the image; `environment` is the caller's, with what pip was told there. Nobody else builds the same.

    Raises:
        Failure: the engine does not answer, or a requirement cannot be installed; no image is left then.
    """
    of_docker = docker_proxies.of(engine.variables)
    proxies = of_docker | {name: engine.variables[name] for name in PROXIES if name in engine.variables}
    settings = image_settings.collect(environment, proxies, build.file.parent)
    base = engine.inspect("image", build.base) or {}
    engine.ask("rm", "--force", "--volumes", build.container)
    try:
        steps.run(
            _run_argv(build, settings, of_docker),
            f"the requirements in {build.file.name} could not be installed",
            feed=partial(_pack, build.file, settings),
        )
        steps.run(_commit_argv(build, base.get("Config") or {}), f"no image could be made with {build.file.name}")
    finally:
        # One that is left all the same is found by its label, by the verb `remove`.
        with suppress(Failure):
            engine.ask("rm", "--force", "--volumes", build.container)


def _run_argv(build: Build, settings: Settings, of_docker: Mapping[str, str]) -> tuple[str, ...]:
    place, text = _place_of(build.file)
    return (
        "docker", "run", "--interactive", "--name", build.container, "--label", f"{LABEL}={build.deployment}",
        "--pull", "never", "--user", "0", "--entrypoint", "/bin/sh", "--log-driver", "none",
        "--tmpfs", f"{PLACE}:mode=0700",
        *(("--network", "host") if settings.nearby else ()),
        # What Docker would put into the container's settings, and so into the image's, comes with ours.
        *(word for name in of_docker for word in ("--env", f"{name}=")),
        *(word for place, path in settings.links.items() for word in mount(str(path), place, read_only=True)),
        build.base, "-c", _ENTRY, "cynthus", _UNPACK, place, text,
    )  # fmt: skip


def _commit_argv(build: Build, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Keeps what was installed, and of the base what it starts and as whom."""
    changes = [f"{name.upper()} {json.dumps(config.get(name) or [])}" for name in ("Entrypoint", "Cmd")]
    changes += [f"USER {config['User']}"] if config.get("User") else []
    changed = (word for each in changes for word in ("--change", each))
    return ("docker", "commit", *changed, build.container, build.tag)


def _place_of(file: Path) -> tuple[str, str]:
    """The folder in which pip is started, and the requirements file."""
    below = file.parent.relative_to(_root_of(requirements.files(file)))
    return str(_PACKAGES / below), str(_TEXTS / below / file.name)


def _root_of(named: list[Path]) -> Path:
    return Path(os.path.commonpath([each.parent for each in named]))


def _pack(file: Path, settings: Settings, stream: IO[bytes]) -> None:
    """Write a tar of the settings, the requirements file and what it names, each where it lies to the others."""
    named, brought = requirements.files(file), requirements.packages(file)
    root = _root_of(named)
    with tarfile.open(fileobj=stream, mode="w|", dereference=True) as tar:
        for name, text in settings.texts.items():
            _add_text(tar, f"{PLACE}/{name}", text)
        for name, path in settings.copies.items():
            tar.add(path, _below(f"{PLACE}/{name}"), filter=_anybodys)
        _add_folder(tar, _place_of(file)[0])
        for each in named:
            place = (_PACKAGES if each in brought else _TEXTS) / each.relative_to(root).as_posix()
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
