"""What the user asks for: cynthus.yaml as a value. docs/reference/spec.md and the JSON schema are made from it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta, field

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
    one_or_more,
)
from cynthus.core.fields import Image as ImageName
from cynthus.core.gpu import Gpu as Gpu
from cynthus.core.misfit import Misfit, flow, quoted, refuse
from cynthus.core.paths import overlap
from cynthus.core.ports import Ports
from cynthus.core.section import Rule
from cynthus.core.section import Section as Section
from cynthus.core.size import Size as Size
from cynthus.core.ssh import Ssh as Ssh
from cynthus.errors import KeysExclude

if TYPE_CHECKING:
    from collections.abc import Mapping


class DataEntry(Section, frozen=True, kw_only=True):
    """One folder or file of data. Its contents are `./data` for the app; with a name, `./data/NAME`."""

    short: ClassVar[str] = "from"

    path: Annotated[
        Address,
        Meta(description="A folder or file of this machine, relative to the folder of cynthus.yaml or absolute."),
    ] = field(name="from")
    name: Annotated[
        EntryName | None,
        Meta(description="The data lies at `./data/NAME`. Needed as soon as there are several entries."),
    ] = field(default=None, name="as")
    mode: Annotated[
        Literal["auto", "copy", "mount"],
        Meta(
            description="`mount` reads the data where it lies, `copy` copies it beside the app first. "
            "`auto` mounts what is on the same machine."
        ),
    ] = "auto"


def _each_at_its_own_place(entries: tuple[DataEntry, ...]) -> tuple[DataEntry, ...]:
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


class Image(Section, frozen=True, kw_only=True):
    """What the app's environment is built on."""

    python: Annotated[
        PythonVersion | None,
        Meta(description="The version of Python. By default that of the machine, or of the base image."),
    ] = None
    base: Annotated[
        ImageName | None,
        Meta(
            description="With `runtime: container`: the image to build on. By default the official slim Python image."
        ),
    ] = None


class Resources(Section, frozen=True, kw_only=True):
    """What the machine must have. On `local` it is checked; nothing is reserved."""

    gpu: Annotated[
        tuple[OneGpu, ...],
        Rule(before=one_or_more, written=OneGpu | tuple[OneGpu, ...]),
        Meta(description="A model and how many, or a list in order of preference. By default none."),
    ] = ()
    cpus: Annotated[SomeCpus | None, Meta(description="Processors: 4, or `4+` for four or more.")] = None
    memory: Annotated[SomeBytes | None, Meta(description="Main memory: `16GB`, or `16GB+` for that or more.")] = None
    disk: Annotated[SomeBytes | None, Meta(description="Free disk space for the app.")] = None
    nodes: Annotated[
        NodeCount | None,
        Meta(description="On how many machines main.py runs at once. By default one; on `ssh` all that are named."),
    ] = None


def _some_time(what: str) -> Rule:
    def check(value: Duration) -> Duration:
        if value.seconds == 0:
            raise Misfit(f"a run {what} ends at once", hint="write a longer time, or leave the key out")
        return value

    return Rule(after=check)


class Limits(Section, frozen=True, kw_only=True):
    """When a run is ended."""

    max_duration: Annotated[
        Time | None,
        _some_time("of no time"),
        Meta(description="How long a run may take: `4h`, `1h30m`, or seconds. By default as long as it likes."),
    ] = None
    idle: Annotated[
        Time | None,
        _some_time("that may not wait"),
        Meta(
            description="How long a run may do nothing: use no GPU of its own and no processor, and write to neither "
            "log, outputs nor checkpoints. Then it is ended. By default as long as it likes."
        ),
    ] = None
    stop_grace: Annotated[
        Time, Meta(description="How long a run that is told to end may take before it is killed.")
    ] = Duration(10, "10s")


class AppSpec(Section, frozen=True, kw_only=True):
    """An app and how it is run. Every key may be left out; in cynthus.yaml also `name`."""

    name: Annotated[Name, Meta(description="What the app is called. By default the folder's name, made to fit.")]
    target: Annotated[
        str,
        Meta(description="Where it runs: `local` is this machine, `ssh` are machines of yours that have an SSH port."),
    ] = "local"
    ssh: Annotated[Ssh | None, Meta(description="With `target: ssh`: the machines, and how to get in.")] = None
    source: Annotated[
        Source,
        Meta(description="The folder of the program. `auto`: `src/` where that holds it, else the folder itself."),
    ] = "auto"
    run: Annotated[Run, Meta(description="The command, as a list. It starts in a copy of the source folder.")] = (
        "python",
        "main.py",
    )
    runtime: Annotated[
        Literal["auto", "container", "venv"],
        Meta(
            description="`venv` is an isolated Python environment, `container` needs Docker. "
            "`auto`: a container where an engine answers."
        ),
    ] = "auto"
    requirements: Annotated[
        Requirements,
        Meta(
            description="The file that lists the Python packages to install, or `none`. "
            "`auto`: requirements.txt beside the program, else in the folder, if there is one."
        ),
    ] = "auto"
    engine: Annotated[
        Literal["none", "ray"],
        Meta(
            description="`ray` makes the machines one Ray cluster: main.py runs once, on the first, and `ray.init()` "
            "connects it. The requirements must name ray. By default main.py runs on each machine."
        ),
    ] = "none"
    image: Annotated[Image, Meta(description="What the environment is built on.")] = Image()
    data: Annotated[
        tuple[DataEntry, ...] | None,
        Rule(after=_each_at_its_own_place),
        Meta(description="Folders and files that the app reads, below `./data`. By default `data/` where it exists."),
    ] = None
    outputs: Annotated[Writable, Meta(description="The folder that the app writes results to; they come home.")] = (
        "outputs"
    )
    checkpoints: Annotated[
        Writable, Meta(description="The folder for what a later run goes on from. It is kept from run to run.")
    ] = "checkpoints"
    bucket: Annotated[
        BucketAddress | None,
        Meta(
            description="Where the host itself saves log, checkpoints and outputs while a run goes on: "
            "`file:///srv/results`, a folder of the host that is there already, a mounted share say. By default "
            "nowhere."
        ),
    ] = None
    ports: Annotated[
        Ports,
        Meta(
            description="Ports on which main.py listens: `cynthus forward` brings them to your machine, and nobody "
            "else reaches them through Cynthus."
        ),
    ] = ()
    resources: Annotated[Resources, Meta(description="What the machine must have.")] = Resources()
    limits: Annotated[Limits, Meta(description="When a run is ended.")] = Limits()
    env: Annotated[
        dict[Variable, Argument],
        Meta(description="Environment variables for the app. Not for secrets: many read this file."),
    ] = field(default_factory=dict)
    secrets: Annotated[
        tuple[Variable, ...],
        Meta(description="Names of variables whose values come from your environment or keyring when a run starts."),
    ] = ()

    @classmethod
    def check(cls, key: str, value: Any, before: Mapping[str, Any]) -> None:
        """See that nothing has the place or the name of something else."""
        if key in ("outputs", "checkpoints"):
            _in_a_folder_of_its_own(value, before)
        elif key == "secrets":
            _once_and_not_in_env(value, before.get("env", {}))


def _in_a_folder_of_its_own(path: str, before: Mapping[str, Any]) -> None:
    others = {key: before[key] for key in ("source", "outputs") if key in before}
    if overlap(path, others.get("outputs", "/")) or path == others.get("source"):
        other = "source" if path == others.get("source") else "outputs"
        raise Misfit(
            f"{quoted(path)} is already in use by `{other}`", hint="name a folder of its own", kind=KeysExclude
        )
    if path in [entry.path for entry in before.get("data") or ()]:
        raise Misfit(f"{quoted(path)} is also under `data:`", hint="name a folder of its own", kind=KeysExclude)


def _once_and_not_in_env(names: tuple[str, ...], env: Mapping[str, str]) -> None:
    wrong = []
    count = Counter(names)
    for index, name in enumerate(names):
        if name in env:
            hint = "delete it under `env:`, so that its value is in no file"
            wrong.append(Misfit(f"{name} is also under `env:`", hint=hint, kind=KeysExclude, at=(index,)))
        elif count[name] > 1 and name in names[:index]:
            wrong.append(Misfit(f"{name} stands here twice", hint="delete one", kind=KeysExclude, at=(index,)))
    refuse(wrong)
