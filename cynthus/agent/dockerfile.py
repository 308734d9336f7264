"""The Dockerfile of an app's environment: what `cynthus build --print` shows, and what BuildKit builds."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import apt, beside, requirements
from cynthus.agent.image_settings import PLACE, UNASKED
from cynthus.agent.steps import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cynthus.agent.image_build import Build
    from cynthus.agent.image_settings import Settings

PACKAGES = "/cynthus/requirements"
"""Where packages lie in the image that the app brings along. They stay there: one may be installed in place."""
TEXTS = f"{PLACE}/requirements"
"""Where the requirements files lie while they are installed; they are no part of the image."""

_CACHE = "/cynthus/cache"
_PLAIN = re.compile(r"[A-Za-z0-9._/+-]+")
_SSH = re.compile(r"ssh://[^\s/@:]+@")
"""The user of an address, whose key is no part of it."""
_LARGEST_FILE = 500_000
_LARGEST_TEXT = 100_000
"""Bytes: what BuildKit takes as a secret, and Linux as a variable."""


class Recipe(NamedTuple):
    """What BuildKit is given. Paths in `files` are relative to `root`, which is what the build may see.

    What the user's pip was told is mounted while pip runs, and stays nowhere: `texts`, and files `copies`, by name.
    """

    build: Build
    root: Path
    files: tuple[str, ...]
    packages: tuple[str, ...]
    texts: Mapping[str, str]
    copies: Mapping[str, Path]
    user: str | None

    @property
    def text(self) -> str:
        """The Dockerfile."""
        return "".join(f"{line}\n" for line in _lines(self))


def recipe(build: Build, settings: Settings, of_docker: Mapping[str, str], *, user: str | None) -> Recipe | str:
    """What to build, or why not in this way: something private would stay, or has no place in a Dockerfile.

    `user` is whom the base is for; None where it says nothing. `of_docker` are the proxies of Docker's own.

    Raises:
        Failure: a requirements file cannot be read.
    """
    if build.file is None:
        told = {"environment": settings.texts["environment"]} if settings.proxied else {}
        return _unfit_settings(settings, of_docker) or Recipe(build, build.folder, (), (), told, {}, user)
    root = requirements.root(build.file)
    named, brought = requirements.files(build.file), requirements.packages(build.file)
    texts = [each for each in named if each not in brought]
    if any(build.file.is_relative_to(each) for each in brought):
        return "the folder of the requirements is itself among the packages"
    problem = _unfit(root, named, texts) or _unfit_settings(settings, of_docker)
    if problem:
        return problem
    files, packages = ([each.relative_to(root).as_posix() for each in some] for some in (texts, brought))
    told = {name: text for name, text in settings.texts.items() if text.strip() not in ("", "[global]")}
    if not (settings.proxied or told.keys() - {"environment"}):
        del told["environment"]
    return Recipe(build, root, tuple(files), tuple(packages), told, settings.copies, user)


def _unfit(root: Path, named: list[Path], texts: list[Path]) -> str:
    for each in named:
        if _PLAIN.fullmatch(each.relative_to(root).as_posix()) is None:
            return f"the path {str(each)!r} has no place in a Dockerfile"
    for each in texts:
        text = each.read_text(errors="replace")
        # What a build may see lies in BuildKit's own store for a while.
        if without_credentials(_SSH.sub("", text)) != _SSH.sub("", text):
            return f"{each.name} holds the password of an index"
    return ""


def _unfit_settings(settings: Settings, of_docker: Mapping[str, str]) -> str:
    if settings.links:
        return "pip is told of a folder of packages on this machine"
    if of_docker:
        return "Docker has proxies of its own, which BuildKit keeps on record"
    large = any(path.stat().st_size > _LARGEST_FILE for path in settings.copies.values())
    large |= any(len(text.encode()) > _LARGEST_TEXT for text in settings.texts.values())
    # The command line reads it as a line of CSV.
    odd = any(set(',"\n') & set(str(path)) for path in settings.copies.values())
    return "a file that pip is told of is too large or too oddly named for BuildKit" if large or odd else ""


def _lines(made: Recipe) -> Iterator[str]:
    build = made.build
    yield f"FROM {build.base}"
    if made.user not in (None, "", "0", "root"):
        yield "USER 0"
    if build.extras.apt:
        yield from _system(made, build.extras.apt)
    if build.file is not None:
        yield from _requirements(made, build.file)
    yield from (f"LABEL {name}={json.dumps(value)}" for name, value in build.labels.items())
    yield f"USER {made.user or build.user}"


def _system(made: Recipe, packages: Sequence[str]) -> Iterator[str]:
    """First, for they change least. Of what pip was told only the proxies are of use."""
    told = "environment" in made.texts
    yield "RUN \\"
    if told:
        yield f"  --mount=type=secret,id=environment,target={PLACE}/environment \\"
    yield f"  {f'. {PLACE}/environment && ' if told else ''}{apt.command(packages)}"


def _requirements(made: Recipe, file: Path) -> Iterator[str]:
    below = file.parent.relative_to(made.root)
    for each in made.packages:
        folder = (made.root / each).is_dir()
        yield f"COPY {json.dumps([each, f'{PACKAGES}/{each}' + '/' * folder])}"
    yield "RUN \\"
    yield f"  --mount=type=cache,id=cynthus-pip,target={_CACHE} \\"
    for each in made.files:
        yield f"  --mount=type=bind,source={each},target={TEXTS}/{each} \\"
    for name in (*made.texts, *made.copies):
        yield f"  --mount=type=secret,id={name},target={PLACE}/{name} \\"
    yield f"  {_install(made, f'{PACKAGES}/{below}'.removesuffix('/.'), f'{TEXTS}/{below / file.name}')}"


def _mark(made: Recipe) -> str:
    """Another word for other settings of pip; logins are no part of them."""
    digest = hashlib.sha256(made.texts.get("pip.conf", "").encode())
    for name, path in sorted(made.copies.items()):
        digest.update(f"\0{name}\0".encode() + path.read_bytes())
    return f"pip-{digest.hexdigest()[:12]}"


def _install(made: Recipe, folder: str, file: str) -> str:
    """The command. What pip was told stands in a file that the build sources, as in the other way to build."""
    told = f". {PLACE}/environment && " if "environment" in made.texts else ""
    plainly = "" if told else "".join(f"{name}={value} " for name, value in UNASKED.items())
    # A package is meant from where pip is started.
    there = f"mkdir -p {folder} && cd {folder} && " if made.packages else ""
    # BuildKit knows a step by its words, and not by the secrets that it is given.
    mark = f": {_mark(made)} && " if told or made.copies else ""
    pip = f"{plainly}python -m pip install --cache-dir {_CACHE} --disable-pip-version-check --no-input"
    extras = made.build.extras
    return f"{mark}{told}{there}{beside.words(pip, TEXTS, file, extras.beside, extras.tools)}"
