"""BuildKit, through the Docker command line: the only way to it that every engine has."""

from __future__ import annotations

import io
import os
import re
import tarfile
from functools import partial
from typing import IO, TYPE_CHECKING

from cynthus import process
from cynthus.agent.requirements import NOT_OF_A_PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.context import Context
    from cynthus.agent.dockerfile import Recipe
    from cynthus.agent.engine import Engine
    from cynthus.agent.steps import Steps

_BUILT_IN = range(20, 23)
"""Major versions of the command line that bring BuildKit's client along; later ones need the plugin `buildx`. What the
Dockerfile asks for is known from 20.10 on."""
_DOCKERFILE = ".cynthus.Dockerfile"


def command(engine: Engine) -> tuple[str, ...] | None:
    """The words that build with BuildKit and keep the image in the engine; None where nothing does.

    Raises:
        Failure: the engine does not answer.
    """
    told = engine.ask("version", "--format", "{{.Client.Version}} {{.Server.Version}}").stdout.decode().split()
    client, server = (_major(each) for each in (told if len(told) == 2 else ("", "")))
    if server < _BUILT_IN.start:
        return None
    if client in _BUILT_IN:
        return ("env", "DOCKER_BUILDKIT=1", "docker", "build")
    # A builder in a container of its own sees neither our images nor this machine's network.
    plain = re.search(rb"^Driver:\s+docker$", engine.ask("buildx", "inspect").stdout, re.MULTILINE)
    return ("docker", "buildx", "build", "--load") if plain else None


def _major(version: str) -> int:
    number = version.partition(".")[0]
    return int(number) if number.isdecimal() else 0


def build(engine: Engine, steps: Steps, words: tuple[str, ...], recipe: Recipe, *, nearby: bool) -> None:
    """Build; `nearby`: something that pip was told of can be reached from this machine only.

    Raises:
        Failure: a requirement cannot be installed; no image is left then.
    """
    variables = {name: f"CYNTHUS_SECRET_{number}" for number, name in enumerate(recipe.texts)}
    secrets = [f"id={name},env={variable}" for name, variable in variables.items()]
    secrets += [f"id={name},src={path}" for name, path in recipe.copies.items()]
    argv = (
        *tied(engine), *words, "--progress", "plain", "--network", _network(engine, nearby=nearby),
        *(word for each in secrets for word in ("--secret", each)),
        "--file", _DOCKERFILE, "--tag", recipe.build.tag, "-",
    )  # fmt: skip
    values = {variable: recipe.texts[name] for name, variable in variables.items()}
    feed = partial(_pack, recipe.root, (*recipe.files, *recipe.packages), recipe.text)
    steps.run(argv, recipe.build.problem, feed=feed, variables=values)


def build_own(engine: Engine, steps: Steps, seen: Context, tag: str, labels: Mapping[str, str]) -> None:
    """Build the user's own Dockerfile: with BuildKit where it is there, else as the engine does it by itself.

    Raises:
        Failure: it does not build; no image is left then.
    """
    found = command(engine)
    words = (*found, "--progress", "plain") if found else ("env", "DOCKER_BUILDKIT=0", "docker", "build")
    argv = (
        *tied(engine), *words, "--network", _network(engine, nearby=False),
        *(word for name, value in labels.items() for word in ("--label", f"{name}={value}")),
        "--file", seen.dockerfile, "--tag", tag, "-",
    )  # fmt: skip
    feed = partial(_pack, seen.root, tuple(dict.fromkeys((seen.dockerfile, *seen.files))), None)
    steps.run(argv, f"the image of {seen.dockerfile} could not be built", feed=feed)


def tied(engine: Engine) -> tuple[str, ...]:
    """The build ends with who wants it, where this machine can see to that; elsewhere it goes on for the next one."""
    tied = ("setpriv", "--pdeathsig", "KILL")
    try:
        known = process.run(process.Command((*tied, "true"), env=engine.variables), timeout=10).returncode == 0
    except (OSError, process.CommandTimeout):
        return ()
    return tied if known else ()


def _network(engine: Engine, *, nearby: bool) -> str:
    if nearby:
        return "host"
    # BuildKit fails where a container would start without a network.
    bridge = engine.ask("network", "ls", "--quiet", "--filter", "name=^bridge$").stdout.strip()
    return "default" if bridge else "none"


def _pack(root: Path, names: tuple[str, ...], dockerfile: str | None, stream: IO[bytes]) -> None:
    """Write a tar of what a build may see, our Dockerfile first, and end the stream: the command line waits for it."""
    with tarfile.open(fileobj=stream, mode="w|", dereference=True) as tar:
        if dockerfile is not None:
            data = dockerfile.encode()
            entry = tarfile.TarInfo(_DOCKERFILE)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for name in names:
            tar.add(root / name, name, filter=_plain)
    stream.close()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """The same whoever packs it and when, so that BuildKit knows it again; without what lies beside a package."""
    if entry.isdir() and os.path.basename(entry.name) in NOT_OF_A_PROJECT:  # noqa: PTH119 - a name in a tar
        return None
    # Docker takes what begins with an extended header, as one with fractions of a second does, for no tar at all.
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry
