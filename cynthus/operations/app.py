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
from msgspec.structs import asdict

from cynthus.credentials import secrets
from cynthus.errors import NotAFolder
from cynthus.operations.site import folder_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.data import DataSource
    from cynthus.core.placement import Placement
    from cynthus.core.reading import Reading
    from cynthus.core.spec import AppSpec
    from cynthus.operations.tools import Tools


class App(Struct, frozen=True):
    """The spec with everything found that it names. Paths in `source` and `requirements` are relative to `folder`."""

    folder: Path
    spec: AppSpec
    source: str
    requirements: str | None
    data: tuple[Mapping[str, object], ...]
    arguments: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
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

    def _asked(self, placement: Placement) -> dict[str, Any]:
        """What the user's folder asks for."""
        spec = self.spec
        return {
            "runtime": placement.runtime,
            "command": list(spec.run),
            "env": dict(spec.env),
            "secrets": list(spec.secrets),
            "source": self.source,
            "requirements": self.requirements,
            "python": spec.image.python,
            "base": spec.image.base,
            "data": [dict(entry) for entry in self.data],
            "outputs": spec.outputs.rstrip("/"),
            "checkpoints": spec.checkpoints.rstrip("/"),
            "max_duration": spec.limits.max_duration.seconds if spec.limits.max_duration else None,
            "idle": spec.limits.idle.seconds if spec.limits.idle else None,
            "stop_grace": spec.limits.stop_grace.seconds,
            "gpus": placement.gpus,
            "ports": [asdict(each) for each in spec.ports],
            "bucket": spec.bucket,
            "engine": None if spec.engine == "none" else spec.engine,
        }


def load_app(tools: Tools, where: str | None, *, target: str | None = None) -> App:
    """Read cynthus.yaml and find main.py, the requirements, the data and the secrets.

    Raises:
        SpecError: what cynthus.yaml says is wrong, with every problem at its place; nothing was touched.
        UsageError: and its children, for what is wrong without its saying so.
    """
    from cynthus.core.load import read

    folder = folder_named(where, tools.cwd_folder) or _folder_of(tools, str(where))
    reading = read(folder, target=target, known_targets=tools.targets.names())
    source, requirements = _program(folder, reading)
    data = _data(folder, reading)
    values = _secrets(reading, tools.settings.environment)
    reading.close()
    return App(
        folder=folder,
        spec=reading.spec,
        source=os.path.relpath(source, folder),
        requirements=requirements,
        data=tuple(entry.document() for entry in data),
        secrets=values,
    )


def _program(folder: Path, reading: Reading) -> tuple[Path, str | None]:
    """The source folder and the requirements, relative to `folder`."""
    from cynthus.core.load import check_engine, find_main, find_requirements, places_of_main

    spec = reading.spec
    source = None
    if not reading.broken & {"source", "run"}:
        source = reading.take(lambda: find_main(folder, spec), *places_of_main(folder, spec))
    requirements = reading.take(lambda: find_requirements(folder, spec, source or folder), ("requirements",))
    named = _packages(folder, requirements) if spec.engine != "none" else frozenset[str]()
    # Of a file that is not there nobody knows what it would name.
    if requirements is not None or spec.requirements in ("auto", "none"):
        reading.take(lambda: check_engine(folder, spec, requirements, named), ("engine",))
    return source or folder, requirements


def _packages(folder: Path, file: str | None) -> frozenset[str]:
    from cynthus.agent import requirements
    from cynthus.agent.failure import Failure

    # One that cannot be read is told by whoever installs it.
    with suppress(Failure):
        return requirements.names(folder / file) if file is not None else frozenset()
    return frozenset()


def _data(folder: Path, reading: Reading) -> list[DataSource]:
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


def fingerprint(folder: Path, run_document: Mapping[str, Any], source: str) -> str:
    """Covers what the user's folder asks for: source, requirements, data, and how it is run."""
    digest = hashlib.sha256(json.dumps(run_document, sort_keys=True).encode())
    digest.update(source.encode())
    if run_document["requirements"] is not None:
        # What is not there is told by whoever installs it.
        with suppress(OSError):
            digest.update((folder / run_document["requirements"]).read_bytes())
    for entry in run_document["data"]:
        for line in _listing(folder / entry["from"]):
            digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


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
