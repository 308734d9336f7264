"""The app: what the user's folder asks for, checked in full before anything is touched."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from cynthus.agent.interpreter import own_version
from cynthus.credentials import secrets
from cynthus.errors import NotAFolder
from cynthus.operations.needs import Needs, find_needs
from cynthus.operations.site import folder_named
from cynthus.targets.fit import without_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.core.data import DataSource, Elsewhere
    from cynthus.core.placement import Placement
    from cynthus.core.reading import Reading
    from cynthus.core.spec import AppSpec
    from cynthus.operations.tools import Tools


class App(Struct, frozen=True):
    """The spec with everything found that it names or leaves open. Paths are relative to `folder`."""

    folder: Path
    spec: AppSpec
    source: str
    needs: Needs
    data: tuple[Mapping[str, Any], ...]
    models: tuple[Mapping[str, Any], ...] = ()
    arguments: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    dockerfile: str | None = None
    """The user's own, relative to `folder`. In a container it makes the environment; `requirements` do not count."""
    tools: tuple[str, ...] = ()
    """Packages to install before all others; those of the requirements that `beside` names are built after these."""
    beside: tuple[str, ...] = ()
    own_python: str | None = None
    """The Python of an image in a registry whose version nobody has named: it is the same wherever it is made. None
    where the folder names one or a base; a version that is brought back may have another."""
    edited: Mapping[str, Any] | None = None
    """run.json with the user's edits of it; None where there are none. It counts more than all above but arguments."""

    def __repr__(self) -> str:
        # What is written of it somewhere never has a secret's value.
        return f"App({self.folder})"

    def run_document(self, placement: Placement, deployment: str) -> dict[str, Any]:
        """What the agent must know to run the app: run.json of the rendered folder. No secret's value is in it."""
        own: dict[str, Any] = {"schema": 1, "deployment": deployment, "run_id": None}
        told = own | self._asked(placement) if self.edited is None else dict(self.edited)
        return {**told, **own, "command": [*told["command"], *self.arguments]}

    def needed(self, placement: Placement) -> Needs:
        """What Cynthus installs: nothing of its own where the user's Dockerfile makes the environment."""
        return Needs() if self.dockerfile is not None and placement.runtime == "container" else self.needs

    def image_notes(self, placement: Placement) -> Iterator[str]:
        """What a person should know of what is named for an image, and of the Dockerfile that lies in the folder."""
        image = self.spec.image
        asked = {"apt": image.apt, "registry": image.registry, "cuda": image.cuda not in ("auto", "none")}
        without = [name for name, said in asked.items() if said]
        if without and placement.runtime != "container":
            named = " and ".join(f"`image.{name}`" for name in without)
            yield f"{named}: not used, for main.py runs in a virtual environment"
        elif "cuda" in without and not placement.gpus:
            yield "`image.cuda`: not used, for no GPU is asked for (`resources: {gpu: ...}`)"
        if self.dockerfile is None:
            return
        if placement.runtime != "container":
            yield f"{self.dockerfile} is not used: main.py runs in a virtual environment"
            return
        unused = [f"image.{key}" for key in ("python", "base", "apt") if getattr(image, key)]
        unused += ["image.cuda"] if "cuda" in without else []
        unused += [self.needs.requirements] if self.needs.requirements and self.needs.listed is None else []
        besides = f"; it says itself what {', '.join(unused)} would" if unused else ""
        ignore = "`image: {dockerfile: none}` ignores it"
        yield f"the environment is made by your own {self.dockerfile}{besides} ({ignore})"

    def _asked(self, placement: Placement) -> dict[str, Any]:
        """What the user's folder asks for."""
        spec = self.spec
        in_container = placement.runtime == "container"
        dockerfile = self.dockerfile if in_container else None
        registry = spec.image.registry if in_container else None
        repository = f"{registry}/{spec.name}" if registry else None
        own_base = dockerfile is not None or spec.image.base is not None
        return {
            "runtime": placement.runtime,
            "command": list(spec.run),
            "env": dict(spec.env),
            "secrets": list(spec.secrets),
            "source": self.source,
            "requirements": self.needed(placement).requirements,
            "python": spec.image.python or (self.own_python if repository and not own_base else None),
            "base": spec.image.base,
            "dockerfile": dockerfile,
            "data": [dict(entry) for entry in self.data],
            "models": [dict(entry) for entry in self.models],
            "outputs": spec.outputs.rstrip("/"),
            "checkpoints": spec.checkpoints.rstrip("/"),
            "max_duration": spec.limits.max_duration.seconds if spec.limits.max_duration else None,
            "idle": spec.limits.idle.seconds if spec.limits.idle else None,
            "stop_grace": spec.limits.stop_grace.seconds,
            "gpus": placement.gpus,
            "ports": [asdict(each) for each in spec.ports],
            "bucket": spec.bucket,
            "engine": None if spec.engine == "none" else spec.engine,
            **self._if_asked(repository),
            **({"metadata": placement.metadata, "linger": placement.linger} if placement.metadata else {}),
            # Apart from what is used just now: this alone is what stays.
            **({"own_python": self.own_python} if repository and self.own_python else {}),
        }

    def _if_asked(self, repository: str | None) -> dict[str, Any]:
        """Left out where it says nothing: what ran before there were such keys is the same app."""
        spec, asked = self.spec, dict[str, Any]()
        if spec.image.apt:
            asked["apt"] = list(spec.image.apt)
        if self.tools:
            asked["tools"] = list(self.tools)
        if self.beside:
            asked["beside"] = list(self.beside)
        if repository is not None:
            asked["repository"] = repository
        if spec.preprocess is not None:
            asked["preprocess"] = {"command": list(spec.preprocess.run), "files": list(spec.preprocess.files)}
        return asked


def load_app(tools: Tools, where: str | None, *, target: str | None = None) -> App:
    """Read cynthus.yaml and find main.py, the requirements, the data and the secrets.

    Raises:
        SpecError: what cynthus.yaml says is wrong, with every problem at its place; nothing was touched.
        UsageError: and its children, for what is wrong without its saying so.
    """
    from cynthus.core.data import DataSource
    from cynthus.core.load import model_entry, read

    folder = folder_named(where, tools.cwd_folder) or _folder_of(tools, str(where))
    reading = read(folder, target=target, known_targets=tools.targets.names())
    source, requirements, dockerfile = _program(folder, reading)
    data = _data(folder, reading)
    here = [entry for entry in data if isinstance(entry, DataSource)]
    needs = _needs(folder, reading, source, here, requirements, own_image=dockerfile is not None)
    values = _secrets(reading, tools.settings.environment)
    reading.close()
    spec = _with_python(reading.spec, needs)
    if target is not None and not tools.targets.find(spec.target).makes:
        spec = without_place(spec)
    open_python = dockerfile is None and spec.image.base is None and spec.image.python is None
    return App(
        folder=folder,
        spec=spec,
        source=os.path.relpath(source or folder, folder),
        needs=needs,
        dockerfile=dockerfile,
        own_python=own_version() if spec.image.registry and open_python else None,
        data=tuple(entry.document() for entry in data),
        models=tuple(model_entry(entry).document() for entry in reading.spec.models),
        secrets=values,
    )


def _program(folder: Path, reading: Reading) -> tuple[Path | None, str | None, str | None]:
    """The source folder (None if there is none), the file of requirements that has the usual name or is named, and the
    user's own Dockerfile."""
    from cynthus.core.load import check_preprocess, find_dockerfile, find_main, find_requirements, places_of_main

    spec = reading.spec
    source = None
    if not reading.broken & {"source", "run"}:
        source = reading.take(lambda: find_main(folder, spec), *places_of_main(folder, spec))
    if source is not None:
        reading.take(partial(check_preprocess, source, spec), ("preprocess",))
    requirements = reading.take(lambda: find_requirements(folder, spec, source or folder), ("requirements",))
    dockerfile = reading.take(lambda: find_dockerfile(folder, spec, source or folder), ("image", "dockerfile"))
    return source, requirements, dockerfile


def _needs(
    folder: Path, reading: Reading, source: Path | None, data: list[DataSource], file: str | None, *, own_image: bool
) -> Needs:
    """What to install, found or inferred, with what `engine:` needs in it: of an image of one's own nobody knows."""
    from cynthus.core.load import check_engine

    spec, needs = reading.spec, Needs(file)
    # Of a file that is not there nobody knows what it would name, and of a program that is not there, what it imports.
    known = file is not None or spec.requirements in ("auto", "none")
    if known and source is not None:
        needs = reading.take(lambda: find_needs(folder, spec, source, data, file), ("requirements",)) or needs
    if known and spec.engine != "none" and not own_image:
        named = _packages(folder, needs)
        reading.take(lambda: check_engine(folder, spec, needs.asked_in, named), ("engine",))
    return needs


def _packages(folder: Path, needs: Needs) -> frozenset[str]:
    from cynthus.agent import requirements
    from cynthus.agent.failure import Failure
    from cynthus.images.found import canonical

    found = frozenset(canonical(each) for each in needs.packages)
    # One that cannot be read is told by whoever installs it. One that we write may be there, with the user's edits.
    with suppress(Failure):
        return found | (requirements.names(folder / needs.requirements) if needs.requirements is not None else found)
    return found


def _with_python(spec: AppSpec, needs: Needs) -> AppSpec:
    return replace(spec, image=replace(spec.image, python=needs.python)) if needs.python else spec


def _data(folder: Path, reading: Reading) -> list[DataSource | Elsewhere]:
    from cynthus.core.load import check_data, check_entry

    if not reading.says("data"):
        return list(reading.take(lambda: check_data(folder, reading.spec)) or ())
    looks = [(index, partial(check_entry, folder, entry)) for index, entry in reading.data()]
    found = [reading.take(look, ("data", index, "from")) for index, look in looks]
    return [each for each in found if each is not None]


def _secrets(reading: Reading, environment: Mapping[str, str]) -> dict[str, str]:
    """Their values. One at a time, so that each that is missing is told at its place."""
    values: dict[str, str] = {}
    for index, name in enumerate(reading.spec.secrets):
        values |= reading.take(partial(secrets.resolve, [name], environment), ("secrets", index)) or {}
    return values


def fingerprint(app: App, run_document: Mapping[str, Any], source: str) -> str:
    """Covers what the user's folder asks for: source, requirements, data, and how it is run; not what becomes of the
    machine afterwards."""
    from cynthus.agent import requirements
    from cynthus.agent.failure import Failure

    folder = app.folder
    # Of a list of GPUs the one that was to be had counts for nothing: the same run may go on with another.
    left_out = {"linger", "gpus"} if len(app.spec.resources.gpu) > 1 else {"linger"}
    asked = {key: value for key, value in run_document.items() if key not in left_out}
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode())
    digest.update(source.encode())
    if app.needs.listed is not None and run_document["requirements"] == app.needs.requirements:
        # Not the file as it lies there: it is yet to be written, and edits of it count as edits.
        digest.update(app.needs.listed)
    elif run_document["requirements"] is not None:
        # What is not there is told by whoever installs it.
        with suppress(Failure):
            digest.update(requirements.digest(folder / run_document["requirements"]).encode())
    if run_document.get("dockerfile") is not None:
        digest.update(_of_dockerfile(folder, run_document))
    # What lies elsewhere is told from other content by what its place said of it, which is in the document.
    for entry in (each for each in run_document["data"] if "fetch" not in each):
        for line in _listing(folder / entry["from"]):
            digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _of_dockerfile(folder: Path, run_document: Mapping[str, Any]) -> bytes:
    from cynthus.agent import context, spec
    from cynthus.agent.failure import Failure

    # What cannot be read is told by whoever builds it.
    with suppress(Failure):
        return context.digest(context.of(spec.parse(run_document), folder)).encode()
    return b""


def _listing(path: Path) -> list[str]:
    """What a folder holds, by names, sizes and times; enough to see that data has changed."""
    if path.is_file():
        found = path.stat()
        return [f"{path.name}\0{found.st_size}\0{found.st_mtime_ns}\n"]
    lines = []
    for folder, _, names in os.walk(path):
        for name in names:
            file = f"{folder}/{name}"
            found = os.lstat(file)
            lines.append(f"{os.path.relpath(file, path)}\0{found.st_size}\0{found.st_mtime_ns}\n")
    return sorted(lines)


def _folder_of(tools: Tools, name: str) -> Path:
    entry = tools.index.find(name)
    folder = Path(entry.folder)
    if not folder.is_dir():
        raise NotAFolder(
            f"the folder of {entry.id} is gone: {folder}",
            hint=f"`cynthus down {entry.id}` removes what it made",
        )
    return folder
