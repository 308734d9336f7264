"""What to run and with what: spec.json as a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cynthus.agent.failure import Failure
from cynthus.files import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DEPLOYMENT = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_HEALTH = re.compile(r"/[!-~]*")
_HINT = "spec.json and run.json are written by `cynthus up` and `cynthus render`: make them again"


class DataEntry(NamedTuple):
    """One entry under `data:`. `name` is None for the only one; `path` as written, relative to the app's folder."""

    name: str | None
    path: str
    copied: bool


class Port(NamedTuple):
    """A port on which main.py listens; `health` is the path of a request that it answers when it is well."""

    port: int
    health: str | None


class Spec(NamedTuple):
    """Durations in seconds; `source` and `requirements` are relative to the app's folder."""

    deployment: str
    run_id: str | None
    runtime: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    secrets: tuple[str, ...]
    source: str
    requirements: str | None
    python: str | None
    base: str | None
    data: tuple[DataEntry, ...]
    outputs: str
    checkpoints: str
    max_duration: float | None
    stop_grace: float
    gpus: int
    ports: tuple[Port, ...] = ()
    idle: float | None = None
    bucket: str | None = None
    """The path of a folder."""
    metadata: str | None = None
    """The address of the machine's metadata server. A target that has such machines writes it; no other is asked."""
    engine: str | None = None
    """What main.py's work is spread over the hosts with: `ray`, or nothing."""

    @property
    def in_container(self) -> bool:
        return self.runtime == "container"


def read(path: Path) -> tuple[Spec, dict[str, object]]:
    """The spec in a file, and the document it was read from.

    Raises:
        Failure: there is no such file, or it holds something else.
    """
    try:
        document = read_json(path)
    except ValueError as error:
        raise Failure(f"{path} cannot be read: {error}", hint=_HINT) from None
    if document is None:
        raise Failure(f"there is no file {path}", hint=_HINT)
    return parse(document), document


def parse(document: Mapping[str, object]) -> Spec:
    """The spec that a JSON object describes.

    Raises:
        Failure: a key is missing or has another type than it should.
    """
    reader = _Reader(document)
    if reader.value("schema", (int,)) != 1:
        raise Failure("spec.json has a schema that this agent does not know", hint="use the Cynthus that wrote it")
    spec = Spec(
        deployment=reader.text("deployment"),
        run_id=reader.text_or_none("run_id"),
        runtime=reader.text("runtime"),
        command=reader.texts("command"),
        env=_environment(reader.value("env", (dict,))),
        secrets=reader.texts("secrets"),
        source=reader.text("source"),
        requirements=reader.text_or_none("requirements"),
        python=reader.text_or_none("python"),
        base=reader.text_or_none("base"),
        data=tuple(_entry(each) for each in reader.value("data", (list,))),
        outputs=reader.text("outputs"),
        checkpoints=reader.text("checkpoints"),
        max_duration=reader.value("max_duration", (int, float, type(None))),
        stop_grace=reader.value("stop_grace", (int, float)),
        gpus=reader.value("gpus", (int,)),
        # Left out by hand, or by the Cynthus that rendered the folder before there was such a key.
        ports=tuple(_port(each) for each in reader.value("ports", (list,))) if "ports" in document else (),
        metadata=_server(reader.text_or_none("metadata")) if "metadata" in document else None,
        idle=reader.value("idle", (int, float, type(None))) if "idle" in document else None,
        bucket=_bucket(reader.text_or_none("bucket")) if "bucket" in document else None,
        engine=reader.text_or_none("engine") if "engine" in document else None,
    )
    _check(spec)
    return spec


class _Reader:
    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document

    def value(self, key: str, kinds: tuple[type, ...]) -> Any:
        value = self._document.get(key)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Failure(f"spec.json: {key!r} is {value!r}", hint=_HINT)
        return value

    def text(self, key: str) -> str:
        return str(self.value(key, (str,)))

    def text_or_none(self, key: str) -> str | None:
        value = self.value(key, (str, type(None)))
        return None if value is None else str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.value(key, (list,))
        if not all(isinstance(each, str) for each in values):
            raise Failure(f"spec.json: {key!r} holds something that is no text", hint=_HINT)
        return tuple(values)


def _environment(values: Mapping[str, object]) -> Mapping[str, str]:
    return {str(key): str(value) for key, value in values.items()}


def _entry(value: object) -> DataEntry:
    if not isinstance(value, dict):
        raise Failure(f"spec.json: {value!r} is no data entry", hint=_HINT)
    reader = _Reader(value)
    name = reader.text_or_none("name")
    if name is not None and (name in ("", ".", "..") or "/" in name):
        raise Failure(f"spec.json: {name!r} cannot be the name of a data entry", hint=_HINT)
    return DataEntry(name, reader.text("from"), reader.text("mode") == "copy")


def _port(value: object) -> Port:
    if not isinstance(value, dict):
        raise Failure(f"spec.json: {value!r} is no port", hint=_HINT)
    reader = _Reader(value)
    number, health = reader.value("port", (int,)), reader.text_or_none("health")
    if not 0 < number < 65536 or (health is not None and _HEALTH.fullmatch(health) is None):
        raise Failure(f"spec.json: {value!r} is no port", hint=_HINT)
    return Port(number, health)


def _server(address: str | None) -> str | None:
    if address is not None and not address.startswith("http://"):
        raise Failure(f"spec.json: {address!r} is no metadata server", hint=_HINT)
    return address


def _bucket(address: str | None) -> str | None:
    if address is not None and not address.startswith("file:///"):
        raise Failure(f"spec.json: {address!r} is no bucket that this agent knows", hint=_HINT)
    return address and address.removeprefix("file://")


def _check(spec: Spec) -> None:
    if _DEPLOYMENT.fullmatch(spec.deployment) is None:
        raise Failure(f"spec.json: {spec.deployment!r} is no deployment's id", hint=_HINT)
    if spec.runtime not in ("venv", "container") or not spec.command:
        raise Failure("spec.json: `runtime` or `command` makes no sense", hint=_HINT)
    if spec.engine not in (None, "ray"):
        raise Failure(f"spec.json: {spec.engine!r} is no engine", hint=_HINT)
    for path in (spec.outputs, spec.checkpoints, spec.source):
        if path.startswith("/") or ".." in path.split("/"):
            raise Failure(f"spec.json: {path!r} leads out of the folder", hint=_HINT)
