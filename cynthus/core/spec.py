"""What the user asks for: cynthus.yaml as a value. docs/reference/spec.md and the JSON schema are made from it."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from cynthus.core.cpus import Cpus as Cpus
from cynthus.core.duration import Duration as Duration
from cynthus.core.fields import (
    Address,
    Argument,
    BucketAddress,
    EntryName,
    Name,
    NodeCount,
    OneGpu,
    PythonVersion,
    Requirements,
    Run,
    SomeBytes,
    SomeCpus,
    Source,
    Time,
    Variable,
    Writable,
    listed,
    one_or_more,
)
from cynthus.core.fields import Image as ImageName
from cynthus.core.gpu import Gpu as Gpu
from cynthus.core.misfit import Misfit, flow, quoted, refuse
from cynthus.core.paths import overlap
from cynthus.core.ports import Ports  # noqa: TC001 - pydantic reads the annotation
from cynthus.core.section import Section as Section
from cynthus.core.size import Size as Size
from cynthus.core.ssh import Ssh as Ssh  # noqa: TC001 - pydantic reads the annotation
from cynthus.errors import KeysExclude


class DataEntry(Section):
    """One folder or file of data. Its contents are `./data` for the app; with a name, `./data/NAME`."""

    path: Address = Field(
        validation_alias="from",
        serialization_alias="from",
        description="A folder or file of this machine, relative to the folder of cynthus.yaml or absolute.",
    )
    name: EntryName | None = Field(
        default=None,
        validation_alias="as",
        serialization_alias="as",
        description="The data lies at `./data/NAME`. Needed as soon as there are several entries.",
    )
    mode: Literal["auto", "copy", "mount"] = Field(
        default="auto",
        description="`mount` reads the data where it lies, `copy` copies it beside the app first. "
        "`auto` mounts what is on the same machine.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str) else value


class Image(Section):
    """What the app's environment is built on."""

    python: PythonVersion | None = Field(
        default=None, description="The version of Python. By default that of the machine, or of the base image."
    )
    base: ImageName | None = Field(
        default=None,
        description="With `runtime: container`: the image to build on. By default the official slim Python image.",
    )


class Resources(Section):
    """What the machine must have. On `local` it is checked; nothing is reserved."""

    gpu: Annotated[tuple[OneGpu, ...], BeforeValidator(one_or_more, json_schema_input_type=OneGpu | list[OneGpu])] = (
        Field(default=(), description="A model and how many, or a list in order of preference. By default none.")
    )
    cpus: SomeCpus | None = Field(default=None, description="Processors: 4, or `4+` for four or more.")
    memory: SomeBytes | None = Field(default=None, description="Main memory: `16GB`, or `16GB+` for that or more.")
    disk: SomeBytes | None = Field(default=None, description="Free disk space for the app.")
    nodes: NodeCount | None = Field(
        default=None,
        description="On how many machines main.py runs at once. By default one; on `ssh` all that are named.",
    )


class Limits(Section):
    """When a run is ended."""

    max_duration: Time | None = Field(
        default=None, description="How long a run may take: `4h`, `1h30m`, or seconds. By default as long as it likes."
    )
    idle: Time | None = Field(
        default=None,
        description="How long a run may do nothing: use no GPU of its own and no processor, and write to neither log, "
        "outputs nor checkpoints. Then it is ended. By default as long as it likes.",
    )
    stop_grace: Time = Field(
        default=Duration(10, "10s"),
        description="How long a run that is told to end may take before it is killed.",
        json_schema_extra={"default": "10s"},
    )

    @field_validator("max_duration", "idle")
    @classmethod
    def _more_than_nothing(cls, value: Duration | None, info: ValidationInfo) -> Duration | None:
        if value is not None and value.seconds == 0:
            what = "of no time" if info.field_name == "max_duration" else "that may not wait"
            raise Misfit(f"a run {what} ends at once", hint="write a longer time, or leave the key out")
        return value


class AppSpec(Section):
    """An app and how it is run. Every key may be left out; in cynthus.yaml also `name`."""

    name: Name = Field(description="What the app is called. By default the folder's name, made to fit.")
    target: str = Field(
        default="local",
        description="Where it runs: `local` is this machine, `ssh` are machines of yours that have an SSH port.",
    )
    ssh: Ssh | None = Field(default=None, description="With `target: ssh`: the machines, and how to get in.")
    source: Source = Field(
        default="auto",
        description="The folder of the program. `auto`: `src/` where that holds it, else the folder itself.",
    )
    run: Run = Field(
        default=("python", "main.py"), description="The command, as a list. It starts in a copy of the source folder."
    )
    runtime: Literal["auto", "container", "venv"] = Field(
        default="auto",
        description="`venv` is an isolated Python environment, `container` needs Docker. "
        "`auto`: a container where an engine answers.",
    )
    requirements: Requirements = Field(
        default="auto",
        description="The file that lists the Python packages to install, or `none`. "
        "`auto`: requirements.txt beside the program, else in the folder, if there is one.",
    )
    engine: Literal["none", "ray"] = Field(
        default="none",
        description="`ray` makes the machines one Ray cluster: main.py runs once, on the first, and `ray.init()` "
        "connects it. The requirements must name ray. By default main.py runs on each machine.",
    )
    image: Image = Field(default=Image(), description="What the environment is built on.")
    data: Annotated[tuple[DataEntry, ...], BeforeValidator(listed, json_schema_input_type=list[str | DataEntry])] = (
        Field(
            default=(),
            description="Folders and files that the app reads, below `./data`. By default `data/` where it exists.",
        )
    )
    outputs: Writable = Field(
        default="outputs", description="The folder that the app writes results to; they come home."
    )
    checkpoints: Writable = Field(
        default="checkpoints", description="The folder for what a later run goes on from. It is kept from run to run."
    )
    bucket: BucketAddress | None = Field(
        default=None,
        description="Where the host itself saves log, checkpoints and outputs while a run goes on: "
        "`file:///srv/results`, a folder of the host that is there already, a mounted share say. By default nowhere.",
    )
    ports: Ports = Field(
        default=(),
        description="Ports on which main.py listens: `cynthus forward` brings them to your machine, and nobody else "
        "reaches them through Cynthus.",
    )
    resources: Resources = Field(default=Resources(), description="What the machine must have.")
    limits: Limits = Field(default=Limits(), description="When a run is ended.")
    env: dict[Variable, Argument] = Field(
        default_factory=dict,
        description="Environment variables for the app. Not for secrets: many read this file.",
    )
    secrets: Annotated[tuple[Variable, ...], BeforeValidator(listed, json_schema_input_type=list[Variable])] = Field(
        default=(),
        description="Names of variables whose values come from your environment or keyring when a run starts.",
    )

    @field_validator("data")
    @classmethod
    def _each_at_its_own_place(cls, entries: tuple[DataEntry, ...]) -> tuple[DataEntry, ...]:
        wrong = []
        for index, entry in enumerate(entries):
            if entry.name is None and len(entries) > 1:
                name = entry.path.strip("./").rpartition("/")[2] or f"data{index + 1}"
                hint = f"write {{from: {flow(entry.path)}, as: {flow(name)}}}"
                wrong.append(Misfit("several data entries need a name each", hint=hint, kind=KeysExclude, at=(index,)))
            elif entry.name in [other.name for other in entries[:index]]:
                message = f"the name {quoted(str(entry.name))} is taken by an earlier entry"
                at = (index, "as")
                wrong.append(Misfit(message, hint="give each entry its own `as:`", kind=KeysExclude, at=at))
        refuse(wrong)
        return entries

    @field_validator("outputs", "checkpoints")
    @classmethod
    def _in_a_folder_of_its_own(cls, path: str, info: ValidationInfo) -> str:
        others = {key: info.data[key] for key in ("source", "outputs") if key in info.data}
        if overlap(path, others.get("outputs", "/")) or path == others.get("source"):
            other = "source" if path == others.get("source") else "outputs"
            raise Misfit(
                f"{quoted(path)} is already in use by `{other}`", hint="name a folder of its own", kind=KeysExclude
            )
        if path in [entry.path for entry in info.data.get("data", ())]:
            raise Misfit(f"{quoted(path)} is also under `data:`", hint="name a folder of its own", kind=KeysExclude)
        return path

    @field_validator("secrets")
    @classmethod
    def _once_and_not_in_env(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        wrong = []
        count = Counter(names)
        for index, name in enumerate(names):
            if name in info.data.get("env", {}):
                hint = "delete it under `env:`, so that its value is in no file"
                wrong.append(Misfit(f"{name} is also under `env:`", hint=hint, kind=KeysExclude, at=(index,)))
            elif count[name] > 1 and name in names[:index]:
                wrong.append(Misfit(f"{name} stands here twice", hint="delete one", kind=KeysExclude, at=(index,)))
        refuse(wrong)
        return names


def spec_schema() -> dict[str, Any]:
    """The JSON schema of cynthus.yaml, for editors."""
    schema = AppSpec.model_json_schema()
    # The folder has a name, so the file need not say one.
    schema.pop("required", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "cynthus.yaml"}
