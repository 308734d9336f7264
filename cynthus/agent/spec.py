"""What to run and with what: spec.json as a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cynthus.agent import wanted
from cynthus.agent.failure import Failure
from cynthus.files import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.wanted import Wanted

_DEPLOYMENT = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_HEALTH = re.compile(r"/[!-~]*")
_REPOSITORY = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+")
_IN_GOOGLE = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^/\n\r]+)*")
_HINT = "spec.json and run.json are written by `cynthus up` and `cynthus render`: make them again"


class DataEntry(NamedTuple):
    """One entry under `data:`. `name` is None for the only one; `path` as written, relative to the app's folder, unless
    it is `wanted` from elsewhere."""

    name: str | None
    path: str
    copied: bool
    wanted: Wanted | None = None


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
    """The path of a folder, or `gs://name/prefix`."""
    metadata: str | None = None
    """The address of the machine's metadata server. A target that has such machines writes it; no other is asked."""
    models: tuple[DataEntry, ...] = ()
    engine: str | None = None
    """What main.py's work is spread over the hosts with: `ray`, or nothing."""
    preprocess: tuple[str, ...] = ()
    """The command that makes ./prepared of the data before main.py begins; none where nothing does."""
    preprocess_files: tuple[str, ...] = ()
    """What of the source it uses besides what it names and imports, relative to the source."""
    dockerfile: str | None = None
    """The user's own, relative to the app's folder: it makes the image, and requirements are its business."""
    apt: tuple[str, ...] = ()
    """Packages of the distribution that the base is of."""
    tools: tuple[str, ...] = ()
    """Packages that an image gets before all others. Those of the requirements that `beside` names are built last, and
    find what is installed."""
    beside: tuple[str, ...] = ()
    repository: str | None = None
    """What the app's images are called in a registry, without their tag; None where they stay on the host."""
    storage: str | None = None
    """Where Google's storage is, if not where it always is."""
    linger: float | None = None
    """Seconds without use after which a machine of a cloud deletes itself, once its run has ended and all is saved."""
    compute: str | None = None
    """Where Google's Compute Engine is, if not where it always is."""
    restore: bool = False
    """Whether a host that begins takes from the bucket what the machine before saved there."""

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
        models=tuple(_model(each) for each in reader.value("models", (list,))) if "models" in document else (),
        engine=reader.text_or_none("engine") if "engine" in document else None,
        dockerfile=reader.text_or_none("dockerfile") if "dockerfile" in document else None,
        apt=reader.texts("apt") if "apt" in document else (),
        tools=reader.texts("tools") if "tools" in document else (),
        beside=reader.texts("beside") if "beside" in document else (),
        repository=_repository(reader.text_or_none("repository")) if "repository" in document else None,
        storage=reader.text_or_none("storage") if "storage" in document else None,
        linger=reader.value("linger", (int, float, type(None))) if "linger" in document else None,
        compute=_compute(reader.text_or_none("compute")) if "compute" in document else None,
        restore=reader.value("restore", (bool,)) if "restore" in document else False,
    )
    if document.get("preprocess") is not None:
        spec = _with_preprocess(spec, reader.value("preprocess", (dict,)))
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
    if reader.text("mode") == "fetch":
        return DataEntry(name, reader.text("from"), copied=True, wanted=wanted.parse(value.get("fetch")))
    return DataEntry(name, reader.text("from"), reader.text("mode") == "copy")


def _model(value: object) -> DataEntry:
    entry = _entry(value)
    if entry.name is None or entry.wanted is None:
        raise Failure(f"spec.json: {value!r} is no model", hint=_HINT)
    return entry


def _with_preprocess(spec: Spec, value: Mapping[str, object]) -> Spec:
    reader = _Reader(value)
    command, files = reader.texts("command"), reader.texts("files")
    if not command:
        raise Failure("spec.json: `preprocess` has no command", hint=_HINT)
    return spec._replace(preprocess=command, preprocess_files=files)


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


def _compute(address: str | None) -> str | None:
    if address is None:
        return None
    # With all that belongs to HTTP, which only a simulated cloud needs here.
    from cynthus import web

    if not web.is_safe(address):
        # The machine's token would be shown there.
        raise Failure(f"spec.json: {address!r} is a cloud over a line that anybody can change", hint=_HINT)
    return address


def _bucket(address: str | None) -> str | None:
    if address is None or _IN_GOOGLE.fullmatch(address):
        return address
    if not address.startswith("file:///"):
        raise Failure(f"spec.json: {address!r} is no bucket that this agent knows", hint=_HINT)
    return address.removeprefix("file://")


def _repository(name: str | None) -> str | None:
    if name is not None and _REPOSITORY.fullmatch(name) is None:
        raise Failure(f"spec.json: {name!r} is no repository of images", hint=_HINT)
    return name


def _check(spec: Spec) -> None:
    if _DEPLOYMENT.fullmatch(spec.deployment) is None:
        raise Failure(f"spec.json: {spec.deployment!r} is no deployment's id", hint=_HINT)
    if spec.runtime not in ("venv", "container") or not spec.command:
        raise Failure("spec.json: `runtime` or `command` makes no sense", hint=_HINT)
    if spec.linger is not None and spec.linger < 0:
        raise Failure(f"spec.json: 'linger' is {spec.linger!r}", hint=_HINT)
    if spec.engine not in (None, "ray"):
        raise Failure(f"spec.json: {spec.engine!r} is no engine", hint=_HINT)
    for path in (spec.outputs, spec.checkpoints, spec.source, spec.dockerfile or ""):
        if path.startswith("/") or ".." in path.split("/"):
            raise Failure(f"spec.json: {path!r} leads out of the folder", hint=_HINT)
